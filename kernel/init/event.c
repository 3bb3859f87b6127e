/* The counts of events (event.h). */
#include <kernel/event.h>
#include <platform/cpu.h>
#include <platform/fault.h>

DEFINE_PER_CPU(u64[EVENT_COUNT], event_counts); /* [C] */
DEFINE_PER_CPU(struct usual_faults, usual_faults); /* [C] */

/* A usual fault is one count for several events. */
static u64 usual_count(u64 writes, u64 reads, enum event event)
{
	switch (event) {
	case EVENT_PAGE_FAULT:
	case EVENT_FAULT_FAST:
		return writes + reads;
	case EVENT_FAULT_ANON:
		return writes;
	case EVENT_FAULT_ZERO_PAGE:
		return reads;
	default:
		return 0;
	}
}

/* By the page-fault entry. */
static u64 entry_count(const struct fault_counts *counts, enum event event)
{
	if (event == EVENT_FAULT_ENTRY)
		return counts->writes + counts->reads;
	if (event == EVENT_PAGE_CLEAN_HIT && config_on(CONFIG_PAGE_ZERO_AHEAD))
		return counts->frames;
	return usual_count(counts->writes, counts->reads, event);
}

u64 event_sum(enum event event)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		const struct usual_faults *usual = per_cpu_ptr(usual_faults, cpu);

		sum += (*per_cpu_ptr(event_counts, cpu))[event] +
		       entry_count(per_cpu_ptr(fault_counts, cpu), event) +
		       usual_count(usual->writes, usual->reads, event);
	}
	return sum;
}
