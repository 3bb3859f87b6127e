/*
 * Signals. Pending signals are queued per task and per process; handlers are per sighand, which tasks may share. All of it
 * is guarded by sighand->lock (RANK_SIGNAL). Delivery happens in trap_exit_work only, on a whole trap frame.
 */
#pragma once

#include <abi/signal.h>
#include <kernel/locks.h>
#include <kernel/rcu.h>
#include <kernel/wait.h>
#include <platform/trap.h>
#include <platform/usercopy.h>
#include <profile/refcount.h>

struct task;
struct process;
struct pid;
struct trap_frame;

typedef u64 sigset_t; /* bit n-1 is signal n */

static inline sigset_t sigset_of(int signo)
{
	return 1ULL << (signo - 1);
}

struct signal_queued {
	struct list link;
	struct abi_siginfo info;
	struct posix_timer
		*timer; /* [sighand] whose only signal it is: not freed when it is taken; NULL */
	struct user_account *account; /* charged for RLIMIT_SIGPENDING; may be NULL */
};

struct signal_pending {
	sigset_t set; /* [sighand] */
	struct list queue; /* [sighand] of struct signal_queued; a set bit without an entry: SI_USER from 0 */
};

struct posix_timer;

struct sighand {
	struct refcount ref;
	struct spinlock lock; /* RANK_SIGNAL */
	struct abi_sigaction actions[64]; /* [lock] */
	struct wait_queue signalfd_wait;
	struct rcu_head rcu;
};

void signal_pending_init(struct signal_pending *pending);
void signal_pending_flush(struct signal_pending *pending); /* frees the queue; no lock */

/* All return 0 or -errno (-EAGAIN: queue full for a real-time signal). Any context but NMI; interrupts may be off. */
int signal_send_task(struct task *task, const struct abi_siginfo *info); /* to this thread */
int signal_send_process(struct task *task,
			const struct abi_siginfo *info); /* to its whole process */
int signal_send_group(struct pid *group,
		      const struct abi_siginfo *info); /* -ESRCH if empty; not from interrupts */
/* As kill and sigqueue do for the running task, permission checked; signal 0 only asks. */
int signal_send_kill(struct task *leader, int signo);
int signal_send_user_info(struct task *leader, int signo, struct user_ptr info);
/* From the kernel (SI_KERNEL): tty, pipe, timers. */
void signal_kernel(struct task *task, int signo, bool whole_process);
void signal_kernel_group(struct pid *group, int signo); /* not from interrupts */
/* A fault of the running task: unblockable if blocked or ignored (Linux's force_sig). */
void signal_fault(int signo, int code, u64 address);
/* Before signal_fault for a page fault of user code: what it was, for the signal frame. */
void signal_note_page_fault(u32 fault); /* TRAP_FAULT_* */
void signal_force_kill(struct task *task); /* SIGKILL from the kernel */

/* The signal of a POSIX timer, made once and charged to the caller's user; NULL: too many. */
struct signal_queued *signal_timer_entry(struct posix_timer *timer);
/* sighand->lock held in what follows. What it says: */
void signal_timer_info(struct signal_queued *entry, const struct abi_siginfo *info);
/* Queues it, unless it is queued. False: the signal is ignored. */
bool signal_send_timer(struct task *task, struct signal_queued *entry, bool whole_process);
/* The timer goes: a pending signal stays. */
void signal_timer_release(struct signal_queued *entry);
/* A thread goes: its timers may not use its queue any more. */
void signal_timers_detach(struct signal_pending *pending);
/* Upward call, kernel/time: the timer's signal was taken; may change *info. */
void posix_timer_taken(struct posix_timer *timer, struct abi_siginfo *info);

/* Recomputes WORK_SIGNAL of the task from its pending sets. sighand->lock held. */
void signal_recalculate(struct task *task);
bool signal_is_pending(const struct task *task); /* WORK_SIGNAL: something may be deliverable */
bool signal_is_fatal_pending(const struct task *task); /* SIGKILL, or the process is exiting */
/* Taken by sigtimedwait and signalfd: removes one signal of `mask`; 0 if none. sighand->lock held. */
int signal_dequeue(struct task *task, sigset_t mask, struct abi_siginfo *info);

/* The running task's mask; handles WORK_SIGNAL. */
void signal_set_mask(sigset_t mask);
/* For pselect, ppoll, sigsuspend, epoll_pwait: the old mask comes back after the call, a handler sees it on its frame. */
void signal_set_temporary_mask(sigset_t mask);
void signal_restore_mask(void); /* when the call was not interrupted */
int signal_user_mask(struct user_ptr set, size_t size, sigset_t *mask); /* -EINVAL if size != 8 */

/* Delivery: called by trap_exit_work with interrupts on. */
void signal_deliver(struct trap_frame *frame);
/* rt_sigaction: the old one in *old, `new` may be NULL. 0 or -EINVAL. */
int signal_action(int signo, const struct abi_sigaction *new, struct abi_sigaction *old);
/* rt_sigtimedwait: takes a signal of `mask`, waiting until the deadline for one. Its number, -EAGAIN or -EINTR. */
int signal_wait(sigset_t mask, u64 deadline_ns, struct abi_siginfo *info);
/* rt_sigreturn and sigaltstack; `sp`: the user's stack pointer. */
long signal_return(struct trap_frame *frame);
long signal_altstack(struct user_ptr new, struct user_ptr old, u64 sp);
/* exec: handlers back to default (not ignored ones), alternate stack off. */
void signal_exec(void);
/* Stack that a signal frame may need: AT_MINSIGSTKSZ. */
size_t signal_frame_size(void);
void signal_init(void);
struct sighand *sighand_alloc(void);
struct sighand *sighand_clone(struct sighand *from);
void sighand_put(struct sighand *sighand);
void sighand_reset(
	struct sighand *sighand); /* all but ignored ones to default; no lock: not shared yet */

/* --- Between processes and their signals; sighand->lock of the task held unless it says otherwise ---------------- */

/* To the thread, or its process. */
int signal_send_locked(struct task *task, const struct abi_siginfo *info, bool whole_process);
/* signal_recalculate of the running task; then whether something is pending. */
bool signal_recalculate_pending(void);
/* SIGKILL for all threads of the running task's process but itself; how many. */
unsigned int signal_kill_other_threads(void);
/* The running task leaves: signals for the process that only it would have taken go to other threads. */
void signal_hand_over(sigset_t signals);
/* The running task takes part in a pending stop. True: it was the last, the parent must be told. */
bool signal_stop_participate(void);
/* Tells the parent that the process stopped or continued: CLD_STOPPED, CLD_CONTINUED. tasklist_lock held instead. */
void signal_notify_parent_stop(struct task *leader, int code);

/*
 * Kernel-internal results of an interrupted system call; the exit path turns them into -EINTR or a restart.
 * RESTARTSYS: restart if SA_RESTART or no handler. RESTARTNOINTR: always. RESTARTNOHAND: only if no handler ran.
 * RESTART_RESTARTBLOCK: through task->restart (nanosleep, futex, poll with a deadline).
 */
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516
