/*
 * efault.c - a bad user pointer gives EFAULT, a kernel-half address too, and reads or writes nothing.
 * mutants: read=0 write=16 nanosleep=0 uname=0 open=3 getcwd=0 newfstatat=0 rt_sigaction=0
 * mutants: rt_sigprocmask=0 writev=0 poll=0 pipe2=0
 */
#include "contract.h"
#include <sys/uio.h>
#include <sys/utsname.h>

static void try_pointer(const char *what, void *bad, int zero, int pipe_fds[2])
{
	char byte;

	must_fail(read(zero, bad, 16), EFAULT);
	must_fail(write(pipe_fds[1], bad, 16), EFAULT);
	must_fail(read(pipe_fds[0], &byte, 1), EAGAIN);
	must_fail(syscall(SYS_nanosleep, bad, NULL), EFAULT);
	must_fail(syscall(SYS_uname, bad), EFAULT);
	must_fail(syscall(SYS_open, bad, O_RDONLY), EFAULT);
	must_fail(syscall(SYS_pipe2, bad, 0), EFAULT);
	must_fail(syscall(SYS_getcwd, bad, 100), EFAULT);
	must_fail(syscall(SYS_newfstatat, AT_FDCWD, "/", bad, 0), EFAULT);
	must_fail(syscall(SYS_rt_sigaction, SIGUSR1, bad, NULL, 8), EFAULT);
	must_fail(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, bad, 8), EFAULT);
	must_fail(syscall(SYS_writev, pipe_fds[1], bad, 2), EFAULT);
	must_fail(syscall(SYS_execve, bad, NULL, NULL), EFAULT);
	must_fail(syscall(SYS_poll, bad, 1, 0), EFAULT);
	say("EFAULT for %s", what);
}

int main(void)
{
	char *memory = map_anon(2 * PAGE);
	int zero = must(open("/dev/zero", O_RDONLY));
	int pipe_fds[2];

	must(pipe2(pipe_fds, O_NONBLOCK));
	must(munmap(memory + PAGE, PAGE));
	try_pointer("an unmapped page", memory + PAGE, zero, pipe_fds);
	try_pointer("the start of the kernel half", (void *)0xffff800000000000, zero, pipe_fds);
	try_pointer("the kernel's text", (void *)0xffffffff81000000, zero, pipe_fds);
	try_pointer("the last page", (void *)-4096, zero, pipe_fds);
	try_pointer("a non-canonical address", (void *)0x8000000000000000, zero, pipe_fds);
	try_pointer("the end of the user half", (void *)0x7ffffffff000, zero, pipe_fds);
	return 0;
}
