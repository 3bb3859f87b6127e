/*
 * times_extreme.c - a file's times may be set to any second that 64 bits hold, and to bad nanoseconds not at all.
 * mutants: utimensat=0 utimensat=ENOSYS utimensat#2=0 utimensat#4=EINVAL
 */
#include "contract.h"

int main(void)
{
	static const int64_t seconds[] = { 0,
					   -1,
					   INT32_MIN,
					   INT64_MIN,
					   INT64_MAX,
					   INT64_MIN / 1000000000,
					   INT64_MAX / 1000000000 };
	struct stat st;

	close(file_with("file", "x"));
	for (unsigned int i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct timespec times[2] = { { seconds[i], 999999999 }, { seconds[i], 0 } };

		must(utimensat(AT_FDCWD, "file", times, 0));
		must(stat("file", &st));
		if (seconds[i] == 0 || seconds[i] == -1) {
			expect_eq(st.st_atim.tv_sec, seconds[i]);
			expect_eq(st.st_atim.tv_nsec, 999999999);
			expect_eq(st.st_mtim.tv_sec, seconds[i]);
			expect_eq(st.st_mtim.tv_nsec, 0);
		}
		times[1].tv_nsec = 1000000000;
		must_fail(utimensat(AT_FDCWD, "file", times, 0), EINVAL);
		times[1].tv_nsec = -1;
		must_fail(utimensat(AT_FDCWD, "file", times, 0), EINVAL);
	}
	say("all seconds are taken, bad nanoseconds are refused");
	return 0;
}
