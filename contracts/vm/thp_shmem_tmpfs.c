/*
 * thp_shmem_tmpfs.c - tmpfs with huge=: files in 2 MiB pages, by write and by mapping, and never more than size= permits.
 * mutants: mount(flags:0)#2=0 mount(flags:32)=0 pwrite64=4096 ftruncate#2=0
 */
#include "thp_shmem.h"

#include <sys/klog.h>
#include <sys/vfs.h>

#define CONSOLE_OFF 6
#define CONSOLE_ON 7
#define FOLDER "huge"

static void mount_with(const char *options)
{
	(void)mkdir(FOLDER, 0755);
	must(mount("none", FOLDER, "tmpfs", 0, options));
}

static int file_new(const char *name, size_t size)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));

	must(ftruncate(fd, (off_t)size));
	return fd;
}

static long free_pages(void)
{
	struct statfs statfs_;

	must(statfs(FOLDER, &statfs_));
	return (long)statfs_.f_bfree;
}

/* What nobody has any more may go a little later. */
static void wait_for_free(long pages)
{
	for (int i = 0; i < 1000 && free_pages() != pages; i++)
		sleep_ms(1);
	expect_eq(free_pages(), pages);
}

/* What the options of the mount say of it. */
static void show_huge(const char *when)
{
	FILE *mounts = fopen("/proc/mounts", "r");
	char line[512];

	expect(mounts);
	while (fgets(line, sizeof(line), mounts)) {
		char *huge = strstr(line, ",huge=");

		if (!strstr(line, "/" FOLDER " tmpfs"))
			continue;
		if (huge)
			*strchrnul(huge, ' ') = 0;
		say("%s: %s", when, huge ? huge + 1 : "no huge=");
	}
	fclose(mounts);
}

static void options(void)
{
	(void)mkdir(FOLDER, 0755);
	/* Linux tells its console of each. */
	(void)klogctl(CONSOLE_OFF, NULL, 0);
	must_fail(mount("none", FOLDER, "tmpfs", 0, "huge=deny"), EINVAL);
	must_fail(mount("none", FOLDER, "tmpfs", 0, "huge=much"), EINVAL);
	mount_with("huge=within_size,size=8m");
	show_huge("mounted");
	must_fail(mount("none", FOLDER, "tmpfs", MS_REMOUNT, "huge=many"), EINVAL);
	(void)klogctl(CONSOLE_ON, NULL, 0);
	must(mount("none", FOLDER, "tmpfs", MS_REMOUNT, "size=7m"));
	show_huge("another size");
	must(mount("none", FOLDER, "tmpfs", MS_REMOUNT, "huge=never"));
	show_huge("never");
	must(umount(FOLDER));
}

/* A page at the start of each block is written; the mapping finds 2 MiB. */
static void written(void)
{
	unsigned char bytes[PAGE], *at;
	int fd;

	mount_with("huge=always,size=8m");
	fd = file_new(FOLDER "/file", 2 * HUGE);
	pages_fill(bytes, 1, 7);
	expect_eq(pwrite(fd, bytes, PAGE, 0), PAGE);
	expect_eq(pwrite(fd, bytes, PAGE, HUGE + 30 * PAGE), PAGE);
	expect_eq(free_pages(), 1024);
	at = must(mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	expect_eq((uintptr_t)at % HUGE, 0);
	pages_check(at, 1, 7);
	pages_check_zero(at + PAGE, 511 + 30);
	pages_check(at + HUGE + 30 * PAGE, 1, 7);
	expect_eq(shmem_kb(at, 2 * HUGE), 2 * HUGE_KB);
	must(ftruncate(fd, HUGE + 512));
	expect_eq(shmem_kb(at, 2 * HUGE), HUGE_KB);
	expect_eq(free_pages(), 2048 - 513);
	must(unlink(FOLDER "/file"));
	pages_check(at, 1, 7);
	expect_eq(shmem_kb(at, 2 * HUGE), HUGE_KB);
	must(munmap(at, 2 * HUGE));
	close(fd);
	wait_for_free(2048);
	must(umount(FOLDER));
}

/* Where there is no room for 2 MiB there may be for less, to the last page. */
static void limited(void)
{
	static unsigned char bytes[PAGE];
	unsigned char *at;
	int fd;

	mount_with("huge=always,size=3m");
	fd = file_new(FOLDER "/file", 2 * HUGE);
	at = must(mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	pages_fill(at, 768, 3);
	expect_eq(free_pages(), 0);
	expect_eq(shmem_kb(at, 2 * HUGE), HUGE_KB);
	expect_fault(at + 768 * PAGE, true, SIGBUS, BUS_ADRERR);
	must_fail(pwrite(fd, bytes, PAGE, 768 * PAGE), ENOSPC);
	pages_check(at, 768, 3);
	must(munmap(at, 2 * HUGE));
	close(fd);
	must(unlink(FOLDER "/file"));
	wait_for_free(768);
	must(umount(FOLDER));
}

/* shmem_enabled has the last word. */
static void forced(void)
{
	static unsigned char bytes[PAGE];
	int fd;

	mount_with("size=8m");
	shmem_mode("force");
	fd = file_new(FOLDER "/file", 0);
	expect_eq(pwrite(fd, bytes, PAGE, 0), PAGE);
	expect_eq(free_pages(), 2048 - 512);
	close(fd);
	must(umount(FOLDER));
	mount_with("huge=always,size=8m");
	shmem_mode("deny");
	fd = file_new(FOLDER "/file", 0);
	expect_eq(pwrite(fd, bytes, PAGE, 0), PAGE);
	expect_eq(free_pages(), 2047);
	close(fd);
	must(umount(FOLDER));
}

static void test(void)
{
	options();
	written();
	say("a write takes 2 MiB, a mapping finds them, the end of the file cuts them");
	limited();
	say("size= is kept to the page");
	forced();
	say("force and deny count more than the mount");
}

int main(void)
{
	return with_shmem_modes(test);
}
