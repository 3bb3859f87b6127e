/* signals.c - installing, blocking and delivering signals. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <signal.h>

static struct sigaction ignore = { .sa_handler = SIG_IGN };
static sigset_t usr1_mask = { { 1ul << (SIGUSR1 - 1) } };
static volatile unsigned deliveries;

LOOP(sigaction, sigaction(SIGUSR2, &ignore, NULL))
LOOP(sigprocmask,
     sigprocmask(SIG_BLOCK, &usr1_mask, NULL) | sigprocmask(SIG_UNBLOCK, &usr1_mask, NULL))

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
