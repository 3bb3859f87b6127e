/*
 * eventfd.c - a counter: writes add, a read takes all (or one), both wait when they must.
 * mutants: read=8 eventfd2=flags=0 poll=0 write=8 eventfd2=ENOSYS
 */
#include "contract.h"
#include <poll.h>
#include <sys/eventfd.h>

static int state(int fd)
{
	struct pollfd one = { fd, POLLIN | POLLOUT, 0 };

	must(poll(&one, 1, 0));
	return one.revents;
}

int main(void)
{
	int fd = must(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	uint64_t value = 0;
	pid_t child;

	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect_eq(state(fd), POLLIN | POLLOUT);
	must_fail(read(fd, &value, 7), EINVAL);
	expect_eq(read(fd, &value, 100), 8);
	expect_eq(value, 3);
	must_fail(read(fd, &value, 8), EAGAIN);
	expect_eq(state(fd), POLLOUT);
	value = -1;
	must_fail(write(fd, &value, 8), EINVAL);
	value = -2;
	expect_eq(write(fd, &value, 8), 8);
	expect_eq(state(fd), POLLIN);
	value = 1;
	must_fail(write(fd, &value, 8), EAGAIN);
	expect_eq(read(fd, &value, 8), 8);
	expect(value == (uint64_t)-2);
	must(close(fd));

	fd = must(eventfd(2, EFD_SEMAPHORE));
	expect_eq(read(fd, &value, 8), 8);
	expect_eq(value, 1);
	expect_eq(read(fd, &value, 8), 8);
	expect_eq(value, 1);
	child = fork_child();
	if (!child) {
		sleep_ms(40);
		value = 5;
		expect_eq(write(fd, &value, 8), 8);
		_exit(0);
	}
	expect_eq(read(fd, &value, 8), 8);
	expect_eq(value, 1);
	expect_exit(child, 0);
	expect_eq(lseek(fd, 5, SEEK_SET), 0);
	must_fail(pread(fd, &value, 8, 0), ESPIPE);
	must_fail(eventfd(0, 0x10), EINVAL);
	say("adds, takes all or one, waits, refuses");
	return 0;
}
