/*
 * vfork_shares.c - vfork's child borrows the memory, and the parent waits until it execs or exits.
 * mutants: vfork=EAGAIN vfork=ENOSYS clock_nanosleep=0 execve#2=0 wait4=fill(status,4)
 */
#include "contract.h"

static volatile int written;

int main(int argc, char **argv)
{
	char *arguments[] = { argv[0], "second", NULL };
	char *none[] = { NULL };
	int pipe_fds[2];
	long long begin;
	pid_t child;
	char byte;

	if (argc == 2) {
		sleep_ms(300);
		return 4;
	}
	begin = now_ns();
	child = vfork();
	if (child == 0) {
		struct timespec rest = { 0, 50000000 };

		nanosleep(&rest, NULL);
		written = 99;
		_exit(2);
	}
	expect_eq(written, 99);
	expect(now_ns() - begin >= 50000000);
	expect_exit(child, 2);

	must(pipe2(pipe_fds, O_CLOEXEC));
	child = vfork();
	if (child == 0) {
		execve(argv[0], arguments, none);
		_exit(1);
	}
	close(pipe_fds[1]);
	expect_eq(read(pipe_fds[0], &byte, 1), 0);
	expect_eq(waitpid(child, NULL, WNOHANG), 0);
	expect_exit(child, 4);
	say("the child's write is seen, the parent went on at exit and at exec");
	return 0;
}
