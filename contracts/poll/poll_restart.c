/*
 * poll_restart.c - poll goes on after a stop and continue, as if nothing had been, and its timeout counts from the call.
 * mutants: restart_syscall=EINTR restart_syscall=0 poll=0 poll=ENOSYS kill=0
 */
#include "asleep.h"
#include <poll.h>

#define TIMEOUT_MS 250
#define TIMEOUT_NS (TIMEOUT_MS * 1000000LL)
#define TRIES 8

struct times {
	long long begin_ns, continued_ns, end_ns;
};

static int pipe_fds[2];

/* False: the child, which waits, has ended before. */
static bool stop(pid_t child)
{
	int status;

	wait_asleep(child);
	must(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	if (WIFSTOPPED(status))
		return true;
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return false;
}

static void wait_timeout(volatile struct times *times)
{
	struct pollfd one = { pipe_fds[0], POLLIN, 0 };

	times->begin_ns = now_ns();
	expect_eq(poll(&one, 1, TIMEOUT_MS), 0);
	times->end_ns = now_ns();
	expect(times->end_ns - times->begin_ns >= TIMEOUT_NS);
	_exit(0);
}

/*
 * Stopped for a moment, which must not cut it short, and then until its time has passed: then it ends at once. False also if
 * the host was too busy to let that be seen.
 */
static bool ends_in_time(void)
{
	volatile struct times *times = map_shared(PAGE);
	pid_t child = fork_child();

	if (!child)
		wait_timeout(times);
	if (!stop(child))
		return false;
	must(kill(child, SIGCONT));
	if (!stop(child))
		return false;
	while (now_ns() < times->begin_ns + TIMEOUT_NS)
		sleep_ms(5);
	times->continued_ns = now_ns();
	must(kill(child, SIGCONT));
	expect_exit(child, 0);
	return times->end_ns - times->continued_ns < TIMEOUT_NS;
}

static void event_while_stopped(void)
{
	pid_t child = fork_child();

	if (!child) {
		struct pollfd one = { pipe_fds[0], POLLIN, 0 };

		expect_eq(poll(&one, 1, -1), 1);
		_exit(0);
	}
	expect(stop(child));
	expect_eq(write(pipe_fds[1], "x", 1), 1);
	must(kill(child, SIGCONT));
	expect_exit(child, 0);
}

int main(void)
{
	int tries = 0;

	must(pipe(pipe_fds));
	while (!ends_in_time())
		expect(++tries < TRIES);
	event_while_stopped();
	say("stopped and continued, neither cut short nor begun anew");
	return 0;
}
