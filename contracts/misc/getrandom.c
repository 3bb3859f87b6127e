/*
 * getrandom.c - getrandom fills all that is asked for, differently each time, and refuses bad flags.
 * mutants: getrandom=ENOSYS getrandom=fill(buffer,32) getrandom=flags=0 getrandom(size:16)=0
 */
#include "contract.h"
#include <sys/random.h>

int main(void)
{
	static unsigned char a[4096], b[4096];
	int differ = 0, zeros = 0;

	expect_eq(getrandom(a, sizeof(a), 0), (ssize_t)sizeof(a));
	expect_eq(getrandom(b, sizeof(b), GRND_NONBLOCK), (ssize_t)sizeof(b));
	for (size_t i = 0; i < sizeof(a); i++) {
		differ += a[i] != b[i];
		zeros += a[i] == 0;
	}
	expect(differ > 3900 && zeros < 100);
	memset(a, 0, sizeof(a));
	expect_eq(getrandom(a, 16, 0), 16);
	for (size_t i = 16; i < sizeof(a); i++)
		expect_eq(a[i], 0);
	expect_eq(getrandom(a, 0, 0), 0);
	must_fail(getrandom(a, 1, 0x100), EINVAL);
	must_fail(getrandom((void *)-4096, 16, 0), EFAULT);
	say("4096 bytes twice, sixteen and no more");
	return 0;
}
