/*
 * async_files.c - O_ASYNC: a signal when a pipe, FIFO, socket or inotify becomes ready, with what happened and the descriptor.
 * mutants: fcntl(command:4)=0 fcntl(command:10)=0 write(size:1)=0 close=0 shutdown=0 sendto=0 connect=0 fcntl(command:4)#2=0
 */
#include "async_io.h"
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

static char bytes[70000];

static void pipes(void)
{
	int ends[2], more;

	must(pipe2(ends, O_NONBLOCK));
	async_on(ends[0], ASYNC_SIGNAL);
	signals_tell("pipe, armed", ends[0], false);
	expect_eq(write(ends[1], "x", 1), 1);
	signals_tell("pipe, a byte", ends[0], true);
	expect_eq(write(ends[1], "y", 1), 1);
	signals_tell("pipe, another", ends[0], true);
	/* Each has its signal. */
	expect_eq(write(ends[1], "y", 1), 1);
	expect_eq(write(ends[1], "y", 1), 1);
	signals_tell("pipe, two writes", ends[0], true);
	async_off(ends[0]);
	expect_eq(write(ends[1], "z", 1), 1);
	signals_tell("pipe, off", ends[0], false);
	async_on(ends[0], 0);
	expect_eq(write(ends[1], "z", 1), 1);
	expect_eq(write(ends[1], "z", 1), 1);
	signals_tell("pipe, plain", ends[0], true);
	/* Which descriptor is that by which it was asked. */
	more = must(dup(ends[0]));
	async_off(ends[0]);
	async_on(more, ASYNC_SIGNAL);
	expect_eq(write(ends[1], "z", 1), 1);
	signals_tell("pipe, a copy", more, true);
	must(close(more));
	expect_eq(write(ends[1], "z", 1), 1);
	signals_tell("pipe, the copy is closed", more, true);
	must(close(ends[1]));
	signals_tell("pipe, no writer", more, true);
	must(close(ends[0]));

	must(pipe2(ends, O_NONBLOCK));
	while (write(ends[1], bytes, 4096) > 0)
		continue;
	async_on(ends[1], ASYNC_SIGNAL);
	expect_eq(read(ends[0], bytes, 4096), 4096);
	signals_tell("pipe, room", ends[1], true);
	must(close(ends[0]));
	signals_tell("pipe, no reader", ends[1], true);
	must(close(ends[1]));
}

