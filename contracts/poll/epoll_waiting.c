/*
 * epoll_waiting.c - epoll_wait sleeps until an event, a timeout or a signal; epolls may watch epolls, but not in circles.
 * mutants: epoll_wait=0 epoll_wait=EINTR epoll_pwait=0 epoll_ctl#4=0 setitimer=0
 */
#include "contract.h"
#include <sys/epoll.h>
#include <poll.h>
#include <sys/time.h>

static void handler(int signo)
{
	(void)signo;
}

static int watch(int epfd, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event);
}

int main(void)
{
	struct epoll_event found[4];
	int epfd = must(epoll_create1(0)), outer = must(epoll_create1(0)), pipe_fds[2], other[2];
	const struct itimerval soon = { .it_value = { 0, 40000 } };
	struct pollfd one = { outer, POLLIN, 0 };
	long long begin = now_ns();
	sigset_t mask;
	pid_t child;

	must(pipe(pipe_fds));
	must(pipe(other));
	must(watch(epfd, pipe_fds[0], EPOLLIN));
	must(watch(epfd, other[0], EPOLLIN));
	expect_eq(epoll_wait(epfd, found, 4, 30), 0);
	expect(now_ns() - begin >= 30000000);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		expect_eq(write(pipe_fds[1], "x", 1), 1);
		_exit(0);
	}
	expect_eq(epoll_wait(epfd, found, 4, 10000), 1);
	expect_eq(found[0].data.fd, pipe_fds[0]);
	expect_exit(child, 0);
	expect_eq(write(other[1], "y", 1), 1);
	expect_eq(epoll_wait(epfd, found, 1, -1), 1);
	expect_eq(epoll_wait(epfd, found, 4, -1), 2);

	must(watch(outer, epfd, EPOLLIN));
	must_fail(watch(epfd, outer, EPOLLIN), ELOOP);
	expect_eq(poll(&one, 1, 0), 1);
	expect_eq(epoll_wait(outer, found, 4, 0), 1);
	expect_eq(found[0].data.fd, epfd);
	expect_eq(read(pipe_fds[0], found, 1), 1);
	expect_eq(poll(&one, 1, 0), 1);
	expect_eq(read(other[0], found, 1), 1);
	expect_eq(poll(&one, 1, 0), 0);
	expect_eq(epoll_wait(outer, found, 4, 0), 0);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		expect_eq(write(pipe_fds[1], "x", 1), 1);
		_exit(0);
	}
	expect_eq(poll(&one, 1, 10000), 1);
	expect_exit(child, 0);
	expect_eq(read(pipe_fds[0], found, 1), 1);

	handle(SIGALRM, handler, SA_RESTART);
	must(setitimer(ITIMER_REAL, &soon, NULL));
	must_fail(epoll_wait(epfd, found, 4, 10000), EINTR);
	must(sigprocmask(SIG_BLOCK, NULL, &mask));
	sigaddset(&mask, SIGUSR1);
	handle(SIGUSR1, handler, 0);
	must(sigprocmask(SIG_BLOCK, &mask, NULL));
	must(kill(getpid(), SIGUSR1));
	expect_eq(epoll_wait(epfd, found, 4, 20), 0);
	sigdelset(&mask, SIGUSR1);
	must_fail(epoll_pwait(epfd, found, 4, 10000, &mask), EINTR);
	must(sigprocmask(SIG_BLOCK, NULL, &mask));
	expect(sigismember(&mask, SIGUSR1));
	say("timeout, wake-up, nesting, ELOOP, EINTR, the mask of the call");
	return 0;
}
