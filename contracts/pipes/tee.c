/*
 * tee.c - tee copies without taking, vmsplice takes and gives memory; what is shared is never overwritten.
 * mutants: tee=0 tee#1=5 vmsplice=0 vmsplice#1=12
 */
#include "contract.h"
#include <sys/uio.h>

static void expect_text(int fd, const char *text)
{
	char got[64];

	expect_eq(read(fd, got, sizeof(got)), strlen(text));
	expect(memcmp(got, text, strlen(text)) == 0);
}

int main(void)
{
	int a[2], b[2], file = file_with("file", "text");
	struct iovec parts[2] = { { "first ", 6 }, { "second", 6 } }, room[2];
	char one[4], two[40];

	must(pipe(a));
	must(pipe(b));
	expect_eq(write(a[1], "hello", 5), 5);
	expect_eq(tee(a[0], b[1], 100, 0), 5);
	expect_eq(tee(a[0], b[1], 3, 0), 3);
	/* Both pipes go on writing behind what they share. */
	expect_eq(write(b[1], " there", 6), 6);
	expect_eq(write(a[1], " again", 6), 6);
	expect_text(a[0], "hello again");
	expect_eq(write(a[1], "XXXXXXXXXXX", 11), 11);
	expect_text(b[0], "hellohel there");
	expect_text(a[0], "XXXXXXXXXXX");
	must_fail(tee(a[0], b[1], 10, SPLICE_F_NONBLOCK), EAGAIN);
	must_fail(tee(a[0], a[1], 10, 0), EINVAL);
	must_fail(tee(file, b[1], 10, 0), EINVAL);
	must_fail(tee(a[1], b[1], 10, 0), EBADF);
	must_fail(tee(a[0], b[1], 10, 64), EINVAL);
	expect_eq(tee(-1, -1, 0, 0), 0);

	expect_eq(vmsplice(a[1], parts, 2, 0), 12);
	room[0] = (struct iovec){ one, 4 };
	room[1] = (struct iovec){ two, 40 };
	expect_eq(vmsplice(a[0], room, 2, 0), 12);
	expect(memcmp(one, "firs", 4) == 0 && memcmp(two, "t second", 8) == 0);
	must_fail(vmsplice(a[0], room, 2, SPLICE_F_NONBLOCK), EAGAIN);
	must_fail(vmsplice(file, parts, 1, 0), EBADF);
	must_fail(vmsplice(a[1], parts, 1, 64), EINVAL);
	expect_eq(vmsplice(a[1], parts, 0, 0), 0);
	must(close(a[1]));
	expect_eq(tee(a[0], b[1], 10, 0), 0);
	say("copied, not taken");
	return 0;
}
