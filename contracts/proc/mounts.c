/*
 * mounts.c - /proc/mounts lists what is mounted; mount and umount change it and what is seen below.
 * mutants: mount=0 umount2=0 mount=ENOSYS read=0
 */
#include "contract.h"
#include <sys/mount.h>

static bool mounted(const char *where)
{
	static char text[8192];
	char want[300], here[200];
	int fd = must(open("/proc/mounts", O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));

	text[size] = 0;
	must(close(fd));
	expect(getcwd(here, sizeof(here)) != NULL);
	expect(strstr(text, " /proc proc ") != NULL);
	snprintf(want, sizeof(want), " %s/%s tmpfs ", here, where);
	return strstr(text, want) != NULL;
}

int main(void)
{
	struct stat st, above;
	int fd;

	must(mkdir("m", 0755));
	close(file_with("m/below", ""));
	must(mount("none", "m", "tmpfs", 0, "mode=0711"));
	expect(mounted("m"));
	must_fail(stat("m/below", &st), ENOENT);
	fd = file_with("m/inside", "i");
	must(stat("m", &st));
	must(stat(".", &above));
	expect(st.st_dev != above.st_dev && (st.st_mode & 0777) == 0711);
	must_fail(rename("m/inside", "outside"), EXDEV);
	must_fail(rmdir("m"), EBUSY);
	must_fail(umount("m"), EBUSY);
	must(close(fd));
	must(umount("m"));
	expect(!mounted("m"));
	must(stat("m/below", &st));
	must_fail(umount("m"), EINVAL);
	must_fail(mount("none", "m", "nosuchfs", 0, NULL), ENODEV);
	say("mounted, hidden, busy, gone");
	return 0;
}
