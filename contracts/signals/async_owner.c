/*
 * async_owner.c - F_SETOWN and its kin choose who is told of an O_ASYNC file, F_SETSIG by which signal; who may not be signalled
 * is not.
 * mutants: fcntl(command:8)=0 fcntl(command:9)=0 fcntl(command:10)=0 fcntl(command:11)=0 fcntl(command:15)=0 fcntl(command:16)=0
 * mutants: fcntl(command:4)=0 ioctl=0 ioctl(command:21586)=ENOTTY setuid=0
 */
#include "async_io.h"
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

static void values(void)
{
	struct f_owner_ex owner = { 99, 0 };
	int ends[2], file = file_with("file", "text"), pair[2], number;

	must(pipe(ends));
	expect_eq(fcntl(ends[0], F_GETOWN), 0);
	expect_eq(fcntl(ends[0], F_GETSIG), 0);
	must(fcntl(ends[0], F_GETOWN_EX, &owner));
	expect_eq(owner.pid, 0);
	must(fcntl(ends[0], F_SETOWN, getpid()));
	expect_eq(fcntl(ends[0], F_GETOWN), getpid());
	expect_eq(syscall(SYS_fcntl, ends[0], F_GETOWN), getpid()); /* the library asks otherwise */
	must(fcntl(ends[0], F_GETOWN_EX, &owner));
	expect_eq(owner.type, F_OWNER_PID);
	expect_eq(owner.pid, getpid());
	must(fcntl(ends[0], F_SETOWN, -getpgrp()));
	must(fcntl(ends[0], F_GETOWN_EX, &owner));
	expect_eq(owner.type, F_OWNER_PGRP);
	expect_eq(owner.pid, getpgrp());
	owner = (struct f_owner_ex){ F_OWNER_TID, gettid() };
	must(fcntl(ends[0], F_SETOWN_EX, &owner));
	expect_eq(fcntl(ends[0], F_GETOWN), gettid());
	must(fcntl(ends[0], F_GETOWN_EX, &owner));
	expect_eq(owner.type, F_OWNER_TID);
	owner.type = 3;
	must_fail(fcntl(ends[0], F_SETOWN_EX, &owner), EINVAL);
	must_fail(fcntl(ends[0], F_SETOWN_EX, NULL), EFAULT);
	must_fail(fcntl(ends[0], F_SETOWN, 0x3fffffff), ESRCH);
	must_fail(fcntl(ends[0], F_SETOWN, 0x80000000), EINVAL);
	must_fail(fcntl(ends[0], F_SETSIG, 65), EINVAL);
	must_fail(fcntl(ends[0], F_SETSIG, -1), EINVAL);
	must(fcntl(ends[0], F_SETSIG, SIGUSR1));
	expect_eq(fcntl(ends[0], F_GETSIG), SIGUSR1);
	expect_eq(fcntl(ends[1], F_GETSIG), 0);
	must(fcntl(ends[0], F_SETOWN, 0));
	expect_eq(fcntl(ends[0], F_GETOWN), 0);
	say("owners and signals are kept");

	/* What cannot be armed. */
	must(fcntl(file, F_SETFL, O_ASYNC));
	expect_eq(fcntl(file, F_GETFL) & O_ASYNC, 0);
	number = 1;
	must_fail(ioctl(file, FIOASYNC, &number), ENOTTY);
	number = 0;
	must(ioctl(file, FIOASYNC, &number));
	must_fail(ioctl(ends[0], FIOASYNC, NULL), EFAULT);
	number = 1;
	must(ioctl(ends[0], FIOASYNC, &number));
	expect_eq(fcntl(ends[0], F_GETFL) & O_ASYNC, O_ASYNC);
	number = 0;
	must(ioctl(ends[0], FIOASYNC, &number));
	expect_eq(fcntl(ends[0], F_GETFL) & O_ASYNC, 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	number = -getpgrp();
	must(ioctl(pair[0], 0x8902, &number)); /* SIOCSPGRP */
	expect_eq(fcntl(pair[0], F_GETOWN), -getpgrp());
	number = getpid();
	must(ioctl(pair[0], 0x8901, &number)); /* FIOSETOWN */
	number = 0;
	must(ioctl(pair[0], 0x8904, &number)); /* SIOCGPGRP */
	expect_eq(number, getpid());
	must_fail(ioctl(ends[0], 0x8904, &number), ENOTTY);
	say("flags");
}

static void owner_dies(void)
{
	int ends[2];
	pid_t child = fork_child();

	if (!child)
		_exit(0);
	must(pipe(ends));
	must(fcntl(ends[0], F_SETOWN, child));
	expect_eq(fcntl(ends[0], F_GETOWN), child);
	expect_exit(child, 0);
	expect_eq(fcntl(ends[0], F_GETOWN), 0);
	must(fcntl(ends[0], F_SETFL, O_ASYNC));
	expect_eq(write(ends[1], "x", 1), 1);
	signals_tell("the owner is gone", ends[0], false);
	must(close(ends[0]));
	must(close(ends[1]));
}

static int thread_ends[2];
static volatile int thread_tid;
static pthread_barrier_t barrier;

static void *owner_thread(void *unused)
{
	(void)unused;
	thread_tid = gettid();
	pthread_barrier_wait(&barrier);
	signals_tell("the thread", thread_ends[0], true);
	return NULL;
}

/* A signal for one thread is not for the others. */
static void to_thread(void)
{
	struct f_owner_ex owner = { F_OWNER_TID, 0 };
	pthread_t thread;

	must(pipe(thread_ends));
	pthread_barrier_init(&barrier, NULL, 2);
	must(pthread_create(&thread, NULL, owner_thread, NULL));
	pthread_barrier_wait(&barrier);
	owner.pid = thread_tid;
	must(fcntl(thread_ends[0], F_SETOWN_EX, &owner));
	must(fcntl(thread_ends[0], F_SETSIG, ASYNC_SIGNAL));
	must(fcntl(thread_ends[0], F_SETFL, O_ASYNC));
	expect_eq(write(thread_ends[1], "x", 1), 1);
	pthread_join(thread, NULL);
	signals_tell("the other thread", thread_ends[0], false);
}

/* All of a process group; each has a signal of its own. */
static void to_group(void)
{
	int ends[2], ready[2];
	pid_t first, second;
	char byte;

	must(pipe(ends));
	must(pipe(ready));
	first = fork_child();
	if (!first) {
		must(setpgid(0, 0));
		second = fork_child();
		must(fcntl(ends[0], F_SETOWN, -getpgrp()));
		must(fcntl(ends[0], F_SETFL, O_ASYNC));
		expect_eq(write(ready[1], "x", 1), 1);
		signals_tell("one of a group", ends[0], true);
		if (!second)
			_exit(0);
		expect_exit(second, 0);
		_exit(0);
	}
	expect_eq(read(ready[0], &byte, 1), 1);
	expect_eq(read(ready[0], &byte, 1), 1);
	expect_eq(write(ends[1], "x", 1), 1);
	expect_exit(first, 0);
	signals_tell("who made it ready", ends[0], false);
}

/* The owner was chosen by somebody who may not signal him. */
static void permission(void)
{
	int ends[2], back[2];
	pid_t child;
	char byte;

	must(pipe(ends));
	must(pipe(back));
	child = fork_child();
	if (!child) {
		must(setuid(1000));
		must(fcntl(ends[0], F_SETOWN, getppid()));
		must(fcntl(ends[0], F_SETFL, O_ASYNC));
		expect_eq(write(back[1], "x", 1), 1);
		_exit(0);
	}
	expect_eq(read(back[0], &byte, 1), 1);
	expect_exit(child, 0);
	expect_eq(write(ends[1], "x", 1), 1);
	signals_tell("chosen by another user", ends[0], false);
	must(fcntl(ends[0], F_SETOWN, getpid()));
	expect_eq(write(ends[1], "x", 1), 1);
	signals_tell("chosen by root", ends[0], true);
}

int main(void)
{
	signals_block();
	values();
	owner_dies();
	to_thread();
	to_group();
	permission();
	return 0;
}
