/*
 * Clocks and high-resolution timers. Each CPU keeps its timers in a tree ordered by expiry and arms its hardware timer for
 * the first of them only: no tick. Callbacks run in the timer interrupt, interrupts off, and must be short.
 */
#pragma once

#include <abi/time.h>
#include <kernel/locks.h>
#include <lib/rbtree.h>
#include <platform/time.h>
#include <platform/usercopy.h>

#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_MSEC 1000000ULL
#define NSEC_PER_USEC 1000ULL
#define USER_HZ 100

enum hrtimer_restart { HRTIMER_DONE, HRTIMER_RESTART };

struct hrtimer {
	struct rb_node node; /* [cpu's timer lock] */
	u64 expires_ns; /* clock_ns units; [timer lock] while queued */
	enum hrtimer_restart (*fn)(struct hrtimer *timer); /* RESTART: it has set expires_ns anew */
	unsigned int cpu; /* CPU that holds it, or held it last */
	u8 queued; /* [timer lock] */
	u8 running; /* callback at work */
};

void hrtimer_init(struct hrtimer *timer, enum hrtimer_restart (*fn)(struct hrtimer *timer));
void hrtimer_start(struct hrtimer *timer,
		   u64 expires_ns); /* on this CPU; replaces an earlier expiry */
bool hrtimer_cancel(
	struct hrtimer *timer); /* waits for a running callback; true if it had been queued */
bool hrtimer_try_cancel(struct hrtimer *timer); /* false also if the callback is running */
bool hrtimer_queued(const struct hrtimer *timer);

/* Wall clock: CLOCK_REALTIME = clock_ns() + offset. */
u64 realtime_ns(void);
int realtime_set(u64 ns);
u64 realtime_offset_ns(void);
/* The deadline, in clock_ns units, of a moment of the wall clock as that is set now. */
u64 realtime_deadline(u64 ns);
void timekeeping_init(void);

/*
 * Whoever waits for a moment of the wall clock is told when it is set: `changed` is called with interrupts off, under the
 * list's lock, on the CPU that sets it, any time between add and the end of remove. A sleeper adds its watch first, and works
 * out its deadline after it has set its state: then it cannot miss a change.
 */
struct clock_watch {
	struct list link; /* [watch lock of cpu] */
	unsigned int cpu;
	void (*changed)(struct clock_watch *watch);
};
void clock_watch_add(struct clock_watch *watch, void (*changed)(struct clock_watch *watch));
void clock_watch_remove(struct clock_watch *watch); /* waits for `changed`; one that was added */
/* A watch that makes a sleeping task look again. */
struct clock_sleeper {
	struct clock_watch watch;
	struct task *task;
};
void clock_sleeper_add(struct clock_sleeper *sleeper);
void hrtimers_init_cpu(void); /* on each CPU */
u64 hrtimer_interrupts(unsigned int cpu); /* for /proc/interrupts */

/* ns of a clock id, those of other tasks' CPU time included; -EINVAL. */
int clock_read(int clock_id, u64 *ns);
bool clock_is_realtime(int clock_id); /* goes where the wall clock is set to */
bool clock_is_cpu_time(int clock_id);
/* A user timespec: 0, -EFAULT, -EINVAL (negative, nsec out of range). Saturates at the largest deadline. */
int timespec_from_user(u64 *ns, struct user_ptr from);
int timespec_to_user(struct user_ptr to, u64 ns);
/* A user itimerspec: as timespec_from_user; a value with an interval that is too large saturates. */
int itimerspec_from_user(u64 *value, u64 *interval, struct user_ptr from);
int itimerspec_to_user(struct user_ptr to, u64 value, u64 interval);
static inline struct abi_timespec timespec_of_ns(u64 ns)
{
	return (struct abi_timespec){ .tv_sec = (s64)(ns / NSEC_PER_SEC),
				      .tv_nsec = (s64)(ns % NSEC_PER_SEC) };
}
/* now + ns without overflow; TIMEOUT_NEVER stays. */
u64 deadline_after(u64 ns);

struct process;
void itimers_init(struct process *process); /* a new process: none armed */
void itimers_exit(struct process *process); /* the last thread is gone, or exec */
void posix_timers_delete(void); /* of the running task's process: the last thread, or exec's only one */
/* Something of the process waits for CPU time: each tick of its threads is to call process_check_cpu. */
bool process_watches_cpu(const struct process *process);
/* Fires timers and enforces RLIMIT_CPU, for the running task's process. Not in interrupts. */
void process_check_cpu(void);
