/*
 * prctl_name.c - a task's name starts as the program's, can be set, is cut at 15 bytes and inherited.
 * mutants: prctl=0 prctl=EINVAL prctl=fill(arg2,4) read=0
 */
#include "contract.h"
#include <sys/prctl.h>

static void comm_is(const char *want)
{
	char text[32] = "";
	int fd = must(open("/proc/self/comm", O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));

	must(close(fd));
	expect(size > 1 && text[size - 1] == '\n');
	text[size - 1] = 0;
	expect(strcmp(text, want) == 0);
}

int main(void)
{
	char name[16];
	pid_t child;

	must(prctl(PR_GET_NAME, name));
	say("%s", name);
	must(prctl(PR_SET_NAME, "a name of far too many bytes"));
	must(prctl(PR_GET_NAME, name));
	say("%s", name);
	comm_is("a name of far t");
	child = fork_child();
	if (!child) {
		comm_is("a name of far t");
		must(prctl(PR_SET_NAME, "child"));
		_exit(0);
	}
	expect_exit(child, 0);
	comm_is("a name of far t");
	return 0;
}
