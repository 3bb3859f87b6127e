/*
 * stack_grows.c - the stack grows on demand up to its limit, and overrunning it is SIGSEGV.
 * mutants: signal(signo:SIGSEGV)=SIGBUS signal(signo:SIGSEGV)=SIGKILL clone=EAGAIN
 */
#include "contract.h"
#include <sys/resource.h>

__attribute__((noinline)) static size_t dig(size_t bytes)
{
	volatile char room[16384];

	room[0] = bytes & 1;
	room[sizeof(room) - 1] = 1;
	if (bytes <= sizeof(room))
		return room[sizeof(room) - 1];
	return dig(bytes - sizeof(room)) + room[sizeof(room) - 1];
}

int main(void)
{
	pid_t child;

	expect_eq(dig(4 << 20), (4 << 20) / 16384);
	say("4 MiB of stack");
	child = fork_child();
	if (!child) {
		dig(64 << 20);
		_exit(0);
	}
	expect_killed(child, SIGSEGV);
	say("64 MiB are too many");
	return 0;
}
