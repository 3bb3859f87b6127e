/* Shared within kernel/time. */
#pragma once

#include <kernel/signal.h>
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
/* The same with sighand->lock of the task's process held. */
u64 cpu_clock_of_locked(struct task *task, int clock_id);
int timer_alarm_permitted(void); /* alarm clocks: 0 or -EPERM */
enum hrtimer_restart itimer_real_expired(struct hrtimer *timer);

struct posix_timer {
	struct list link; /* [sighand] in process->posix_timers */
	int id; /* [I] */
	struct process *process; /* [I] alive: its last thread deletes the timers */
	int clock; /* [I] */
	int notify; /* [I] SIGEV_* */
	struct task *thread; /* [I] SIGEV_THREAD_ID: a reference */
	struct task *cpu_task; /* [I] CPU-time clocks: whose, a reference */
	struct signal_queued *entry; /* [sighand] its signal; NULL: SIGEV_NONE */
	struct hrtimer timer; /* of all but CPU-time clocks */
	struct clock_watch watch; /* of the wall clock, if watched */
	bool watched; /* [I] */
	bool absolute; /* [sighand] expires_ns is a time of the clock, else of clock_ns; CPU time: always of the clock */
	bool armed; /* [sighand] */
	bool resume; /* [sighand] periodic, and its signal is pending */
	int overrun_last; /* [sighand] */
	u64 overrun; /* [sighand] periods since the last signal */
	u64 expires_ns, interval_ns; /* [sighand] */
};

/* The lock held: fires those of CPU time that are due. */
void posix_timers_check_cpu(struct process *process, const struct sighand *sighand);

#define COARSE_RESOLUTION_NS (4 * NSEC_PER_MSEC) /* what clock_getres says of the coarse clocks */
