/*
 * futex_timeout.c - a futex wait ends in time with ETIMEDOUT, by a relative or an absolute time, or by a signal.
 * mutants: futex=0 futex=ENOSYS futex=EAGAIN kill=0 signal(signo:SIGUSR1)=0
 */
#include "contract.h"
#include <linux/futex.h>

static volatile int word;

static long futex(int operation, int value, struct timespec *timeout, unsigned mask)
{
	return syscall(SYS_futex, &word, operation, value, timeout, NULL, mask);
}

static void handler(int signo)
{
	(void)signo;
}

int main(void)
{
	struct timespec time = { 0, 30000000 };
	long long begin = now_ns();
	pid_t child;

	must_fail(futex(FUTEX_WAIT_PRIVATE, 0, &time, 0), ETIMEDOUT);
	expect(now_ns() - begin >= 30000000);
	time = (struct timespec){ 0, 1 }; /* since the machine was started */
	must_fail(futex(FUTEX_WAIT_BITSET_PRIVATE, 0, &time, -1), ETIMEDOUT);
	must(clock_gettime(CLOCK_REALTIME, &time));
	time.tv_nsec += 200000000;
	time.tv_sec += time.tv_nsec / 1000000000;
	time.tv_nsec %= 1000000000;
	begin = now_ns();
	must_fail(futex(FUTEX_WAIT_BITSET_PRIVATE | FUTEX_CLOCK_REALTIME, 0, &time, -1), ETIMEDOUT);
	expect(now_ns() - begin >= 180000000);
	time = (struct timespec){ 0, 1000000000 };
	must_fail(futex(FUTEX_WAIT_PRIVATE, 0, &time, 0), EINVAL);
	must_fail(futex(FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, 0), EINVAL);

	handle(SIGUSR1, handler, 0);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		must(kill(getppid(), SIGUSR1));
		_exit(0);
	}
	must_fail(futex(FUTEX_WAIT_PRIVATE, 0, NULL, 0), EINTR);
	expect_exit(child, 0);
	say("relative, past, real-time, and by a signal");
	return 0;
}
