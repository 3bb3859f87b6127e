/*
 * exe_writable.c - a program cannot be written to while it runs, and can be as soon as its last process was waited for.
 * mutants: execve=ENOENT wait4=0 openat(flags:1)=ENOENT
 */
#include "contract.h"
#include <sys/socket.h>

static const char *const script = "#!./runner\n";

/* A copy of ourselves. */
static void copy(const char *name)
{
	int in = must(open("/proc/self/exe", O_RDONLY));
	int out = must(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));
	static char bytes[65536];
	ssize_t size;

	while ((size = must(read(in, bytes, sizeof(bytes)))) > 0)
		expect_eq(write(out, bytes, size), size);
	must(close(in));
	must(close(out));
}

static pid_t start(const char *name, int in, int out)
{
	pid_t pid = fork_child();

	if (!pid) {
		must(dup2(in, 0));
		must(dup2(out, 1));
		execl(name, name, "run", NULL);
		_exit(2);
	}
	return pid;
}

static const char *attempt(const char *name)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0)
		return errno_name(errno);
	must(close(fd));
	return "can be written";
}

int main(int argc, char **argv)
{
	int go[2], up[2];
	char c;

	if (argc > 1) { /* the program: says that it runs, forks, and waits */
		fork_child();
		expect_eq(write(1, "x", 1), 1);
		expect_eq(read(0, &c, 1), 1);
		while (wait(NULL) > 0)
			continue;
		return 0;
	}
	(void)argv;
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, up));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, go));
	copy("runner");
	close(file_with("script", script));
	must(chmod("script", 0755));
	for (int round = 0; round < 8; round++) {
		const char *name = round & 1 ? "./script" : "./runner";
		pid_t pid = start(name, go[0], up[1]);

		expect_eq(read(up[0], &c, 1), 1);
		expect_eq(read(up[0], &c, 1), 1);
		if (round < 2)
			say("%s runs: runner %s, script %s", name, attempt("runner"),
			    attempt("script"));
		expect_eq(write(go[1], "xx", 2), 2);
		expect_exit(pid, 0);
		if (round < 2)
			say("%s has ended: runner %s, script %s", name, attempt("runner"),
			    attempt("script"));
		expect(!strcmp(attempt("runner"), "can be written"));
	}
	return 0;
}
