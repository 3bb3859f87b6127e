/* Shared within kernel/time. */
#pragma once

#include <kernel/syscall.h>
#include <kernel/time.h>

int realtime_step(s64 ns); /* by so much; -EINVAL */
void clock_watches_init(void);
void clock_watches_call(void); /* the wall clock was set */
/* cpu_clock.c: the clocks of CPU time that tasks have used. -EINVAL: no such clock, no such task. */
int cpu_clock_read(int clock_id, u64 *ns);
bool cpu_clock_is_fine(int clock_id); /* counts nanoseconds, not ticks */
struct task *cpu_clock_task(int clock_id, bool *thread);
u64 cpu_clock_of(struct task *task, int clock_id);
enum hrtimer_restart itimer_real_expired(struct hrtimer *timer);

#define COARSE_RESOLUTION_NS (4 * NSEC_PER_MSEC) /* what clock_getres says of the coarse clocks */
