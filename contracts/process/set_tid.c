/*
 * set_tid.c - clone3 can choose the child's number; descriptors of no control group are refused.
 * mutants: clone3=ENOSYS clone3#1=5 setuid=0
 */
#include "contract.h"
#include <linux/sched.h>

static long make(struct clone_args *args)
{
	return syscall(SYS_clone3, args, sizeof(*args));
}

int main(void)
{
	pid_t numbers[2] = { 31234, 1 }, self = getpid();
	struct clone_args args = { .exit_signal = SIGCHLD };
	long child;

	args.set_tid = (uintptr_t)numbers;
	args.set_tid_size = 1;
	child = must(make(&args));
	if (!child)
		_exit(getpid() == 31234 ? 5 : 1);
	expect_eq(child, 31234);
	expect_exit((pid_t)child, 5);
	args.set_tid = (uintptr_t)&self;
	must_fail(make(&args), EEXIST);
	args.set_tid_size = 2;
	must_fail(make(&args), EINVAL);
	args.set_tid_size = 0;
	must_fail(make(&args), EINVAL);
	args.set_tid_size = 1;
	args.set_tid = 8;
	must_fail(make(&args), EFAULT);
	numbers[0] = 0;
	args.set_tid = (uintptr_t)numbers;
	must_fail(make(&args), EINVAL);
	numbers[0] = -5;
	must_fail(make(&args), EINVAL);
	args = (struct clone_args){ .exit_signal = SIGCHLD, .flags = CLONE_INTO_CGROUP, .cgroup = 1 };
	must_fail(make(&args), EBADF);
	child = fork_child();
	if (!child) {
		must(setuid(1000));
		numbers[0] = 31235;
		args = (struct clone_args){ .exit_signal = SIGCHLD, .set_tid_size = 1 };
		args.set_tid = (uintptr_t)numbers;
		must_fail(make(&args), EPERM);
		_exit(0);
	}
	expect_exit((pid_t)child, 0);
	say("the number asked for, or why not");
	return 0;
}
