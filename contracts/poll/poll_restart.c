/*
 * poll_restart.c - poll goes on after a stop and continue, as if nothing had been, and its timeout counts from the call.
 * mutants: restart_syscall=EINTR restart_syscall=0 poll=0 poll=ENOSYS kill=0
 */
#include "contract.h"
#include <poll.h>

int main(void)
{
	int pipe_fds[2], status;
	pid_t child;

	must(pipe(pipe_fds));
	child = fork_child();
	if (!child) {
		struct pollfd one = { pipe_fds[0], POLLIN, 0 };
		long long begin = now_ns();

		expect_eq(poll(&one, 1, 1500), 0);
		expect(now_ns() - begin >= 1500000000);
		expect(now_ns() - begin < 2500000000);
		_exit(0);
	}
	sleep_ms(100);
	must(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect(WIFSTOPPED(status));
	sleep_ms(100);
	must(kill(child, SIGCONT));
	expect_exit(child, 0);

	child = fork_child();
	if (!child) {
		struct pollfd one = { pipe_fds[0], POLLIN, 0 };

		expect_eq(poll(&one, 1, -1), 1);
		_exit(0);
	}
	sleep_ms(50);
	must(kill(child, SIGSTOP));
	expect_eq(waitpid(child, &status, WUNTRACED), child);
	expect_eq(write(pipe_fds[1], "x", 1), 1);
	must(kill(child, SIGCONT));
	expect_exit(child, 0);
	say("stopped and continued, neither cut short nor begun anew");
	return 0;
}
