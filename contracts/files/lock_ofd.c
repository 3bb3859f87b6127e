/*
 * lock_ofd.c - locks of an open file: dup and fork share them, two opens conflict, the last close lets go.
 * mutants: fcntl(command:37)=0 fcntl(command:37)=EINVAL fcntl(command:36)=0 fcntl(command:38)=0 dup=EMFILE
 * mutants: fcntl(command:F_SETLK)=0 fcntl(command:36)=EINVAL kill=0
 */
#include "asleep.h"

static int record(int fd, int command, short type, off_t start, off_t size)
{
	struct flock wish = { .l_type = type, .l_start = start, .l_len = size };

	return fcntl(fd, command, &wish);
}

static int set(int fd, short type, off_t start, off_t size)
{
	return record(fd, F_OFD_SETLK, type, start, size);
}

static void show(const char *what, int fd, int command)
{
	struct flock seen = { .l_type = F_WRLCK };

	must(fcntl(fd, command, &seen));
	if (seen.l_type == F_UNLCK)
		say("%s: free", what);
	else
		say("%s: %s %ld+%ld of %s", what, seen.l_type == F_RDLCK ? "read" : "write",
		    (long)seen.l_start, (long)seen.l_len,
		    seen.l_pid == getpid() ? "this process"
		    : seen.l_pid == -1	   ? "-1"
					   : "another");
}

static void two_opens(int one, int two)
{
	must(set(one, F_WRLCK, 0, 10));
	must_fail(set(two, F_RDLCK, 9, 1), EAGAIN);
	must(set(two, F_RDLCK, 10, 5));
	must_fail(set(one, F_WRLCK, 0, 0), EAGAIN);
	show("the other open sees", two, F_OFD_GETLK);
	show("the process sees", two, F_GETLK);
	must_fail(record(one, F_SETLK, F_RDLCK, 0, 1), EAGAIN);
	must(record(one, F_SETLK, F_WRLCK, 20, 5));
	must_fail(set(one, F_RDLCK, 24, 1), EAGAIN);
	must(set(one, F_UNLCK, 0, 0));
	must(set(two, F_UNLCK, 0, 0));
	show("left, of the process", one, F_OFD_GETLK);
	must(record(one, F_SETLK, F_UNLCK, 0, 0));
}

static void refused(int fd)
{
	struct flock wish = { .l_type = F_WRLCK, .l_pid = getpid() };
	int reader = must(open("f", O_RDONLY));

	must_fail(fcntl(fd, F_OFD_SETLK, &wish), EINVAL);
	must_fail(fcntl(fd, F_OFD_SETLKW, &wish), EINVAL);
	must_fail(fcntl(fd, F_OFD_GETLK, &wish), EINVAL);
	must_fail(set(reader, F_WRLCK, 0, 1), EBADF);
	must_fail(set(fd, 7, 0, 1), EINVAL);
	must(set(reader, F_RDLCK, 0, 1));
	must(close(reader));
}

static void shared(int one, int two)
{
	int copy = must(dup(one)), again = must(open("f", O_RDWR));
	pid_t child;

	must(set(one, F_WRLCK, 0, 0));
	must(set(copy, F_RDLCK, 0, 50));
	must(close(again));
	must(close(one));
	show("a copy is left", two, F_OFD_GETLK);
	child = fork_child();
	if (!child) {
		must(set(copy, F_RDLCK, 50, 0));
		must_fail(set(two, F_WRLCK, 0, 1), EAGAIN);
		_exit(0);
	}
	expect_exit(child, 0);
	show("a child changed and ended", two, F_OFD_GETLK);
	must(close(copy));
	show("closed", two, F_OFD_GETLK);
}

static void no_action(int signo)
{
	(void)signo;
}

/* The child's own open waits until the parent's is gone; its circle is not looked for. */
static void waiting(int fd)
{
	pid_t child;

	must(set(fd, F_WRLCK, 0, 1));
	child = fork_child();
	if (!child) {
		int own = must(open("f", O_RDWR));

		must(close(fd));
		handle(SIGUSR1, no_action, 0);
		must_fail(record(own, F_OFD_SETLKW, F_RDLCK, 0, 1), EINTR);
		must(record(own, F_OFD_SETLKW, F_WRLCK, 0, 0));
		_exit(0);
	}
	wait_asleep(child);
	must(kill(child, SIGUSR1));
	wait_asleep(child);
	must(close(fd));
	expect_exit(child, 0);
	say("a wait ends by a signal and by the last close");
}

int main(void)
{
	int one = file_with("f", "text"), two = must(open("f", O_RDWR));

	two_opens(one, two);
	refused(one);
	shared(one, two);
	waiting(two);
	return 0;
}
