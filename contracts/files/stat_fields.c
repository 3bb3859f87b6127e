/*
 * stat_fields.c - stat tells type, mode, links, size, blocks, ids and device of each kind of file.
 * mutants: newfstatat=fill(stat,144) newfstatat=0 mknodat=0 umask=0
 */
#include "contract.h"
#include <sys/sysmacros.h>

int main(void)
{
	char text[5000] = "";
	struct stat st, other;
	struct timespec now;
	int fd;

	umask(0);
	fd = must(open("f", O_RDWR | O_CREAT, 04751));
	expect_eq(write(fd, text, sizeof(text)), (ssize_t)sizeof(text));
	must(stat("f", &st));
	expect_eq(st.st_mode, S_IFREG | 04751);
	expect(st.st_nlink == 1 && st.st_size == 5000 && st.st_uid == 0 && st.st_gid == 0);
	expect(st.st_blocks >= 10 && st.st_blocks <= 64 && st.st_blksize >= 512);
	expect(st.st_ino != 0);
	must(clock_gettime(CLOCK_REALTIME, &now));
	expect(now.tv_sec - st.st_mtim.tv_sec <= 5 && st.st_mtim.tv_sec - now.tv_sec <= 1);
	must(fstat(fd, &other));
	expect(memcmp(&st, &other, sizeof(st)) == 0);

	must(stat(".", &other));
	expect(S_ISDIR(other.st_mode) && other.st_dev == st.st_dev && other.st_ino != st.st_ino);
	must(stat("/dev/null", &st));
	expect(S_ISCHR(st.st_mode) && major(st.st_rdev) == 1 && minor(st.st_rdev) == 3);
	must(mkfifo("fifo", 0622));
	must(stat("fifo", &st));
	expect_eq(st.st_mode, S_IFIFO | 0622);
	must(fstatat(AT_FDCWD, "f", &st, AT_SYMLINK_NOFOLLOW));
	must(fstatat(fd, "", &st, AT_EMPTY_PATH));
	expect_eq(st.st_size, 5000);
	must_fail(fstatat(fd, "", &st, 0), ENOENT);
	must_fail(fstatat(AT_FDCWD, "f", &st, 0x40), EINVAL);
	say("regular file, folder, device, fifo, by path and by descriptor");
	return 0;
}
