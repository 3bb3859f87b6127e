/*
 * fallocate_modes.c - on tmpfs: room is made and kept, holes are punched; other modes and their mixtures fail.
 * mutants: fallocate=0 fallocate=ENOSYS fallocate=EOPNOTSUPP
 */
#include "contract.h"

#define KEEP FALLOC_FL_KEEP_SIZE
#define HOLE FALLOC_FL_PUNCH_HOLE

static long blocks(int fd)
{
	struct stat stat;

	must(fstat(fd, &stat));
	return stat.st_blocks;
}

static long size_of(int fd)
{
	struct stat stat;

	must(fstat(fd, &stat));
	return stat.st_size;
}

static void mixtures(int fd)
{
	static const int modes[] = {
		0x100, HOLE,	    HOLE | KEEP | 0x10, 0x10, 0x10 | KEEP, 0x8,	       0x8 | KEEP,
		0x20,  0x20 | KEEP, 0x20 | 0x8,		0x40, 0x40 | KEEP, 0x40 | 0x10
	};

	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		int result = fallocate(fd, modes[i], 0, PAGE);

		say("mode %#x: %d %s", modes[i], result, errno_name(errno));
	}
	must_fail(fallocate(fd, HOLE | KEEP, -1, 1), EINVAL);
	must_fail(fallocate(fd, HOLE | KEEP, 0, 0), EINVAL);
	must_fail(fallocate(fd, 0, INT64_MAX, 2), EFBIG);
	must_fail(fallocate(open("/", O_RDONLY), 0x100, 0, 1), EOPNOTSUPP);
	must_fail(fallocate(open("/", O_RDONLY), 0, 0, 1), EBADF);
}

int main(void)
{
	int fd = must(memfd_create("holes", 0));
	char *shared, *private, data[4 * PAGE];

	memset(data, 'x', sizeof(data));
	must(fallocate(fd, KEEP, 0, 2 * PAGE));
	say("kept: size %ld, blocks %ld", size_of(fd), blocks(fd));
	must(fallocate(fd, 0, 0, 3 * PAGE + 1));
	say("grown: size %ld, blocks %ld", size_of(fd), blocks(fd));
	expect_eq(pwrite(fd, data, sizeof(data), 0), sizeof(data));
	shared = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	private = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	private[PAGE] = 'p';
	expect_eq(private[2 * PAGE], 'x');
	must(fallocate(fd, HOLE | KEEP, 100, 3 * PAGE));
	say("holed: size %ld, blocks %ld", size_of(fd), blocks(fd));
	expect(shared[99] == 'x' && shared[100] == 0 && shared[3 * PAGE + 99] == 0 &&
	       shared[3 * PAGE + 100] == 'x');
	expect(private[PAGE] == 'p' && private[PAGE + 1] == 'x');
	expect_eq(private[2 * PAGE], 0);
	expect_eq(lseek(fd, 0, SEEK_HOLE), PAGE);
	must(munmap(private, 4 * PAGE));
	must(munmap(shared, 4 * PAGE));
	must(fallocate(fd, HOLE | KEEP, PAGE, 10));
	must(fallocate(fd, HOLE | KEEP, 1L << 40, PAGE));
	must(fallocate(fd, HOLE | KEEP, PAGE, 2 * PAGE));
	say("blocks %ld", blocks(fd));
	expect_eq(lseek(fd, 0, SEEK_HOLE), PAGE);
	expect_eq(lseek(fd, PAGE, SEEK_DATA), 3 * PAGE);
	shared = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	must(madvise(shared, PAGE, MADV_REMOVE));
	expect_eq(shared[0], 0);
	mixtures(fd);
	return 0;
}
