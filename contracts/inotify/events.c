/*
 * events.c - each operation on names and files tells the watches of the file and of its folder, in order.
 * mutants: inotify_add_watch#2=0 ftruncate=0 fchmod=0 link=0 rename#1=0 unlink#1=0 mkdir#2=0
 */
#include "contract.h"
#include "watching.h"
#include <sys/time.h>

static int in, folder, file;

static void files(void)
{
	struct timeval times[2] = { { 5, 0 }, { 6, 0 } };
	char text[8];
	int fd = must(open("d/a", O_RDWR | O_CREAT | O_EXCL, 0600));

	show(in, "create and open");
	file = must(inotify_add_watch(in, "d/a", IN_ALL_EVENTS));
	expect_eq(write(fd, "hello", 5), 5);
	show(in, "write");
	expect_eq(pread(fd, text, 5, 0), 5);
	expect_eq(pread(fd, text, 5, 0), 5);
	show(in, "read twice");
	must(ftruncate(fd, 1));
	show(in, "ftruncate");
	must(fchmod(fd, 0640));
	show(in, "fchmod");
	must(utimes("d/a", times));
	show(in, "utimes");
	must(close(fd));
	show(in, "close");
	must(close(must(open("d/a", O_WRONLY | O_TRUNC))));
	show(in, "open with O_TRUNC, close");
	must(close(must(open("d/a", O_RDONLY))));
	show(in, "open and close for reading");
	must(truncate("d/a", 10));
	show(in, "truncate");
}

static void names(void)
{
	must(link("d/a", "d/b"));
	show(in, "link");
	must(rename("d/b", "d/c"));
	show(in, "rename");
	must(rename("d/a", "e"));
	show(in, "rename out");
	must(rename("e", "d/a"));
	show(in, "rename in");
	must(unlink("d/c"));
	show(in, "unlink one of two");
	must(unlink("d/a"));
	show(in, "unlink the last");
	must(mkdir("d/dir", 0700));
	must(symlink("nowhere", "d/link"));
	must(mknod("d/fifo", S_IFIFO | 0600, 0));
	show(in, "mkdir, symlink, mknod");
	must(rmdir("d/dir"));
	must(unlink("d/link"));
	must(unlink("d/fifo"));
	show(in, "rmdir, unlink");
}

int main(void)
{
	in = must(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
	expect_eq(fcntl(in, F_GETFD), FD_CLOEXEC);
	must(mkdir("d", 0700));
	folder = must(inotify_add_watch(in, "d", IN_ALL_EVENTS));
	expect_eq(folder, 1);
	files();
	names();
	must(rmdir("d"));
	show(in, "rmdir of the folder itself");
	must_fail(inotify_rm_watch(in, folder), EINVAL);
	return 0;
}
