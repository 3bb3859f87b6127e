/*
 * mincore_msync.c - mincore tells page by page what is in memory, msync refuses holes, mixed flags and locked memory.
 * mutants: mincore=0 mincore(length:2457600)=0 mincore=fill(vec,1) msync=0 msync(flags:4)=ENOMEM msync(flags:5)=0 msync(flags:6)=0
 * mutants: mlock=0 madvise=0 munmap=0
 */
#include "contract.h"

static unsigned char vec[600];

/* One character for each page. */
static const char *state(void *at, int pages)
{
	static char text[64];

	memset(vec, 0xee, sizeof(vec));
	must(mincore(at, pages * PAGE, vec));
	for (int i = 0; i < pages; i++)
		text[i] = '0' + (vec[i] & 1);
	text[pages] = 0;
	expect_eq(vec[pages], 0xee);
	return text;
}

#define expect_state(at, want) expect(strcmp(state(at, strlen(want)), want) == 0)

static void residence(int fd)
{
	char *at = map_anon(8 * PAGE), *file, *private;
	int *high;

	expect_state(at, "00000000");
	at[PAGE] = at[4 * PAGE] = 1;
	expect_state(at, "01001000");
	must(mincore(at + PAGE, 1, vec));
	expect_eq(vec[0], 1);
	must(madvise(at, 2 * PAGE, MADV_DONTNEED));
	expect_state(at, "00001000");
	file = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	private = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	expect_state(file, "1010");
	expect_state(private, "1010");
	private[0] = 1;
	file[PAGE] = 1;
	expect_state(private, "1110");
	must(madvise(file, 4 * PAGE, MADV_DONTNEED));
	expect_state(file, "1110");
	must(mprotect(at + 4 * PAGE, PAGE, PROT_NONE));
	expect_state(at, "00001000");
	must(munmap(at + 2 * PAGE, PAGE));
	must_fail(mincore(at, 4 * PAGE, vec), ENOMEM);
	must_fail(mincore(at + 2 * PAGE, PAGE, vec), ENOMEM);
	must(mincore(at, 2 * PAGE, vec));
	must(mincore(at, 0, vec));
	must_fail(mincore(at + 1, PAGE, vec), EINVAL);
	must_fail(mincore(at, PAGE, (void *)8), EFAULT);
	must_fail(mincore(at, PAGE, (void *)-1), EFAULT);
	must_fail(mincore(at, -PAGE, vec), ENOMEM);
	must_fail(mincore((void *)-PAGE, PAGE, vec), ENOMEM);
	high = must(
		mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
	high[599 * PAGE / sizeof(*high)] = 1;
	must(mincore(high, 600 * PAGE, vec));
	expect_eq(vec[598], 0);
	expect_eq(vec[599], 1);
}

static void syncing(int fd)
{
	char *at = must(mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), back[3];

	memcpy(at, "new", 3);
	must(msync(at, 6 * PAGE, MS_SYNC));
	expect_eq(pread(fd, back, 3, 0), 3);
	expect(memcmp(back, "new", 3) == 0);
	must(msync(at, 1, MS_ASYNC));
	must(msync(at, PAGE, 0));
	must(msync(at, PAGE, MS_INVALIDATE));
	must(msync(at, 0, MS_SYNC));
	must_fail(msync(at, PAGE, MS_SYNC | MS_ASYNC), EINVAL);
	must_fail(msync(at, PAGE, 8), EINVAL);
	must_fail(msync(at + 1, PAGE, MS_SYNC), EINVAL);
	must_fail(msync((void *)-PAGE, 2 * PAGE, MS_SYNC), ENOMEM);
	must(munmap(at + 2 * PAGE, PAGE));
	must_fail(msync(at, 6 * PAGE, MS_SYNC), ENOMEM);
	must_fail(msync(at, 6 * PAGE, MS_ASYNC), ENOMEM);
	must_fail(msync(at + 2 * PAGE, PAGE, MS_SYNC), ENOMEM);
	must(msync(at + 3 * PAGE, 3 * PAGE, MS_SYNC));
	must(mlock(at + 4 * PAGE, PAGE));
	must_fail(msync(at + 3 * PAGE, 3 * PAGE, MS_INVALIDATE), EBUSY);
	must_fail(msync(at, 6 * PAGE, MS_SYNC | MS_INVALIDATE), EBUSY);
	must(msync(at + 3 * PAGE, PAGE, MS_INVALIDATE));
	must(msync(at + 3 * PAGE, 3 * PAGE, MS_SYNC));
}

int main(void)
{
	int fd = must(memfd_create("file", 0));

	expect_eq(pwrite(fd, "x", 1, 0), 1);
	expect_eq(pwrite(fd, "x", 1, 2 * PAGE), 1);
	must(ftruncate(fd, 6 * PAGE));
	residence(fd);
	say("anonymous pages when touched, a file's when it has them; holes and bad addresses refused");
	syncing(fd);
	say("msync: what is mapped, one way at a time, nothing locked thrown away");
	return 0;
}
