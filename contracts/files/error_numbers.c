/*
 * error_numbers.c - the right error for wrong names, descriptors and lengths.
 * mutants: openat#1=0 newfstatat=0 read=0 lseek=0 ftruncate=0 fsync=0 ioctl=0 unlink=0 rmdir=0
 * mutants: rmdir=ENOSYS
 */
#include "contract.h"
#include <limits.h>

int main(void)
{
	static char name[300], path[5000];
	struct stat st;
	char byte;

	memset(name, 'n', 256);
	must_fail(open(name, O_RDONLY), ENAMETOOLONG);
	must_fail(mkdir(name, 0755), ENAMETOOLONG);
	name[255] = 0;
	must_fail(open(name, O_RDONLY), ENOENT);
	must(close(must(open(name, O_WRONLY | O_CREAT, 0600))));
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? '/' : '.';
	must_fail(stat(path, &st), ENAMETOOLONG);
	path[PATH_MAX] = 0;
	must_fail(stat(path, &st), ENAMETOOLONG);
	path[PATH_MAX - 1] = 0;
	must(stat(path, &st));

	close(file_with("f", ""));
	must_fail(open("f/x", O_RDONLY), ENOTDIR);
	must_fail(open("missing/x", O_RDONLY), ENOENT);
	must_fail(open("", O_RDONLY), ENOENT);
	must_fail(read(999, &byte, 1), EBADF);
	must_fail(read(-1, &byte, 1), EBADF);
	must_fail(write(999, &byte, 1), EBADF);
	must_fail(write(999, &byte, 0), EBADF);
	must_fail(lseek(999, 0, SEEK_SET), EBADF);
	must_fail(fstat(999, &st), EBADF);
	must_fail(ftruncate(999, 0), EBADF);
	must_fail(fsync(999), EBADF);
	must_fail(syscall(SYS_ioctl, 1, 0xdead, 0), ENOTTY);
	must_fail(unlink("/"), EISDIR);
	must_fail(rmdir("/"), EBUSY);
	say("ENAMETOOLONG, ENOTDIR, ENOENT, EBADF, ENOTTY");
	return 0;
}
