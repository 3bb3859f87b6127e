/* signals.c - installing, blocking and delivering signals. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#define KERNEL_SIGSET_BYTES 8

/* The kernel's own form of struct sigaction, which the libc's calls translate to. */
struct kernel_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

static struct kernel_sigaction ignore = { .handler = SIG_IGN };
static unsigned long usr1_mask = 1ul << (SIGUSR1 - 1);
static volatile unsigned deliveries;

LOOP(sigaction, syscall_4(SYS_rt_sigaction, SIGUSR2, (long)&ignore, 0, KERNEL_SIGSET_BYTES))
LOOP(sigprocmask,
     syscall_4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&usr1_mask, 0, KERNEL_SIGSET_BYTES) |
	     syscall_4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&usr1_mask, 0, KERNEL_SIGSET_BYTES))

static void count_delivery(int number)
{
	(void)number;
	deliveries++;
}

long setup_signal(void)
{
	struct sigaction action = { .sa_handler = count_delivery };
	return sigaction(SIGUSR1, &action, NULL) ? -errno : 0;
}

void teardown_signal(void)
{
	signal(SIGUSR1, SIG_DFL);
}

void run_signal_delivery(struct timer *t, unsigned n)
{
	unsigned before = deliveries;
	timer_begin(t);
	for (unsigned i = n; i; i--)
		raise(SIGUSR1);
	timer_end(t);
	t->loops += n;
	t->result = deliveries - before == n ? 0 : -EIO;
}
