/*
 * kcmp.c - kcmp tells what two tasks share: open files, memory, tables, folders, handlers; and puts files in an order.
 * mutants: kcmp=0 kcmp=1 kcmp=ENOSYS kcmp(type:0)=result+1 kcmp(type:1)=0 kcmp(type:2)=1 kcmp(type:3)=2 kcmp(type:4)=0
 * mutants: clone(flags&CLONE_FS)=flags^CLONE_FS setuid=0
 */
#include "contract.h"
#include <linux/kcmp.h>
#include <sys/prctl.h>

static long kcmp(pid_t a, pid_t b, int type, unsigned long i, unsigned long j)
{
	return syscall(SYS_kcmp, a, b, type, i, j);
}

static const char *const names[] = { "file", "vm", "files", "fs", "sighand", "io", "sysvsem" };

static int wait_here(void *pipe_end)
{
	char byte;

	read(*(int *)pipe_end, &byte, 1);
	return 0;
}

/* A child that shares what the flags say. */
static void share(const char *what, int flags)
{
	static char stack[65536] __attribute__((aligned(16)));
	static int ends[2];
	int closed[2];
	pid_t child;

	must(pipe(ends));
	must(pipe(closed));
	child = must(clone(wait_here, stack + sizeof(stack), flags | SIGCHLD, &ends[0]));
	for (int type = KCMP_VM; type <= KCMP_SYSVSEM; type++) {
		long result = must(kcmp(getpid(), child, type, 0, 0));

		say("%s: %s %s", what, names[type], result ? "differs" : "is the same");
		expect(result >= 0 && result <= 2);
		/* The other way round it is the other way round. */
		expect_eq(kcmp(child, getpid(), type, 0, 0), result ? 3 - result : 0);
	}
	expect_eq(kcmp(getpid(), child, KCMP_FILE, ends[0], ends[0]), 0);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must(close(ends[0]));
	must(close(ends[1]));
	must(close(closed[0]));
	must(close(closed[1]));
}

static void order(void)
{
	enum { COUNT = 12 };
	int fds[COUNT];
	pid_t self = getpid();

	for (int i = 0; i < COUNT; i++)
		fds[i] = must(open("/dev/null", O_RDONLY));
	for (int a = 0; a < COUNT; a++)
		for (int b = 0; b < COUNT; b++) {
			long ab = must(kcmp(self, self, KCMP_FILE, fds[a], fds[b]));

			expect(a == b ? ab == 0 : ab == 1 || ab == 2);
			expect_eq(kcmp(self, self, KCMP_FILE, fds[b], fds[a]), ab ? 3 - ab : 0);
			for (int c = 0; c < COUNT && ab == 1; c++)
				if (kcmp(self, self, KCMP_FILE, fds[b], fds[c]) == 1)
					expect_eq(kcmp(self, self, KCMP_FILE, fds[a], fds[c]), 1);
		}
	expect_eq(kcmp(self, self, KCMP_FILE, fds[0], must(dup(fds[0]))), 0);
	must(close(fds[1]));
	must_fail(kcmp(self, self, KCMP_FILE, fds[0], fds[1]), EBADF);
	must_fail(kcmp(self, self, KCMP_FILE, -1, fds[0]), EBADF);
	say("files are in an order");
}

int main(void)
{
	pid_t self = getpid(), child;
	int go[2];
	char byte;

	order();
	share("fork", 0);
	share("CLONE_FILES", CLONE_FILES);
	share("CLONE_FS", CLONE_FS);
	share("CLONE_VM", CLONE_VM | CLONE_SIGHAND);
	must_fail(kcmp(self, self, 100, 0, 0), EINVAL);
	must_fail(kcmp(self, self, -1, 0, 0), EINVAL);
	must_fail(kcmp(self, 0x3fffffff, KCMP_VM, 0, 0), ESRCH);
	must_fail(kcmp(0, self, KCMP_VM, 0, 0), ESRCH);
	must_fail(kcmp(-1, self, KCMP_VM, 0, 0), ESRCH);

	must(pipe(go));
	child = fork_child();
	if (!child) {
		must(setuid(1000));
		must_fail(kcmp(getpid(), getppid(), KCMP_VM, 0, 0), EPERM);
		must_fail(kcmp(getppid(), getpid(), KCMP_FILE, 0, 0), EPERM);
		must_fail(kcmp(getppid(), getppid(), 100, 0, 0), EPERM);
		expect_eq(kcmp(getpid(), getpid(), KCMP_VM, 0, 0), 0);
		expect_eq(kcmp(gettid(), getpid(), KCMP_FILE, 1, 1), 0);
		_exit(0);
	}
	expect_exit(child, 0);
	/* The same user, but one that was another: its memory may have secrets. */
	child = fork_child();
	if (!child) {
		pid_t secretive, open_one;

		must(setgid(1000));
		must(setuid(1000));
		secretive = fork_child();
		if (!secretive) {
			must(close(go[1]));
			read(go[0], &byte, 1);
			_exit(0);
		}
		must_fail(kcmp(getpid(), secretive, KCMP_VM, 0, 0), EPERM);
		must(prctl(PR_SET_DUMPABLE, 1));
		must_fail(kcmp(getpid(), secretive, KCMP_VM, 0, 0), EPERM);
		open_one = fork_child();
		if (!open_one) {
			must(close(go[1]));
			read(go[0], &byte, 1);
			_exit(0);
		}
		expect(must(kcmp(getpid(), open_one, KCMP_VM, 0, 0)) > 0);
		must(close(go[1]));
		expect_exit(open_one, 0);
		_exit(0);
	}
	must(close(go[1]));
	expect_exit(child, 0);
	say("permission");
	return 0;
}
