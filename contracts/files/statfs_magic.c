/*
 * statfs_magic.c - statfs names the file system by Linux's magic numbers and counts what is free.
 * mutants: statfs=0 statfs=fill(buffer,8) fstatfs=0 fstatfs=ENOSYS
 */
#include "contract.h"
#include <sys/vfs.h>

int main(void)
{
	struct statfs fs;
	int fd;

	must(statfs("/proc", &fs));
	say("proc %lx", (long)fs.f_type);
	must(statfs("/sys", &fs));
	say("sys %lx", (long)fs.f_type);
	must(statfs("/tmp", &fs));
	say("tmp %lx", (long)fs.f_type);
	expect(fs.f_bsize == 4096 && fs.f_namelen == 255);
	expect(fs.f_blocks > 0 && fs.f_bfree <= fs.f_blocks && fs.f_bavail <= fs.f_bfree);
	fd = must(open("/proc/self/stat", O_RDONLY));
	must(fstatfs(fd, &fs));
	expect_eq(fs.f_type, 0x9fa0);
	must_fail(statfs("/missing", &fs), ENOENT);
	must_fail(fstatfs(999, &fs), EBADF);
	return 0;
}
