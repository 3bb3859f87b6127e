/* process.c - making processes: fork with little and with much memory, and what comes after. */
#include "bench.h"
#include "map.h"
#include "setup.h"
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HUGE (2 * MIB)
#define SETTLED 256 /* processes: more than wait for a grace period to be freed */

static long fork_and_wait(void)
{
	long child = fork_raw();
	if (!child)
		exit_raw(0);
	return child < 0 ? child : wait_child(child);
}

/* A kernel frees what processes leave behind some time later: until then each new one is made of fresh memory, once. */
long setup_fork(void)
{
	long result = 0;
	for (unsigned i = SETTLED; i && result >= 0; i--)
		result = fork_and_wait();
	return result < 0 ? result : 0;
}

LOOP(fork_exit, fork_and_wait())
LOOP(fork_256m, fork_and_wait())

long setup_256m(void)
{
	long result = map_set(256 * MIB);
	if (!result)
		map_touch(map_now.at, map_now.size);
	return result;
}

/* One store to each 2 MiB; what a kernel puts off at fork, it does here. Writes each sample's own page. */
void run_fork_256m_first_write(struct timer *t, unsigned n)
{
	static size_t page;
	t->result = map_share();
	if (t->result < 0)
		return;
	usleep(1000);
	volatile char *at = map_now.at + page++ % (HUGE / PAGE) * PAGE;
	timer_begin(t);
	for (unsigned i = n; i; i--, at += HUGE)
		*at = 2;
	timer_end(t);
	child_end(&map_now.child);
}
