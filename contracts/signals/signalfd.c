/*
 * signalfd.c - blocked signals are read from a file, with what is known of them; each reader reads his own.
 * mutants: signalfd4=ENOSYS signalfd4#2=0 rt_sigqueueinfo=0 read#2=128
 */
#include "contract.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

static int state(int fd)
{
	struct pollfd one = { fd, POLLIN | POLLOUT, 0 };

	must(poll(&one, 1, 0));
	return one.revents;
}

int main(void)
{
	struct signalfd_siginfo info[4], *first = &info[0];
	union sigval value = { .sival_int = 77 };
	int fd, events;
	struct epoll_event event = { .events = EPOLLIN };
	sigset_t set;
	pid_t child;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGRTMIN);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	fd = must(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	must_fail(read(fd, info, sizeof(info)), EAGAIN);
	must_fail(read(fd, info, 127), EINVAL);
	must_fail(write(fd, info, 128), EINVAL);
	expect_eq(state(fd), 0);
	must(kill(getpid(), SIGUSR1));
	must(kill(getpid(), SIGUSR1));
	must(sigqueue(getpid(), SIGRTMIN, value));
	value.sival_int = 78;
	must(sigqueue(getpid(), SIGRTMIN, value));
	expect_eq(state(fd), POLLIN);
	expect_eq(read(fd, info, sizeof(info)), 3 * 128);
	expect(first->ssi_signo == SIGUSR1 && first->ssi_code == SI_USER);
	expect(first->ssi_pid == (uint32_t)getpid() && first->ssi_uid == getuid());
	expect(info[1].ssi_signo == (uint32_t)SIGRTMIN && info[1].ssi_code == SI_QUEUE);
	expect(info[1].ssi_int == 77 && info[2].ssi_int == 78);
	must_fail(read(fd, info, sizeof(info)), EAGAIN);

	child = fork_child();
	if (!child)
		_exit(9);
	must(fcntl(fd, F_SETFL, 0));
	expect_eq(read(fd, info, sizeof(info)), 128);
	expect(first->ssi_signo == SIGCHLD && first->ssi_code == CLD_EXITED);
	expect(first->ssi_pid == (uint32_t)child && first->ssi_status == 9);
	expect_exit(child, 9);

	events = must(epoll_create1(0));
	must(epoll_ctl(events, EPOLL_CTL_ADD, fd, &event));
	expect_eq(epoll_wait(events, &event, 1, 0), 0);
	must(raise(SIGUSR1));
	expect_eq(epoll_wait(events, &event, 1, 1000), 1);
	/* A child's file is the same, its signals are not. */
	child = fork_child();
	if (!child) {
		expect_eq(state(fd), 0);
		must(raise(SIGUSR1));
		expect_eq(read(fd, info, sizeof(info)), 128);
		expect_eq(first->ssi_pid, getpid());
		expect_eq(first->ssi_code, SI_TKILL);
		_exit(0);
	}
	expect_exit(child, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	expect_eq(signalfd(fd, &set, 0), fd);
	expect_eq(read(fd, info, sizeof(info)), 128);
	expect_eq(first->ssi_signo, SIGCHLD);
	expect_eq(state(fd), 0);

	/* An epoll outlives the process whose signals it watches. */
	child = fork_child();
	if (!child) {
		int mine = must(dup(fd));

		event.data.u64 = 5;
		must(epoll_ctl(events, EPOLL_CTL_ADD, mine, &event));
		_exit(0);
	}
	expect_exit(child, 0);
	must(epoll_ctl(events, EPOLL_CTL_DEL, fd, NULL));
	must(close(events));

	must_fail(signalfd(1, &set, 0), EINVAL);
	must_fail(signalfd(99, &set, 0), EBADF);
	must_fail(signalfd(-1, &set, 1), EINVAL);
	must_fail(syscall(SYS_signalfd4, -1, &set, 4, 0), EINVAL);
	must_fail(syscall(SYS_signalfd4, -1, 8, 8, 0), EFAULT);
	say("read, polled, own signals only");
	return 0;
}
