/* files.c - calls on descriptors and paths. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define TREE_FILES 10
#define TREE_BYTES 64

static long fd = -1;
static const char *file_path, *link_path;
static struct stat info;
static struct statx more_info;
static char buffer[PAGE];
static struct iovec vector = { buffer, 1 };
static struct flock lock_whole = { .l_type = F_WRLCK }, unlock_whole = { .l_type = F_UNLCK };

static long fd_open(const char *path, int flags)
{
	fd = open(path, flags, 0644);
	return fd < 0 ? -errno : 0;
}

long setup_null(void)
{
	return fd_open("/dev/null", O_RDWR);
}

long setup_zero(void)
{
	return fd_open("/dev/zero", O_RDONLY);
}

long setup_file(void)
{
	file_path = work_path("bench-file");
	return fd_open(file_path, O_RDWR | O_CREAT);
}

long setup_link(void)
{
	link_path = work_path("bench-link");
	return symlink("bench-file", link_path) ? -errno : 0;
}

long setup_root(void)
{
	return chdir("/") ? -errno : 0;
}

void teardown_root(void)
{
	/* Where the suite was; it works in this folder by relative names. */
	if (chdir(work_folder))
		abort();
}

void teardown_fd(void)
{
	if (fd >= 0)
		close((int)fd);
	fd = -1;
	if (file_path)
		unlink(file_path);
	if (link_path)
		unlink(link_path);
	free((char *)file_path);
	free((char *)link_path);
	file_path = link_path = NULL;
}

LOOP(read_null, syscall_3(SYS_read, fd, (long)buffer, 1))
LOOP(write_null, syscall_3(SYS_write, fd, (long)buffer, 1))
LOOP(pread, syscall_4(SYS_pread64, fd, (long)buffer, 1, 0))
LOOP(writev, syscall_3(SYS_writev, fd, (long)&vector, 1))
LOOP(read_zero, syscall_3(SYS_read, fd, (long)buffer, PAGE))
LOOP(lseek, syscall_3(SYS_lseek, fd, 0, SEEK_CUR))
LOOP(fstat, fstat((int)fd, &info))
LOOP(fcntl_getfl, fcntl((int)fd, F_GETFL))
LOOP(dup_close, syscall_1(SYS_close, syscall_1(SYS_dup, fd)))
LOOP(stat, syscall_2(SYS_stat, (long)"/tmp", (long)&info))
LOOP(statx, syscall_6(SYS_statx, AT_FDCWD, (long)"/tmp", 0, STATX_BASIC_STATS, (long)&more_info, 0))
LOOP(access, syscall_2(SYS_access, (long)"/tmp", F_OK))
LOOP(readlink, syscall_3(SYS_readlink, (long)link_path, (long)buffer, PAGE))
LOOP(getcwd, syscall_2(SYS_getcwd, (long)buffer, PAGE))
LOOP(open_close, syscall_1(SYS_close, syscall_4(SYS_openat, AT_FDCWD, (long)file_path, O_RDONLY, 0)))
LOOP(fcntl_lock, syscall_3(SYS_fcntl, fd, F_SETLK, (long)&lock_whole) |
			 syscall_3(SYS_fcntl, fd, F_SETLK, (long)&unlock_whole))
LOOP(flock, syscall_2(SYS_flock, fd, LOCK_EX) | syscall_2(SYS_flock, fd, LOCK_UN))

void run_getdents64(struct timer *t, unsigned n)
{
	long result = 0;
	timer_begin(t);
	for (unsigned i = n; i; i--) {
		long folder = syscall_4(SYS_openat, AT_FDCWD, (long)work_folder,
					O_RDONLY | O_DIRECTORY, 0);
		result |= syscall_3(SYS_getdents64, folder, (long)buffer, 1024);
		syscall_1(SYS_close, folder);
	}
	timer_end(t);
	t->loops += n;
	t->result = result;
}

static char tree_names[TREE_FILES + 2][64];

static long tree_build(void)
{
	static const char text[TREE_BYTES] = "sixty-four bytes";
	long result = syscall_2(SYS_mkdir, (long)tree_names[TREE_FILES], 0755) |
		      syscall_2(SYS_mkdir, (long)tree_names[TREE_FILES + 1], 0755);
	for (unsigned i = 0; i < TREE_FILES; i++) {
		long file = syscall_4(SYS_openat, AT_FDCWD, (long)tree_names[i],
				      O_WRONLY | O_CREAT | O_EXCL, 0644);
		result |= syscall_3(SYS_write, file, (long)text, sizeof(text));
		result |= syscall_1(SYS_close, file);
	}
	return result < 0 ? result : 0;
}

static long tree_list(void)
{
	long folder = syscall_4(SYS_openat, AT_FDCWD, (long)tree_names[TREE_FILES + 1],
				O_RDONLY | O_DIRECTORY, 0);
	long got, all = 0;
	while ((got = syscall_3(SYS_getdents64, folder, (long)buffer, sizeof(buffer))) > 0)
		all += got;
	syscall_1(SYS_close, folder);
	return got < 0 ? got : all ? 0 : -ENOENT;
}

static long tree_remove(void)
{
	long result = 0;
	for (unsigned i = 0; i < TREE_FILES; i++)
		result |= syscall_1(SYS_unlink, (long)tree_names[i]);
	result |= syscall_1(SYS_rmdir, (long)tree_names[TREE_FILES + 1]);
	return result | syscall_1(SYS_rmdir, (long)tree_names[TREE_FILES]);
}

void run_file_tree(struct timer *t, unsigned n)
{
	for (unsigned i = 0; i < TREE_FILES; i++)
		snprintf(tree_names[i], sizeof(tree_names[i]), "%.40s/tree/sub/file%u", work_folder,
			 i);
	snprintf(tree_names[TREE_FILES], sizeof(tree_names[0]), "%.40s/tree", work_folder);
	snprintf(tree_names[TREE_FILES + 1], sizeof(tree_names[0]), "%.40s/tree/sub", work_folder);
	long result = 0;
	timer_begin(t);
	for (unsigned i = n; i; i--)
		result |= tree_build() | tree_list() | tree_remove();
	timer_end(t);
	t->loops += n;
	t->result = result;
}
