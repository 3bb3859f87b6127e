/*
 * times.c - utimensat sets times to the nanosecond, now or not at all; writing moves mtime forward.
 * mutants: utimensat=0 utimensat=ENOSYS newfstatat=0 utimensat#2=0
 */
#include "contract.h"

int main(void)
{
	struct timespec times[2] = { { 1000000000, 123456789 }, { 1500000000, 987654321 } };
	int fd = file_with("f", "");
	struct stat st;
	struct timespec now;

	must(utimensat(AT_FDCWD, "f", times, 0));
	must(stat("f", &st));
	expect(st.st_atim.tv_sec == 1000000000 && st.st_atim.tv_nsec == 123456789);
	expect(st.st_mtim.tv_sec == 1500000000 && st.st_mtim.tv_nsec == 987654321);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	must(futimens(fd, times));
	must(fstat(fd, &st));
	must(clock_gettime(CLOCK_REALTIME, &now));
	expect_eq(st.st_atim.tv_sec, 1000000000);
	expect(now.tv_sec - st.st_mtim.tv_sec <= 5);

	times[0] = times[1] = (struct timespec){ 1, 2 };
	must(futimens(fd, times));
	expect_eq(write(fd, "x", 1), 1);
	must(fstat(fd, &st));
	expect(st.st_mtim.tv_sec > 1000000000 && st.st_ctim.tv_sec > 1000000000);
	times[0].tv_nsec = 1000000000;
	must_fail(utimensat(AT_FDCWD, "f", times, 0), EINVAL);
	must(symlink("f", "s"));
	times[0] = times[1] = (struct timespec){ 7, 0 };
	must(utimensat(AT_FDCWD, "s", times, AT_SYMLINK_NOFOLLOW));
	must(lstat("s", &st));
	expect_eq(st.st_mtim.tv_sec, 7);
	must(stat("s", &st));
	expect(st.st_mtim.tv_sec != 7);
	must_fail(utimensat(AT_FDCWD, "missing", NULL, 0), ENOENT);
	say("set, omitted, now, and by writing");
	return 0;
}
