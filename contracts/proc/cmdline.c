/*
 * cmdline.c - /proc/<pid> shows another process's arguments, environment, program, folder and descriptors.
 * mutants: openat(path&0)=ENOENT read=0 read=fill(buffer,1) readlink=ENOENT
 */
#include "contract.h"

static ssize_t file_read(const char *format, pid_t pid, char *text, size_t size)
{
	char path[64];
	int fd;
	ssize_t got;

	snprintf(path, sizeof(path), format, pid);
	fd = must(open(path, O_RDONLY));
	got = must(read(fd, text, size));
	must(close(fd));
	return got;
}

static void link_is(const char *format, pid_t pid, const char *want)
{
	char path[64], text[300];
	ssize_t size;

	snprintf(path, sizeof(path), format, pid);
	size = must(readlink(path, text, sizeof(text) - 1));
	text[size] = 0;
	if (strcmp(text, want))
		broken("%s differs", strrchr(format, '/'));
}

int main(int argc, char **argv)
{
	char *arguments[] = { "zero", "", "two words", NULL };
	char *variables[] = { "V=1", "W=2", NULL };
	char text[300], here[200], program[200];
	int pipe_fds[2], hold[2];
	pid_t child;
	ssize_t size;

	if (argc == 3) {
		expect_eq(write(30, "r", 1), 1);
		return read(31, text, 1) < 0;
	}
	size = must(readlink("/proc/self/exe", program, sizeof(program) - 1));
	program[size] = 0;
	expect(strcmp(program, argv[0]) == 0);
	expect(getcwd(here, sizeof(here)) != NULL);
	must(pipe(pipe_fds));
	must(pipe(hold));
	child = fork_child();
	if (!child) {
		must(dup2(pipe_fds[1], 30));
		must(dup2(hold[0], 31));
		must(close(hold[1]));
		must(dup2(must(open("/dev/null", O_RDONLY)), 32));
		must(execve(program, arguments, variables));
	}
	expect_eq(read(pipe_fds[0], text, 1), 1);
	expect_eq(file_read("/proc/%d/cmdline", child, text, sizeof(text)), 16);
	expect(memcmp(text, "zero\0\0two words", 16) == 0);
	expect_eq(file_read("/proc/%d/environ", child, text, sizeof(text)), 8);
	expect(memcmp(text, "V=1\0W=2", 8) == 0);
	link_is("/proc/%d/exe", child, program);
	link_is("/proc/%d/cwd", child, here);
	link_is("/proc/%d/root", child, "/");
	link_is("/proc/%d/fd/32", child, "/dev/null");
	must(close(hold[1]));
	expect_exit(child, 0);
	snprintf(text, sizeof(text), "/proc/%d", child);
	must_fail(access(text, F_OK), ENOENT);
	say("cmdline, environ, exe, cwd, root, fd");
	return 0;
}
