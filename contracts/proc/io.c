/*
 * io.c - /proc/<pid>/io counts what read and write have moved, of a thread and of the process: to the byte.
 * mutants: write(size:1000)=0 read(size:300)=0 readv=0 readv=EBADF sendfile=0 pwrite64=0 copy_file_range=0 wait4=ECHILD
 * mutants: setuid=0 preadv=0
 */
#include "contract.h"
#include <pthread.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

enum { RCHAR, WCHAR, SYSCR, SYSCW, READ_BYTES, WRITE_BYTES, CANCELLED, COUNT };
static const char *const names[COUNT] = {
	"rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes"
};

struct io {
	long long value[COUNT];
};

static struct io io_read(const char *path)
{
	char text[400], line[40], *at = text;
	int fd = must(open(path, O_RDONLY));
	struct io io;
	ssize_t size = must(pread(fd, text, sizeof(text) - 1, 0));

	must(close(fd));
	text[size] = 0;
	for (int i = 0; i < COUNT; i++) {
		size_t length = snprintf(line, sizeof(line), "%s: ", names[i]);

		if (strncmp(at, line, length))
			broken("no %s", names[i]);
		io.value[i] = strtoll(at + length, &at, 10);
		expect_eq(*at++, '\n');
	}
	expect_eq(*at, 0);
	/* The reading itself, which the text does not count yet. */
	io.value[RCHAR] += size;
	io.value[SYSCR]++;
	return io;
}

static struct io since(const struct io *before, const char *path)
{
	struct io now = io_read(path);
	char text[400];
	int fd = must(open(path, O_RDONLY));

	/* As many bytes again: none of it is ours. */
	now.value[RCHAR] -= pread(fd, text, sizeof(text), 0);
	now.value[SYSCR]--;
	must(close(fd));
	for (int i = 0; i < COUNT; i++)
		now.value[i] -= before->value[i];
	return now;
}

static void tell(const char *what, const struct io *before, const char *path)
{
	struct io io = since(before, path);

	say("%s: rchar %lld wchar %lld syscr %lld syscw %lld", what, io.value[RCHAR],
	    io.value[WCHAR], io.value[SYSCR], io.value[SYSCW]);
}

static char bytes[4096];
static int ends[2];
static char thread_path[64];

static void *write_some(void *unused)
{
	(void)unused;
	expect_eq(write(ends[1], bytes, 500), 500);
	expect_eq(read(ends[0], bytes, 500), 500);
	snprintf(thread_path, sizeof(thread_path), "/proc/self/task/%ld/io", syscall(SYS_gettid));
	{
		struct io io = io_read(thread_path);

		/* say writes, so it is counted as well */
		if (io.value[WCHAR] != 500 || io.value[SYSCW] != 1 || io.value[SYSCR] != 2)
			broken("a thread begins with another's counts");
	}
	return NULL;
}

int main(void)
{
	struct iovec parts[2] = { { bytes, 100 }, { bytes + 100, 200 } };
	int file, other;
	char main_path[64];
	struct io io, own;
	pthread_t thread;
	pid_t child;
	loff_t at = 0;

	must(pipe2(ends, O_NONBLOCK));
	snprintf(main_path, sizeof(main_path), "/proc/self/task/%d/io", getpid());
	file = file_with("io", "");
	other = file_with("other", "");

	io = io_read("/proc/self/io");
	expect_eq(write(ends[1], bytes, 1000), 1000);
	expect_eq(read(ends[0], bytes, 300), 300);
	tell("one write, one read", &io, "/proc/self/io");

	io = io_read("/proc/self/io");
	expect_eq(writev(ends[1], parts, 2), 300);
	expect_eq(readv(ends[0], parts, 2), 300);
	must_fail(readv(-1, parts, 2), EBADF);
	must_fail(readv(ends[1], parts, 2), EBADF);
	must_fail(preadv(file, parts, 2, -2), EINVAL);
	expect_eq(pwrite(file, bytes, 2000, 0), 2000);
	expect_eq(pread(file, bytes, 1500, 1000), 1000);
	expect_eq(preadv(file, parts, 2, 0), 300);
	tell("vectors and positions", &io, "/proc/self/io");

	io = io_read("/proc/self/io");
	must_fail(read(-1, bytes, 10), EBADF);
	must_fail(read(ends[1], bytes, 10), EBADF);
	must_fail(write(ends[0], bytes, 10), EBADF);
	expect_eq(read(ends[0], bytes, 4000), 700);
	must_fail(read(ends[0], bytes, 10), EAGAIN);
	expect_eq(read(file, bytes, 0), 0);
	must_fail(write(ends[1], (char *)-PAGE, 10), EFAULT);
	tell("failing ones", &io, "/proc/self/io");

	io = io_read("/proc/self/io");
	expect_eq(sendfile(other, file, NULL, 2000), 2000);
	must(lseek(other, 0, SEEK_SET));
	expect_eq(copy_file_range(file, &at, other, NULL, 1200, 0), 1200);
	expect_eq(copy_file_range(file, &at, other, NULL, 0, 0), 0);
	tell("between files", &io, "/proc/self/io");

	io = io_read("/proc/self/io");
	own = io_read(main_path);
	must(pthread_create(&thread, NULL, write_some, NULL));
	must(pthread_join(thread, NULL));
	own = since(&own, main_path);
	say("main thread: wchar %lld", own.value[WCHAR]);
	io = since(&io, "/proc/self/io");
	say("process, thread gone: wchar %lld syscw %lld", io.value[WCHAR], io.value[SYSCW]);

	/* What a child moves is added when it is waited for. */
	io = io_read("/proc/self/io");
	child = fork_child();
	if (!child) {
		struct io mine = io_read("/proc/self/io");

		if (mine.value[WCHAR] || mine.value[SYSCW] || mine.value[SYSCR] != 1)
			broken("a child begins with its parent's counts");
		expect_eq(write(ends[1], bytes, 700), 700);
		_exit(0);
	}
	siginfo_t info;
	must(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
	own = since(&io, "/proc/self/io");
	say("child ended: wchar %lld", own.value[WCHAR]);
	expect_exit(child, 0);
	own = since(&io, "/proc/self/io");
	say("waited for: wchar %lld",
	    own.value[WCHAR] - (long long)strlen("child ended: wchar 0\n"));
	expect_eq(own.value[READ_BYTES], 0);
	expect_eq(own.value[CANCELLED], 0);

	child = fork_child();
	if (!child) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/io", getppid());
		must(open(path, O_RDONLY));
		must(setuid(1000));
		must_fail(open(path, O_RDONLY), EACCES);
		_exit(0);
	}
	expect_exit(child, 0);
	child = fork_child();
	if (!child) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/io", getppid());
		file = must(open(path, O_RDONLY));
		must(setuid(1000));
		must_fail(read(file, bytes, 100), EACCES);
		_exit(0);
	}
	expect_exit(child, 0);
	say("private");
	return 0;
}
