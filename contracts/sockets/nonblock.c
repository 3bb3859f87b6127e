/*
 * nonblock.c - EAGAIN where a call would wait, by flag of the file or of the call; a full buffer; times that run out.
 * mutants: read=0 sendto=0 ioctl=0 setsockopt=0 setitimer=0 poll=0
 */
#include "contract.h"
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

static void no_signal(int signo)
{
	(void)signo;
}

int main(void)
{
	static char block[300000], back[300000];
	struct timeval brief = { 0, 30000 };
	struct itimerval timer = { .it_value = { 0, 20000 } };
	struct pollfd look;
	size_t filled = 0, drained = 0;
	ssize_t step;
	int s[2], on = 1, pending;
	long long start;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, s));
	must_fail(read(s[0], block, 1), EAGAIN);
	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = i * 7 + i / 251;
	filled = must(write(s[0], block, sizeof(block)));
	expect(filled > 100000 && filled < sizeof(block));
	must_fail(write(s[0], block, 1), EAGAIN);
	must_fail(send(s[0], block, 1, MSG_DONTWAIT), EAGAIN);
	look = (struct pollfd){ .fd = s[0], .events = POLLOUT };
	expect_eq(poll(&look, 1, 0), 0);
	must(ioctl(s[1], FIONREAD, &pending));
	expect_eq(pending, (int)filled);
	must(ioctl(s[0], TIOCOUTQ, &pending));
	expect(pending >= (int)filled);
	while ((step = read(s[1], back + drained, 50000)) > 0)
		drained += step;
	expect_eq(drained, filled);
	expect(!memcmp(block, back, filled));
	expect_eq(poll(&look, 1, 0), 1);
	must(ioctl(s[0], TIOCOUTQ, &pending));
	expect_eq(pending, 0);

	on = 0;
	must(ioctl(s[0], FIONBIO, &on));
	expect_eq(fcntl(s[0], F_GETFL), O_RDWR);
	must(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief)));
	start = now_ns();
	must_fail(read(s[0], block, 1), EAGAIN);
	expect(now_ns() - start >= 25000000);
	must(setsockopt(s[0], SOL_SOCKET, SO_SNDTIMEO, &brief, sizeof(brief)));
	expect_eq(write(s[0], block, sizeof(block)), (ssize_t)filled);
	must_fail(write(s[0], block, 1), EAGAIN);
	/* A time limit makes an interrupted call end; without one it would go on. */
	brief.tv_sec = 5;
	must(setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof(brief)));
	handle(SIGALRM, no_signal, SA_RESTART);
	must(setitimer(ITIMER_REAL, &timer, NULL));
	must_fail(read(s[0], block, 1), EINTR);
	say("EAGAIN empty and full, a part of a write, timeouts");
	return 0;
}
