/* The counts of events (event.h). */
#include <kernel/event.h>
#include <platform/cpu.h>
#include <platform/fault.h>

DEFINE_PER_CPU(u64[EVENT_COUNT], event_counts); /* [C] */

/* The page-fault entry has one count for several events. */
static u64 entry_count(const struct fault_counts *counts, enum event event)
{
	switch (event) {
	case EVENT_PAGE_FAULT:
	case EVENT_FAULT_FAST:
	case EVENT_FAULT_ENTRY:
		return counts->writes + counts->reads;
	case EVENT_FAULT_ANON:
		return counts->writes;
	case EVENT_FAULT_ZERO_PAGE:
		return counts->reads;
	case EVENT_PAGE_CLEAN_HIT:
		return config_on(CONFIG_PAGE_ZERO_AHEAD) ? counts->frames : 0;
	default:
		return 0;
	}
}

u64 event_sum(enum event event)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		sum += (*per_cpu_ptr(event_counts, cpu))[event] +
		       entry_count(per_cpu_ptr(fault_counts, cpu), event);
	return sum;
}
