/*
 * syslog_copy.c - kernel messages are copied to memory that was never touched, whole lines that begin with a level.
 * mutants: syslog=0 syslog=ENOSYS syslog=fill(buffer,1) syslog(type:3)=result+1
 */
#include "contract.h"
#include <sys/klog.h>

#define SIZE (64 * PAGE)

int main(void)
{
	char *fresh = map_anon(SIZE);
	int size = must(klogctl(3, fresh, SIZE));

	expect(size > 0);
	expect_eq(fresh[0], '<');
	expect_eq(fresh[size - 1], '\n');
	expect(must(klogctl(10, NULL, 0)) > 0);
	must_fail(klogctl(3, NULL, 10), EINVAL);
	must_fail(klogctl(99, fresh, 10), EINVAL);
	say("lines");
	return 0;
}