/* Whoever is stopped in a long write has told before it waits. */
static void long_write(void)
{
	int ends[2];
	pid_t child;

	must(pipe(ends));
	async_on(ends[0], ASYNC_SIGNAL);
	child = fork_child();
	if (!child) {
		expect_eq(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
		_exit(0);
	}
	sigset_t set;
	siginfo_t info;
	struct timespec wait = { 5, 0 };

	sigemptyset(&set);
	sigaddset(&set, ASYNC_SIGNAL);
	expect_eq(sigtimedwait(&set, &info, &wait), ASYNC_SIGNAL);
	expect_eq(info.si_code, POLL_IN);
	for (size_t got = 0; got < sizeof(bytes);)
		got += must(read(ends[0], bytes, sizeof(bytes)));
	expect_exit(child, 0);
	must(close(ends[0]));
	must(close(ends[1]));
	wait = (struct timespec){ 0, 0 };
	while (sigtimedwait(&set, &info, &wait) > 0)
		expect_eq(info.si_code, POLL_IN);
	say("a long write");
}

/* The handler runs before the call that made the file ready is over. */
static volatile int handled;

static void handler(int signo)
{
	handled = signo;
}

static void at_once(void)
{
	sigset_t set;
	int ends[2];

	must(pipe(ends));
	handle(SIGIO, handler, 0);
	async_on(ends[0], 0);
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	must(sigprocmask(SIG_UNBLOCK, &set, NULL));
	for (int i = 0; i < 100; i++) {
		handled = 0;
		expect_eq(write(ends[1], "x", 1), 1);
		expect_eq(handled, SIGIO);
	}
	must(sigprocmask(SIG_BLOCK, &set, NULL));
	must(close(ends[0]));
	must(close(ends[1]));
	say("at once");
}

static void fifo(void)
{
	int file, other;

	must(mkfifo("fifo", 0600));
	/* As it is opened, the flag is not more than a flag. */
	file = must(open("fifo", O_RDWR | O_NONBLOCK | O_ASYNC));
	expect_eq(fcntl(file, F_GETFL) & O_ASYNC, O_ASYNC);
	must(fcntl(file, F_SETOWN, getpid()));
	must(fcntl(file, F_SETSIG, ASYNC_SIGNAL));
	other = must(open("fifo", O_RDWR));
	expect_eq(write(other, "x", 1), 1);
	signals_tell("FIFO, flag of open", file, false);
	async_off(file);
	expect_eq(fcntl(file, F_GETFL) & O_ASYNC, O_ASYNC);
	must(close(file));
	file = must(open("fifo", O_RDWR | O_NONBLOCK));
	async_on(file, ASYNC_SIGNAL);
	expect_eq(write(other, "x", 1), 1);
	signals_tell("FIFO", file, true);
	must(close(other));
	signals_tell("FIFO, the other is closed", file, false);
	must(close(file));
}

static void sockets(int type, const char *name)
{
	char when[100];
	int pair[2];

	must(socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, pair));
	async_on(pair[0], ASYNC_SIGNAL);
	expect_eq(send(pair[1], "x", 1, 0), 1);
	snprintf(when, sizeof(when), "%s, a byte", name);
	signals_tell(when, pair[0], true);
	expect_eq(recv(pair[0], bytes, 1, 0), 1);
	expect_eq(send(pair[0], "x", 1, 0), 1);
	expect_eq(recv(pair[1], bytes, 1, 0), 1);
	snprintf(when, sizeof(when), "%s, the other has read", name);
	signals_tell(when, pair[0], false);
	while (send(pair[0], bytes, 8192, 0) > 0)
		continue;
	while (recv(pair[1], bytes, 8192, 0) > 0)
		continue;
	if (type == SOCK_STREAM) {
		snprintf(when, sizeof(when), "%s, room again", name);
		signals_tell(when, pair[0], true);
	}
	must(shutdown(pair[1], SHUT_RD));
	snprintf(when, sizeof(when), "%s, the other reads no more", name);
	signals_tell(when, pair[0], false);
	must(shutdown(pair[0], SHUT_WR));
	must(shutdown(pair[1], SHUT_WR));
	snprintf(when, sizeof(when), "%s, the other writes no more", name);
	signals_tell(when, pair[0], false);
	must(close(pair[1]));
	snprintf(when, sizeof(when), "%s, the other is closed", name);
	signals_tell(when, pair[0], false);
	must(close(pair[0]));
}

static void ending(void)
{
	int pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	async_on(pair[0], ASYNC_SIGNAL);
	must(shutdown(pair[1], SHUT_RDWR));
	signals_tell("stream, both ended", pair[0], true);
	must(close(pair[1]));
	must(close(pair[0]));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	async_on(pair[0], 0);
	must(close(pair[1]));
	signals_tell("stream, closed, plain", pair[0], true);
	must(close(pair[0]));
}

static void listener(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0async" };
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0)),
	    other = must(socket(AF_UNIX, SOCK_STREAM, 0));

	must(bind(fd, (struct sockaddr *)&name, sizeof(sa_family_t) + 6));
	must(listen(fd, 5));
	async_on(fd, ASYNC_SIGNAL);
	must(connect(other, (struct sockaddr *)&name, sizeof(sa_family_t) + 6));
	signals_tell("listener, a connection", fd, true);
	must(close(other));
	must(close(fd));
}

static void watches(void)
{
	int fd = must(inotify_init1(IN_NONBLOCK));

	must(inotify_add_watch(fd, ".", IN_CREATE));
	async_on(fd, ASYNC_SIGNAL);
	must(close(file_with("new", "")));
	signals_tell("inotify", fd, true);
	must(close(fd));
}

int main(void)
{
	signals_block();
	pipes();
	long_write();
	at_once();
	fifo();
	sockets(SOCK_STREAM, "stream");
	sockets(SOCK_SEQPACKET, "seqpacket");
	sockets(SOCK_DGRAM, "datagram");
	ending();
	listener();
	watches();
	return 0;
}
