/*
 * lock_records.c - POSIX record locks: who conflicts with whom, how ranges are cut and joined, what releases and wakes.
 * mutants: fcntl(command:F_SETLK)=0 fcntl(command:F_SETLK)=EINVAL fcntl(command:F_GETLK)=0 fcntl(command:F_SETLKW)=0
 * mutants: fcntl(command:F_SETLKW)=EDEADLK fcntl(command:F_GETLK)=fill(argument,2) close=0 kill=0
 */
#include "asleep.h"

static int fd;

static int lock(int command, short type, short whence, off_t start, off_t size)
{
	struct flock wish = { .l_type = type, .l_whence = whence, .l_start = start, .l_len = size };

	return fcntl(fd, command, &wish);
}

static int set(short type, off_t start, off_t size)
{
	return lock(F_SETLK, type, SEEK_SET, start, size);
}

/* What another process sees locked, from the start of the file on. */
static void show(const char *what)
{
	struct flock seen = { .l_type = F_WRLCK };
	char text[256] = "";
	size_t used = 0;
	pid_t child;

	child = fork_child();
	if (child) {
		expect_exit(child, 0);
		return;
	}
	while (!fcntl(fd, F_GETLK, &seen) && seen.l_type != F_UNLCK) {
		expect(seen.l_pid == getppid() && seen.l_whence == SEEK_SET);
		used += snprintf(text + used, sizeof(text) - used, " %s %ld+%ld",
				 seen.l_type == F_RDLCK ? "read" : "write", (long)seen.l_start,
				 (long)seen.l_len);
		if (!seen.l_len)
			break;
		seen = (struct flock){ .l_type = F_WRLCK, .l_start = seen.l_start + seen.l_len };
	}
	say("%s:%s", what, used ? text : " nothing");
	_exit(0);
}

static void conflicts(void)
{
	pid_t child;

	must(set(F_RDLCK, 0, 10));
	must(set(F_WRLCK, 20, 10));
	child = fork_child();
	if (!child) {
		must(set(F_RDLCK, 5, 10));
		must_fail(set(F_WRLCK, 9, 1), EAGAIN);
		must_fail(set(F_RDLCK, 0, 0), EAGAIN);
		must_fail(set(F_RDLCK, 29, 1), EAGAIN);
		must(set(F_WRLCK, 10, 10));
		must(set(F_WRLCK, 30, 0));
		must(set(F_UNLCK, 0, 0));
		_exit(0);
	}
	expect_exit(child, 0);
	show("held, not inherited");
	must(set(F_WRLCK, 0, 10));
	must(set(F_RDLCK, 20, 10));
	show("upgraded and downgraded");
}

static void ranges(void)
{
	must(set(F_UNLCK, 0, 0));
	must(set(F_RDLCK, 50, 10));
	must(set(F_RDLCK, 0, 100));
	must(set(F_WRLCK, 40, 20));
	show("split by another type");
	must(set(F_UNLCK, 10, 10));
	must(set(F_UNLCK, 90, 0));
	show("split by unlocking");
	must(set(F_RDLCK, 10, 10));
	must(set(F_RDLCK, 40, 20));
	show("joined");
	must(set(F_UNLCK, 0, 0));
	must(lock(F_SETLK, F_WRLCK, SEEK_END, -10, 5));
	must(lock(F_SETLK, F_WRLCK, SEEK_SET, 50, -20));
	must(lseek(fd, 500, SEEK_SET));
	must(lock(F_SETLK, F_RDLCK, SEEK_CUR, 1, 0));
	show("from the end, before the start, to the end");
	must_fail(set(F_RDLCK, -1, 1), EINVAL);
	must_fail(set(F_RDLCK, 5, -6), EINVAL);
	must_fail(lock(F_SETLK, F_RDLCK, 3, 0, 1), EINVAL);
	must_fail(lock(F_SETLK, F_RDLCK, SEEK_END, INT64_MAX, 1), EOVERFLOW);
	must_fail(set(F_RDLCK, 2, INT64_MAX), EOVERFLOW);
	must_fail(set(9, 0, 1), EINVAL);
	must_fail(lock(F_GETLK, F_UNLCK, SEEK_SET, 0, 1), EINVAL);
	must_fail(fcntl(fd, F_SETLK, NULL), EFAULT);
	must_fail(fcntl(99, F_SETLK, NULL), EBADF);
	must(close(must(open("f", O_RDONLY))));
	show("after closing another descriptor");
}

static void modes(void)
{
	struct flock wish = { .l_type = F_RDLCK };
	int reader = must(open("f", O_RDONLY)), writer = must(open("f", O_WRONLY));

	must_fail(fcntl(writer, F_SETLK, &wish), EBADF);
	must(fcntl(reader, F_SETLK, &wish));
	wish.l_type = F_WRLCK;
	must_fail(fcntl(reader, F_SETLK, &wish), EBADF);
	must(fcntl(reader, F_GETLK, &wish));
	expect_eq(wish.l_type, F_UNLCK);
	must(close(reader));
	must(close(writer));
}

static void no_action(int signo)
{
	(void)signo;
}

/* The child waits for byte 1 and has byte 2; a circle is refused, a signal ends the wait. */
static void waiting(void)
{
	pid_t child;

	must(set(F_WRLCK, 1, 1));
	child = fork_child();
	if (!child) {
		handle(SIGUSR1, no_action, 0);
		must(set(F_WRLCK, 2, 1));
		must_fail(lock(F_SETLKW, F_RDLCK, SEEK_SET, 1, 1), EINTR);
		must(lock(F_SETLKW, F_RDLCK, SEEK_SET, 1, 1));
		_exit(0);
	}
	wait_asleep(child);
	must_fail(lock(F_SETLKW, F_WRLCK, SEEK_SET, 2, 1), EDEADLK);
	must_fail(set(F_WRLCK, 2, 1), EAGAIN);
	must(kill(child, SIGUSR1));
	while (process_state(child) != 'S')
		sleep_ms(1);
	must(set(F_RDLCK, 1, 1));
	must(lock(F_SETLKW, F_WRLCK, SEEK_SET, 2, 1));
	expect_exit(child, 0);
	say("waits end by a signal, by a weaker lock, and by the holder's end; circles are refused");
}

int main(void)
{
	char bytes[100] = "";

	fd = must(open("f", O_RDWR | O_CREAT, 0644));
	expect_eq(write(fd, bytes, sizeof(bytes)), 100);
	conflicts();
	ranges();
	modes();
	waiting();
	return 0;
}
