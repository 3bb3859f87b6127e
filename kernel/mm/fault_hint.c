/* What the page-fault entry finds at each CPU (platform/fault.h), and what it has counted. */
#include <platform/fault.h>

const struct fault_range fault_range_none = { .start = ~0ULL, .sequence = ~0ULL };

u64 zero_page_entry;

DEFINE_PER_CPU(const struct fault_range *, fault_hint) = &fault_range_none;
DEFINE_PER_CPU(struct fault_counts, fault_counts);
DEFINE_PER_CPU(u64, fault_walk_at);
