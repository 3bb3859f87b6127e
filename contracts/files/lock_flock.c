/*
 * lock_flock.c - flock: dup and fork share the lock, opens conflict, converting gives the old one up, the last close lets go.
 * mutants: flock=0 flock(operation:LOCK_SH)=0 flock(operation:LOCK_EX)=0 flock(operation:LOCK_UN)=0 flock=EWOULDBLOCK
 * mutants: flock(operation&LOCK_NB)=0 dup=EMFILE fcntl=EAGAIN kill=0
 */
#include "asleep.h"
#include <sys/file.h>

/* What a new open of the file could have. */
static void show(const char *what)
{
	int fd = must(open("f", O_RDONLY));
	bool all = !flock(fd, LOCK_EX | LOCK_NB), some = all || !flock(fd, LOCK_SH | LOCK_NB);

	if (!all)
		expect_eq(errno, EWOULDBLOCK);
	must(close(fd));
	say("%s: %s", what, all ? "free" : some ? "shared" : "exclusive");
}

static void conflicts(int one, int two)
{
	int path = must(open("f", O_PATH));

	must(flock(one, LOCK_SH));
	must(flock(two, LOCK_SH));
	show("two share");
	must_fail(flock(one, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	must(flock(two, LOCK_UN));
	show("what was refused is lost");
	must(flock(one, LOCK_EX));
	must(flock(one, LOCK_EX));
	show("converted up");
	must(flock(one, LOCK_SH | LOCK_NB));
	show("converted down");
	must(flock(one, LOCK_UN));
	must(flock(one, LOCK_UN | LOCK_NB));
	must_fail(flock(one, 0), EINVAL);
	must_fail(flock(one, LOCK_NB), EINVAL);
	must_fail(flock(one, LOCK_SH | LOCK_EX), EINVAL);
	must_fail(flock(99, LOCK_SH), EBADF);
	must_fail(flock(path, LOCK_SH), EBADF);
	must(close(path));
}

static void not_records(int one, int two)
{
	struct flock wish = { .l_type = F_WRLCK };

	must(flock(one, LOCK_EX));
	must(fcntl(two, F_OFD_SETLK, &wish));
	must_fail(fcntl(one, F_SETLK, &wish), EAGAIN);
	must(close(two));
	must(fcntl(one, F_SETLK, &wish));
	show("records beside it");
	must(close(must(open("f", O_RDONLY))));
	show("closing another descriptor");
}

static void shared(int fd)
{
	int copy = must(dup(fd)), other = must(open("f", O_RDONLY)), p[2];
	char byte;
	pid_t child;

	must(pipe(p));
	child = fork_child();
	if (!child) {
		must(close(p[1]));
		must(flock(fd, LOCK_SH));
		expect_eq(read(p[0], &byte, 1), 0);
		_exit(0);
	}
	must(close(fd));
	must(close(copy));
	while (flock(other, LOCK_SH | LOCK_NB))
		sleep_ms(1);
	must(close(other));
	show("the child has it, and converted it");
	must(close(p[1]));
	expect_exit(child, 0);
}

static void no_action(int signo)
{
	(void)signo;
}

static void waiting(void)
{
	int fd = must(open("g", O_WRONLY | O_CREAT, 0600));
	pid_t child;

	must(flock(fd, LOCK_EX));
	child = fork_child();
	if (!child) {
		int own = must(open("g", O_WRONLY));

		must(close(fd));
		handle(SIGUSR1, no_action, 0);
		must_fail(flock(own, LOCK_SH), EINTR);
		must(flock(own, LOCK_SH));
		must(flock(own, LOCK_EX));
		_exit(0);
	}
	wait_asleep(child);
	must(kill(child, SIGUSR1));
	wait_asleep(child);
	must(flock(fd, LOCK_SH));
	wait_asleep(child);
	must(close(fd));
	expect_exit(child, 0);
	say("waits end by a signal, by converting down, and by the last close");
}

int main(void)
{
	int one = file_with("f", "text"), two = must(open("f", O_RDWR));

	conflicts(one, two);
	not_records(one, two);
	shared(one);
	waiting();
	return 0;
}
