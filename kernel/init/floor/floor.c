/* Says what floor_probe measured, and how long all CPUs take to forget a translation. */
#include <kernel/init.h>
#include <kernel/printk.h>
#include <platform/cpu.h>
#include <platform/floor.h>
#include <platform/layout.h>
#include <platform/percpu.h>
#include <platform/time.h>
#include <platform/tlb.h>

#define SHOOTDOWNS 101

/* One line that testing/bench/floor.py reads: hundredths of ticks, and of nanoseconds, for one. */
static void floor_say(const struct floor *floor)
{
	u64 ticks = floor->ticks * 100 / floor->times, khz = clock_tsc.khz;
	u64 ns = khz ? ticks * 1000000 / khz : 0;

	pr_notice("floor: %s %llu.%02llu ticks %llu.%02llu ns", floor->name,
		  (unsigned long long)(ticks / 100), (unsigned long long)(ticks % 100),
		  (unsigned long long)(ns / 100), (unsigned long long)(ns % 100));
}

static u64 shootdown_least(void)
{
	u64 least = ~0ULL;

	for (unsigned int i = 0; i < SHOOTDOWNS; i++) {
		u64 start = cpu_cycles();

		tlb_flush_kernel(DIRECT_MAP_BASE, DIRECT_MAP_BASE + PAGE_SIZE);
		least = MIN(least, cpu_cycles() - start);
	}
	return least;
}

void floor_report(void)
{
	for (unsigned int i = 0; i < floor_count; i++)
		floor_say(&floors[i]);
	if (cpu_online_count() > 1)
		floor_say(&(struct floor){
			.name = "shootdown", .ticks = shootdown_least(), .times = 1 });
}
