/* Hardware time: a monotonic clock, a one-shot timer for each CPU, the battery-backed wall clock. */
#pragma once

#include <lib/types.h>

/* Nanoseconds since boot, never back, the same on all CPUs. From the TSC, else from the ACPI or HPET counter. */
u64 clock_ns(void);

/* How user space can do the same from the TSC: ns = ((tsc - base) * mult >> shift) + base_ns. usable false: system call. */
struct clock_tsc {
	bool usable;
	u32 mult, shift;
	u64 base_tsc, base_ns;
	u64 khz;
};
extern struct clock_tsc clock_tsc; /* [I] after cpus_start, which finds out whether the CPUs agree */

void clock_init(void); /* boot CPU: finds and calibrates the clocks, at most 2 ms */

/* Seconds since 1970 from the CMOS clock; 0 if unreadable. */
u64 wall_clock_read(void);

/*
 * Arms this CPU's timer to call irq_timer at clock_ns() == deadline, at once if that has passed; replaces an earlier one.
 * Interrupts off. irq_timer may come early, when the wait is long or the two clocks differ by their error of measurement:
 * it looks at clock_ns and arms again.
 */
void timer_arm(u64 deadline_ns);
void timer_stop(void);

/* Busy wait for device set-up. */
void delay_us(unsigned int us);
