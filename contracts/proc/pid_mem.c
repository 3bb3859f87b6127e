/*
 * pid_mem.c - /proc/<pid>/mem reads and writes another process's memory, as a debugger may, at the address it is asked for.
 * mutants: mprotect=0 pread64=EIO pwrite64=0 munmap=0
 */
#include "contract.h"

static int open_mem(pid_t pid, int flags)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, flags);
}

static const char constant[] = "read-only";

int main(void)
{
	char *memory = map_anon(4 * PAGE), text[2 * PAGE];
	volatile char *shared = map_shared(PAGE);
	int fd = must(open_mem(getpid(), O_RDWR)), other, go[2];
	pid_t child;

	strcpy(memory, "own");
	expect_eq(pread(fd, text, 4, (off_t)memory), 4);
	expect(!strcmp(text, "own"));
	expect_eq(pwrite(fd, "OWN", 3, (off_t)memory), 3);
	expect(!strcmp(memory, "OWN"));
	/* What a debugger does to set a breakpoint. */
	must(mprotect(memory, PAGE, PROT_READ));
	expect_eq(pwrite(fd, "own", 3, (off_t)memory), 3);
	expect(!strcmp(memory, "own"));
	expect_eq(pwrite(fd, "R", 1, (off_t)constant), 1);
	expect_eq(*(volatile const char *)constant, 'R');
	must(mprotect(memory, PAGE, PROT_NONE));
	expect_eq(pread(fd, text, 4, (off_t)memory), 4);
	must(mprotect((void *)shared, PAGE, PROT_READ));
	must_fail(pwrite(fd, "x", 1, (off_t)shared), EIO);
	expect_eq(pread(fd, text, 1, (off_t)shared), 1);
	/* Up to what is not mapped. */
	must(munmap(memory + 3 * PAGE, PAGE));
	expect_eq(pread(fd, text, 2 * PAGE, (off_t)memory + 2 * PAGE + 100), PAGE - 100);
	must_fail(pread(fd, text, 1, (off_t)memory + 3 * PAGE), EIO);
	must_fail(pread(fd, text, 1, 0), EIO);
	expect_eq(pread(fd, text, 0, 0), 0);
	must_fail(pread(fd, NULL, 1, (off_t)memory + PAGE), EFAULT);
	expect_eq(lseek(fd, (off_t)memory, SEEK_SET), (off_t)memory);
	expect_eq(lseek(fd, PAGE, SEEK_CUR), (off_t)memory + PAGE);
	expect_eq(read(fd, text, 10), 10);
	expect_eq(lseek(fd, 0, SEEK_CUR), (off_t)memory + PAGE + 10);
	must_fail(lseek(fd, 0, SEEK_END), EINVAL);
	say("own memory");

	must(pipe(go));
	child = fork_child();
	if (!child) {
		char byte;

		must(close(go[1]));
		read(go[0], &byte, 1);
		_exit(memory[PAGE] == 'c' ? 0 : 1);
	}
	memory[PAGE] = 'p';
	other = must(open_mem(child, O_RDWR));
	expect_eq(pwrite(other, "c", 1, (off_t)memory + PAGE), 1);
	expect_eq(memory[PAGE], 'p');
	must(close(go[1]));
	expect_exit(child, 0);
	expect_eq(pread(other, text, 1, (off_t)memory + PAGE), 0);
	expect_eq(pwrite(other, "x", 1, (off_t)memory + PAGE), 0);
	say("a child's memory, until it is gone");

	/* A child: it would keep its descriptors for the user it was. */
	child = fork_child();
	if (!child) {
		must(setuid(1000));
		must_fail(open_mem(getppid(), O_RDONLY), EACCES);
		_exit(0);
	}
	expect_exit(child, 0);
	return 0;
}
