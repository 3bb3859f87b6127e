/*
 * vectored_io.c - readv and writev gather and scatter in order, and refuse bad vectors.
 * mutants: writev=0 readv=0 preadv=0 readv=ENOSYS writev#1=result+-1
 */
#include "contract.h"
#include <sys/uio.h>

int main(void)
{
	int fd = must(open("f", O_RDWR | O_CREAT, 0600));
	char a[3] = "", b[5] = "", c[10] = "";
	struct iovec out[] = { { "ab", 2 }, { "", 0 }, { NULL, 0 }, { "cdefg", 5 }, { "hi", 2 } };
	struct iovec in[] = { { a, 3 }, { b, 5 }, { c, 10 } };
	struct iovec bad[] = { { "x", 1 }, { "y", -1 } };

	expect_eq(writev(fd, out, 5), 9);
	must(lseek(fd, 0, SEEK_SET));
	expect_eq(readv(fd, in, 3), 9);
	expect(memcmp(a, "abc", 3) == 0 && memcmp(b, "defgh", 5) == 0 && memcmp(c, "i", 2) == 0);
	expect_eq(readv(fd, in, 3), 0);
	expect_eq(preadv(fd, in, 2, 4), 5);
	expect(memcmp(a, "efg", 3) == 0 && memcmp(b, "hi", 2) == 0);
	must_fail(writev(fd, bad, 2), EINVAL);
	must_fail(writev(fd, out, -1), EINVAL);
	must_fail(writev(fd, out, 1025), EINVAL);
	expect_eq(writev(fd, out, 0), 0);
	expect_eq(lseek(fd, 0, SEEK_END), 9);
	say("nine bytes from five pieces into three");
	return 0;
}
