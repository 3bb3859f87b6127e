/* Shared within kernel/signal. */
#pragma once

#include <profile/bounds.h>
#include <kernel/signal.h>
#include <kernel/task.h>

#define SIGNAL_BIT(n) (1ULL << ((n)-1))
/* Cannot be caught, blocked or ignored. */
#define SIGNALS_KERNEL_ONLY (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
/* Default actions other than to end the process. */
#define SIGNALS_STOP                                                                               \
	(SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))
#define SIGNALS_IGNORE                                                                             \
	(SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGWINCH) | SIGNAL_BIT(SIGURG))
/* Caused by the instruction that just ran: taken first, so that the handler's frame shows it. */
#define SIGNALS_SYNCHRONOUS                                                                        \
	(SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) |     \
	 SIGNAL_BIT(SIGFPE) | SIGNAL_BIT(SIGSYS))

static inline bool signal_valid(int signo)
{
	return signo >= 1 && signo <= ABI_NSIG;
}

static inline struct abi_sigaction *sighand_action(struct sighand *sighand, int signo)
{
	return &AT(sighand->actions, (size_t)(signo - 1));
}

/* queue.c; all with sighand->lock held. */
void signal_queue_init(void);
/* Adds it; -EAGAIN: a real-time signal, and too many are queued. */
int pending_add(struct signal_pending *pending, struct task *target, const struct abi_siginfo *info);
void pending_remove(struct signal_pending *pending, sigset_t set);
/* Exec: signals of timers, which are no more, go. */
void pending_forget_timers(struct signal_pending *pending);
/* Takes the next signal that is not in `blocked`; 0: none. */
int pending_take(struct signal_pending *pending, sigset_t blocked, struct abi_siginfo *info);

/* send.c */
/* Makes the task look at its signals; `fatal`: whatever it sleeps for. sighand->lock held. */
void signal_wake(struct task *task, bool fatal);

/* stop.c; sighand->lock held. */
/* A stop or continue signal undoes the other kind. */
void signal_cancel_opposite(struct task *task, int signo);
/*
 * The running task stops, if it was told to (signo 0) or took stop signal `signo`. True: the lock was released; start over.
 */
bool signal_stop(int signo, unsigned long flags);
/* True: the parent had to be told of an earlier stop or continue; the lock was released; start over. */
bool signal_report_stop(unsigned long flags);

/* frame.c: 0, or -errno: the frame cannot be written. */
struct signal_delivery {
	struct abi_siginfo info;
	struct abi_sigaction action;
	int signo;
};
int signal_frame_make(struct signal_delivery *delivery, struct trap_frame *frame, sigset_t mask);
