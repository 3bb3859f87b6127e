/*
 * flags.c - what a watch's flags change, and the requests that are refused.
 * mutants: inotify_add_watch(mask&0x20000000)=mask^0x20000000 inotify_add_watch(mask&0x80000000)=mask^0x80000000 inotify_add_watch(mask&0x4000000)=mask^0x4000000 inotify_rm_watch=0 inotify_add_watch(mask&0x2000000)=mask^0x2000000
 */
#include "contract.h"
#include "watching.h"

static void refused(int in)
{
	int pipes[2];

	must(pipe(pipes));
	must_fail(inotify_init1(1), EINVAL);
	must_fail(inotify_add_watch(in, ".", 0), EINVAL);
	must_fail(inotify_add_watch(in, ".", 0x00100000), EINVAL);
	must_fail(inotify_add_watch(in, ".", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
	must_fail(inotify_add_watch(-1, ".", IN_OPEN), EBADF);
	must_fail(inotify_add_watch(pipes[0], ".", IN_OPEN), EINVAL);
	must_fail(inotify_add_watch(in, "missing", IN_OPEN), ENOENT);
	must_fail(inotify_add_watch(in, "file", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	must_fail(inotify_add_watch(in, (char *)8, IN_OPEN), EFAULT);
	must_fail(inotify_rm_watch(in, 77), EINVAL);
	must_fail(inotify_rm_watch(pipes[0], 1), EINVAL);
	must_fail(inotify_rm_watch(-1, 1), EBADF);
	must_fail(write(in, "x", 1), EBADF);
	must(close(pipes[0]));
	must(close(pipes[1]));
}

static void touch_file(void)
{
	int fd = must(open("file", O_RDWR));

	expect_eq(write(fd, "x", 1), 1);
	must(close(fd));
}

int main(void)
{
	int in = must(inotify_init1(IN_NONBLOCK)), wd, fd;
	struct inotify_event small;

	must(close(file_with("file", "text")));
	must(symlink("file", "link"));
	refused(in);

	wd = must(inotify_add_watch(in, "file", IN_MODIFY));
	expect_eq(must(inotify_add_watch(in, "file", IN_CLOSE_WRITE)), wd);
	touch_file();
	show(in, "mask replaced");
	expect_eq(must(inotify_add_watch(in, "link", IN_OPEN | IN_MASK_ADD)), wd);
	touch_file();
	show(in, "mask added to, through a link");
	must_fail(inotify_add_watch(in, "file", IN_OPEN | IN_MASK_CREATE), EEXIST);
	must(inotify_rm_watch(in, wd));
	touch_file();
	show(in, "removed");

	wd = must(inotify_add_watch(in, "link", IN_ALL_EVENTS | IN_DONT_FOLLOW | IN_MASK_CREATE));
	touch_file();
	show(in, "of the link itself");
	must(inotify_rm_watch(in, wd));

	wd = must(inotify_add_watch(in, "file", IN_MODIFY | IN_ONESHOT));
	touch_file();
	touch_file();
	show(in, "one shot");
	must_fail(inotify_rm_watch(in, wd), EINVAL);

	must(mkdir("d", 0700));
	wd = must(inotify_add_watch(in, "d", IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE));
	fd = must(open("d/x", O_RDWR | O_CREAT, 0600));
	must(unlink("d/x"));
	expect_eq(write(fd, "x", 1), 1);
	must(close(fd));
	show(in, "of an unlinked file");
	must(inotify_add_watch(in, "d", IN_MODIFY | IN_CLOSE_WRITE | IN_DELETE | IN_EXCL_UNLINK));
	fd = must(open("d/x", O_RDWR | O_CREAT, 0600));
	expect_eq(write(fd, "x", 1), 1);
	must(unlink("d/x"));
	expect_eq(write(fd, "x", 1), 1);
	must(close(fd));
	show(in, "of an unlinked file, which is not wanted");

	fd = must(open("d/y", O_RDWR | O_CREAT, 0600));
	must(inotify_add_watch(in, "d/y", IN_ALL_EVENTS));
	must(unlink("d/y"));
	show(in, "unlinked while open");
	must(close(fd));
	show(in, "and closed");

	touch_file();
	must(close(must(open("d/y", O_RDWR | O_CREAT, 0600))));
	must_fail(read(in, &small, sizeof(small)), EINVAL);
	must_fail(read(in, (void *)8, 4096), EFAULT);
	return 0;
}
