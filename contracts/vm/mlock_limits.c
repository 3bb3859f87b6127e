/*
 * mlock_limits.c - locked memory is resident, counted, not dropped nor inherited, and limited for those without CAP_IPC_LOCK.
 * mutants: mlock=0 mlock#2+=0 mlock2=0 mlock2(flags:1)=flags=0 munlock=0 mlockall(flags:2)=0 mlockall(flags:6)=flags=2
 * mutants: mlockall(flags:1)=0 munlockall=0 madvise=0 setresuid=0 prlimit64=0 mmap(flags&0x2000)=flags^0x2000
 */
#include "contract.h"
#include <sys/resource.h>

/* VmLck of the caller, in pages. */
static long locked(void)
{
	char text[4096], *line;
	int fd = must(open("/proc/self/status", O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));

	text[size] = 0;
	must(close(fd));
	line = strstr(text, "VmLck:");
	expect(line != NULL);
	return atol(line + 6) / 4;
}

/* How many of the pages are in memory. */
static int resident(void *at, int pages)
{
	unsigned char in[64];
	int count = 0;

	must(mincore(at, pages * PAGE, in));
	for (int i = 0; i < pages; i++)
		count += in[i] & 1;
	return count;
}

static char *fresh(int pages, int flags)
{
	return must(mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0));
}

static void ranges(void)
{
	char *at = fresh(8, 0);

	must(mlock(at + PAGE + 1, PAGE));
	expect_eq(locked(), 2);
	expect_eq(resident(at, 8), 2);
	must(mlock(at, 4 * PAGE));
	expect_eq(locked(), 4);
	must(mlock2(at + 4 * PAGE, 4 * PAGE, MLOCK_ONFAULT));
	expect_eq(locked(), 8);
	expect_eq(resident(at, 8), 4);
	at[5 * PAGE] = 1;
	expect_eq(resident(at, 8), 5);
	must(mlock2(at + 6 * PAGE, PAGE, 0));
	expect_eq(resident(at, 8), 6);
	must_fail(mlock2(at, PAGE, 2), EINVAL);
	must_fail(mlock((void *)-PAGE, 2 * PAGE), EINVAL);
	must_fail(madvise(at, PAGE, MADV_DONTNEED), EINVAL);
	must_fail(msync(at, PAGE, MS_ASYNC | MS_INVALIDATE), EBUSY);
	must(madvise(at, PAGE, MADV_DONTNEED_LOCKED));
	expect_eq(resident(at, 8), 5);
	must(munmap(at + 2 * PAGE, PAGE));
	expect_eq(locked(), 7);
	must_fail(munlock(at, 8 * PAGE), ENOMEM);
	expect_eq(locked(), 5);
	must_fail(mlock(at + PAGE, 2 * PAGE), ENOMEM);
	expect_eq(locked(), 6);
	must(mprotect(at, PAGE, PROT_NONE));
	must_fail(mlock(at, PAGE), ENOMEM);
	expect_eq(locked(), 7);
	must(munmap(at, 8 * PAGE));
	expect_eq(locked(), 0);
}

static void future(void)
{
	pid_t child;
	char *at;

	must_fail(mlockall(0), EINVAL);
	must_fail(mlockall(MCL_ONFAULT), EINVAL);
	must_fail(mlockall(8), EINVAL);
	must(mlockall(MCL_FUTURE));
	at = fresh(3, 0);
	expect_eq(resident(at, 3), 3);
	expect_eq(locked(), 3);
	must(mlockall(MCL_FUTURE | MCL_ONFAULT));
	expect_eq(resident(fresh(2, 0), 2), 0);
	expect_eq(locked(), 5);
	child = fork_child();
	if (!child) {
		expect_eq(locked(), 0);
		expect_eq(resident(fresh(2, 0), 2), 0);
		expect_eq(locked(), 0);
		_exit(0);
	}
	expect_exit(child, 0);
	must(munlockall());
	expect_eq(locked(), 0);
	must(munmap(at, 3 * PAGE));
	at = fresh(4, 0);
	must(mlockall(MCL_CURRENT));
	expect_eq(resident(at, 4), 4);
	expect(locked() > 6);
	expect_eq(resident(fresh(2, 0), 2), 0);
	must(munlockall());
	expect_eq(locked(), 0);
}

static void limited(void)
{
	struct rlimit four = { 4 * PAGE, 4 * PAGE }, none = { 0, 0 };
	char *at = fresh(6, 0), *more;

	must(setresuid(65534, 65534, 65534));
	must(setrlimit(RLIMIT_MEMLOCK, &four));
	must(mlock(at, 4 * PAGE));
	must(mlock(at + 2 * PAGE, 2 * PAGE));
	must_fail(mlock(at + 3 * PAGE, 2 * PAGE), ENOMEM);
	must_fail(mlock2(at + 4 * PAGE, PAGE, MLOCK_ONFAULT), ENOMEM);
	expect_eq(locked(), 4);
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
		  EAGAIN);
	must_fail(mlockall(MCL_CURRENT), ENOMEM);
	must_fail(mremap(at, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EAGAIN);
	must(munlock(at, 2 * PAGE));
	more = fresh(2, MAP_LOCKED);
	expect_eq(resident(more, 2), 2);
	expect_eq(locked(), 4);
	must(mlockall(MCL_FUTURE));
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EAGAIN);
	must(munlockall());
	must(setrlimit(RLIMIT_MEMLOCK, &none));
	must_fail(mlock(at, PAGE), EPERM);
	must_fail(mlockall(MCL_FUTURE), EPERM);
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0),
		  EPERM);
	must(munlock(at, PAGE));
	expect_eq(locked(), 0);
}

int main(void)
{
	ranges();
	say("mlock, mlock2 and munlock of ranges: resident, counted, kept");
	future();
	say("mlockall: now, from now on, on touch; a child has none");
	limited();
	say("no more than RLIMIT_MEMLOCK, nothing if that is 0");
	return 0;
}
