/*
 * memfd_seals.c - each seal forbids what it says, by write, truncate, fallocate and mmap, and none can be taken off.
 * mutants: fcntl=0 memfd_create=ENOSYS memfd_create=flags=0 write=EPERM fallocate=0
 */
#include "contract.h"

static int made(unsigned flags, size_t size)
{
	int fd = must(memfd_create("sealed", flags));

	must(ftruncate(fd, size));
	return fd;
}

static int seals(int fd)
{
	return fcntl(fd, F_GET_SEALS);
}

static void who_takes_them(void)
{
	int p[2], plain = made(0, 10), fd = made(MFD_ALLOW_SEALING, 10), read_only;
	char path[40];

	expect_eq(seals(plain), F_SEAL_SEAL);
	must_fail(fcntl(plain, F_ADD_SEALS, F_SEAL_GROW), EPERM);
	expect_eq(seals(fd), 0);
	must_fail(fcntl(fd, F_ADD_SEALS, 0x4000), EINVAL);
	must(fcntl(fd, F_ADD_SEALS, 0));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	expect_eq(seals(fd), F_SEAL_GROW | F_SEAL_SHRINK);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = must(open(path, O_RDONLY));
	expect_eq(seals(read_only), F_SEAL_GROW | F_SEAL_SHRINK);
	must_fail(fcntl(read_only, F_ADD_SEALS, F_SEAL_SEAL), EPERM);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	must_fail(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EPERM);
	must(pipe(p));
	must_fail(fcntl(p[1], F_GET_SEALS), EINVAL);
	must_fail(fcntl(p[1], F_ADD_SEALS, F_SEAL_GROW), EINVAL);
	must_fail(memfd_create("x", 0x100), EINVAL);
	say("who takes seals");
}

static void size(void)
{
	int fd = made(MFD_ALLOW_SEALING, 2 * PAGE + 100);
	static char data[3 * PAGE];

	must(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
	must_fail(ftruncate(fd, 3 * PAGE), EPERM);
	must_fail(fallocate(fd, 0, 0, 3 * PAGE), EPERM);
	must_fail(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE), EPERM);
	must(fallocate(fd, 0, 0, 2 * PAGE + 100));
	expect_eq(pwrite(fd, data, 100, 2 * PAGE), 100);
	must_fail(pwrite(fd, data, 101, 2 * PAGE), EPERM);
	say("a write over the end: %zd", pwrite(fd, data, sizeof(data), 10));
	must(ftruncate(fd, PAGE));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	must_fail(ftruncate(fd, PAGE - 1), EPERM);
	must(ftruncate(fd, PAGE));
	must(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
	say("size sealed");
}

static void write_sealed(void)
{
	int fd = made(MFD_ALLOW_SEALING, PAGE), read_only;
	char *map, path[40];

	expect_eq(pwrite(fd, "kept", 4, 0), 4);
	map = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	must_fail(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	expect_eq(seals(fd), 0);
	must(munmap(map, PAGE));
	map = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	must_fail(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	must(munmap(map, PAGE));
	map = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	map[0] = 'p';
	must_fail(pwrite(fd, "x", 1, 0), EPERM);
	expect_eq(write(fd, "x", 0), 0);
	must_fail(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10), EPERM);
	must_fail(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
	map = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	must_fail(mprotect(map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = must(open(path, O_RDONLY));
	map = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, read_only, 0));
	expect(!memcmp(map, "kept", 4));
	must_fail(mprotect(map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	must(ftruncate(fd, 2 * PAGE));
	say("writing sealed");
}

static void future_write_sealed(void)
{
	int fd = made(MFD_ALLOW_SEALING, PAGE);
	char *old = must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), *map;

	must(fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	old[0] = 'o';
	must_fail(pwrite(fd, "x", 1, 0), EPERM);
	must_fail(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), EPERM);
	map = must(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
	expect_eq(map[0], 'o');
	must_fail(mprotect(map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	must_fail(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	must(munmap(old, PAGE));
	must(munmap(map, PAGE));
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	say("later writing sealed");
}

/* A mapping that a child has, or half of one, counts. */
static void counted(void)
{
	int fd = made(MFD_ALLOW_SEALING, 4 * PAGE), p[2];
	char *map = must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)), byte;
	pid_t child;

	must(munmap(map + PAGE, PAGE));
	must(mprotect(map + 2 * PAGE, PAGE, PROT_READ));
	must(pipe(p));
	child = fork_child();
	if (!child) {
		must(close(p[1]));
		read(p[0], &byte, 1);
		_exit(0);
	}
	must(munmap(map, 4 * PAGE));
	must_fail(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EBUSY);
	must(close(p[1]));
	expect_exit(child, 0);
	must(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
	say("mappings of others count");
}

int main(void)
{
	who_takes_them();
	size();
	write_sealed();
	future_write_sealed();
	counted();
	return 0;
}
