/*
 * dup_cloexec.c - dup, dup2, dup3 and fcntl: lowest number, shared offset, private close-on-exec.
 * mutants: dup=0 dup2=0 dup3=0 dup3=flags^O_CLOEXEC fcntl(command:F_SETFD)=0
 * mutants: fcntl(command:F_GETFD)=0 fcntl(command:F_DUPFD_CLOEXEC)=command=F_DUPFD
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("f", "abcdef"), other;
	char byte;

	must(lseek(fd, 0, SEEK_SET));
	other = must(dup(fd));
	expect_eq(other, fd + 1);
	expect_eq(read(fd, &byte, 1), 1);
	expect_eq(read(other, &byte, 1), 1);
	expect_eq(byte, 'b');
	must(close(fd));
	expect_eq(must(dup(other)), fd);

	expect_eq(dup2(other, 50), 50);
	expect_eq(dup2(50, 50), 50);
	expect_eq(fcntl(50, F_GETFD), 0);
	expect_eq(dup3(other, 51, O_CLOEXEC), 51);
	expect_eq(fcntl(51, F_GETFD), FD_CLOEXEC);
	must_fail(dup3(51, 51, 0), EINVAL);
	must_fail(dup3(51, 52, O_APPEND), EINVAL);
	expect_eq(must(dup(51)), fd + 2);
	expect_eq(fcntl(fd + 2, F_GETFD), 0);
	must(fcntl(fd + 2, F_SETFD, FD_CLOEXEC));
	expect_eq(fcntl(fd + 2, F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(fd, F_GETFD), 0);
	expect_eq(fcntl(fd, F_DUPFD, 51), 52);
	expect_eq(fcntl(fd, F_DUPFD_CLOEXEC, 53), 53);
	expect_eq(fcntl(53, F_GETFD), FD_CLOEXEC);

	must(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	expect_eq(fcntl(50, F_GETFL) & (O_APPEND | O_NONBLOCK), O_APPEND | O_NONBLOCK);
	must_fail(dup(999), EBADF);
	must_fail(dup2(999, 3), EBADF);
	must_fail(dup2(1, -1), EBADF);
	must_fail(close(999), EBADF);
	must_fail(fcntl(fd, 9999, 0), EINVAL);
	say("numbers, flags and offsets as promised");
	return 0;
}
