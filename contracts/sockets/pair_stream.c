/*
 * pair_stream.c - a stream pair carries bytes both ways without borders; peeking, waiting for all, and its file's nature.
 * mutants: recvfrom=0 ioctl=0 sendto=0 recvfrom(flags&MSG_PEEK)=flags=0 newfstatat=0 fcntl=0
 */
#include "contract.h"
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statfs.h>

int main(void)
{
	int s[2], count = -1;
	char text[64] = "", path[64], link[64] = "";
	struct stat a, b;
	struct statfs fs;

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s));
	expect_eq(fcntl(s[0], F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(s[0], F_GETFL), O_RDWR);
	expect_eq(write(s[0], "abc", 3), 3);
	expect_eq(send(s[0], "defg", 4, 0), 4);
	must(ioctl(s[1], FIONREAD, &count));
	expect_eq(count, 7);
	expect_eq(recv(s[1], text, 2, MSG_PEEK), 2);
	expect_eq(recv(s[1], text, 5, 0), 5);
	expect(!memcmp(text, "abcde", 5));
	expect_eq(read(s[1], text, sizeof(text)), 2);
	expect(!memcmp(text, "fg", 2));
	expect_eq(read(s[1], text, 0), 0);
	must_fail(recv(s[1], text, 1, MSG_DONTWAIT), EAGAIN);
	expect_eq(write(s[1], "back", 4), 4);
	expect_eq(read(s[0], text, sizeof(text)), 4);
	expect_eq(write(s[0], "", 0), 0);
	must_fail(recv(s[1], text, 1, MSG_DONTWAIT), EAGAIN);

	pid_t pid = fork_child();
	if (!pid) {
		for (int i = 0; i < 4; i++) {
			sleep_ms(5);
			expect_eq(write(s[0], "0123456789", 10), 10);
		}
		sleep_ms(20); /* under a tracer SIGCHLD would cut the reader short */
		_exit(0);
	}
	expect_eq(recv(s[1], text, 40, MSG_WAITALL), 40);
	expect_exit(pid, 0);

	must(fstat(s[0], &a));
	must(fstat(s[1], &b));
	expect(S_ISSOCK(a.st_mode));
	expect_eq(a.st_mode & 0777, 0777);
	expect(a.st_ino != b.st_ino && a.st_dev == b.st_dev);
	must(fstatfs(s[0], &fs));
	expect_eq(fs.f_type, 0x534f434b);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s[0]);
	expect(must(readlink(path, link, sizeof(link) - 1)) > 0);
	snprintf(text, sizeof(text), "socket:[%lu]", (unsigned long)a.st_ino);
	expect(!strcmp(link, text));
	must_fail(open(path, O_RDWR), ENXIO);
	must_fail(lseek(s[0], 0, SEEK_SET), ESPIPE);
	must_fail(pread(s[0], text, 1, 0), ESPIPE);
	must_fail(ftruncate(s[0], 0), EINVAL);
	must_fail(fsync(s[0]), EINVAL);
	must_fail((long)mmap(NULL, PAGE, PROT_READ, MAP_SHARED, s[0], 0), ENODEV);
	say("bytes both ways, peeked, awaited, and a socket:[inode]");
	return 0;
}
