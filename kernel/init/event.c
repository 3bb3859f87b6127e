/* The counts of events (event.h). */
#include <kernel/event.h>
#include <platform/cpu.h>

DEFINE_PER_CPU(u64[EVENT_COUNT], event_counts); /* [C] */

u64 event_sum(enum event event)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		sum += (*per_cpu_ptr(event_counts, cpu))[event];
	return sum;
}
