/*
 * futex_file.c - a futex in a shared mapping of a file is the file's, wherever it is mapped; a private one is the process's.
 * mutants: futex(operation:0)=0 futex(operation:1)=operation=129 futex(operation:128)=operation=0 mmap(flags:1)=flags=2
 * mutants: mmap(flags:2)=flags=1 mmap(flags:1)#1=offset=0
 */
#include "asleep.h"
#include <linux/futex.h>

static long futex(int *word, int operation, int value)
{
	return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

static int *map(int fd, int flags, off_t offset)
{
	return must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, flags, fd, offset));
}

/* A child that waits at the word, and sleeps. */
static pid_t waiter(int *word, int operation)
{
	pid_t child = fork_child();

	if (!child) {
		expect_eq(futex(word, operation, *word), 0);
		_exit(0);
	}
	wait_asleep(child);
	return child;
}

/* Of memory that is the process's own, what is asked for privately and what is not are two futexes as well. */
static int waiting(void *word)
{
	return futex(word, FUTEX_WAIT, 0) != 0;
}

static void anonymous(void)
{
	char *stack = map_anon(4 * PAGE);
	int *word = map_anon(PAGE);
	pid_t child = must(clone(waiting, stack + 4 * PAGE, CLONE_VM | SIGCHLD, word));

	wait_asleep(child);
	expect_eq(futex(word, FUTEX_WAKE_PRIVATE, 9), 0);
	expect_eq(futex(word, FUTEX_WAKE, 9), 1);
	expect_exit(child, 0);
}

int main(void)
{
	int fd = must(memfd_create("file", 0)), other = must(memfd_create("other", 0));
	int *second, *again, *both, *private, *elsewhere;
	pid_t child, more;

	must(ftruncate(fd, 2 * PAGE));
	must(ftruncate(other, 2 * PAGE));
	second = map(fd, MAP_SHARED, PAGE);
	both = must(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	again = both + PAGE / sizeof(int);
	private = map(fd, MAP_PRIVATE, PAGE);
	elsewhere = map(other, MAP_SHARED, PAGE);
	child = waiter(second + 3, FUTEX_WAIT);
	expect_eq(futex(both + 3, FUTEX_WAKE, 1), 0);
	expect_eq(futex(elsewhere + 3, FUTEX_WAKE, 1), 0);
	expect_eq(futex(second + 4, FUTEX_WAKE, 1), 0);
	private[3] = 0;
	expect_eq(futex(private + 3, FUTEX_WAKE, 1), 0);
	expect_eq(futex(again + 3, FUTEX_WAKE_PRIVATE, 1), 0);
	expect_eq(futex(second + 3, FUTEX_WAKE_PRIVATE, 1), 0);
	must(munmap(second, PAGE));
	must(close(fd));
	expect_eq(futex(again + 3, FUTEX_WAKE, 9), 1);
	expect_exit(child, 0);
	say("found by file and offset, not by address, nor by who asks privately");
	child = waiter(private + 3, FUTEX_WAIT);
	expect_eq(futex(private + 3, FUTEX_WAKE, 9), 0);
	expect_eq(futex(again + 3, FUTEX_WAKE, 9), 0);
	more = waiter(again, FUTEX_WAIT_PRIVATE);
	expect_eq(futex(again, FUTEX_WAKE, 9), 0);
	expect_eq(futex(again, FUTEX_WAKE_PRIVATE, 9), 0);
	must(kill(child, SIGKILL));
	must(kill(more, SIGKILL));
	expect_killed(child, SIGKILL);
	expect_killed(more, SIGKILL);
	anonymous();
	say("a copy of its own, or a private wait: nobody else's futex");
	return 0;
}
