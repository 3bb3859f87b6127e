/*
 * secretive.c - what /proc tells of a process whose memory others may not see belongs to root, even for itself.
 * mutants: prctl=0 setuid=0 setgid=0 newfstatat=0
 */
#include "contract.h"
#include <sys/prctl.h>

static void look(const char *when)
{
	static const char *const names[] = { "", "/environ", "/io", "/fd", "/stat", "/task", "/mem" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[40];
		struct stat stat;
		int fd;

		snprintf(path, sizeof(path), "/proc/self%s", names[i]);
		must(fstatat(AT_FDCWD, path, &stat, 0));
		fd = open(path, O_RDONLY);
		say("%s: %s belongs to %d %d, open: %s", when, path, stat.st_uid, stat.st_gid,
		    fd < 0 ? errno_name(errno) : "yes");
		if (fd >= 0)
			must(close(fd));
	}
}

int main(void)
{
	pid_t child = fork_child();

	if (child) {
		expect_exit(child, 0);
		return 0;
	}
	look("at first");
	must(setgid(100));
	must(setuid(1000));
	expect_eq(prctl(PR_GET_DUMPABLE), 0);
	look("another user");
	must(prctl(PR_SET_DUMPABLE, 1));
	look("no secrets");
	must(prctl(PR_SET_DUMPABLE, 0));
	look("secrets again");
	return 0;
}
