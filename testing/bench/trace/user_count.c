/*
 * user_count.c - counts the user instructions of a program and its children by single-stepping them.
 *
 * usage: user_count CPUID-FILE PROGRAM [ARGUMENT...]
 * CPUID and XGETBV give what the file says (init.c prints it), so that a libc chooses the same code as on
 * the machine it describes. Counts as QEMU does: a string instruction with a repeat prefix is one for each
 * round, and one more when its counter ran out. Prints the count; status 1 if the program failed.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEAVES_MAX 1024
#define ZERO_FLAG 0x40ull

struct leaf {
	unsigned leaf, sub, a, b, c, d;
};

static struct leaf leaves[LEAVES_MAX], xcr0;
static unsigned leaf_count;
static unsigned long long count;

static void leaves_read(const char *path)
{
	char name[16];
	struct leaf row;
	FILE *file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(2);
	}
	while (leaf_count < LEAVES_MAX && fscanf(file, "%15s %x %x %x %x %x", name, &row.sub,
						 &row.a, &row.b, &row.c, &row.d) == 6) {
		row.leaf = (unsigned)strtoul(name, NULL, 16);
		if (!strcmp(name, "xcr0"))
			xcr0 = row;
		else
			leaves[leaf_count++] = row;
	}
	fclose(file);
}

/* A leaf without parts gives the same whatever ECX holds: its part 0 answers for parts that are not listed. */
static struct leaf leaf_find(unsigned leaf, unsigned sub)
{
	for (unsigned i = 0; i < leaf_count; i++)
		if (leaves[i].leaf == leaf && leaves[i].sub == sub)
			return leaves[i];
	return sub ? leaf_find(leaf, 0) : (struct leaf){ 0 };
}

/* Whether the instruction was CPUID or XGETBV, and was done here. */
static int identify(pid_t pid, struct user_regs_struct *regs, unsigned long code)
{
	struct leaf found;
	if ((code & 0xffff) == 0xa20f) {
		found = leaf_find((unsigned)regs->rax, (unsigned)regs->rcx);
		regs->rbx = found.b;
		regs->rcx = found.c;
		regs->rip += 2;
	} else if ((code & 0xffffff) == 0xd0010f) {
		found = xcr0;
		regs->rip += 3;
	} else {
		return 0;
	}
	regs->rax = found.a;
	regs->rdx = found.d;
	return !ptrace(PTRACE_SETREGS, pid, NULL, regs);
}

/* A repeated string instruction's opcode, or 0. */
static unsigned repeated(unsigned long code)
{
	unsigned prefixes = 0, at = 0;
	for (; at < 4; at++, code >>= 8) {
		unsigned byte = code & 0xff;
		if (byte == 0xf2 || byte == 0xf3)
			prefixes = byte;
		else if (byte >> 4 != 4 && byte != 0x66)
			break;
	}
	unsigned opcode = code & 0xff;
	int is_string = (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
	return prefixes && is_string ? prefixes << 8 | opcode : 0;
}

/* One more for QEMU: the round that only finds the counter at zero. */
static int last_round(unsigned opcode, const struct user_regs_struct *before,
		      const struct user_regs_struct *after)
{
	if (!opcode || after->rip == before->rip || !before->rcx || after->rcx)
		return 0;
	unsigned plain = opcode & 0xfe;
	if (plain != 0xa6 && plain != 0xae)
		return 1;
	int equal = (after->eflags & ZERO_FLAG) != 0;
	return equal == (opcode >> 8 == 0xf3);
}

struct task {
	pid_t pid;
	unsigned opcode;
	struct user_regs_struct before;
};

static struct task tasks[64];

static struct task *task_get(pid_t pid)
{
	for (unsigned i = 0; i < 64; i++)
		if (tasks[i].pid == pid)
			return &tasks[i];
	for (unsigned i = 0; i < 64; i++) {
		if (!tasks[i].pid) {
			tasks[i] = (struct task){ .pid = pid };
			return &tasks[i];
		}
	}
	exit(2);
}

/* Lets the task run one instruction; those that are done here cost no stop. */
static void step(struct task *task, int signal_number)
{
	unsigned long code;
	do {
		ptrace(PTRACE_GETREGS, task->pid, NULL, &task->before);
		errno = 0;
		code = (unsigned long)ptrace(PTRACE_PEEKTEXT, task->pid, task->before.rip, NULL);
		if (errno)
			code = 0;
	} while (identify(task->pid, &task->before, code) && ++count);
	task->opcode = repeated(code);
	ptrace(PTRACE_SINGLESTEP, task->pid, NULL, signal_number);
}

static int stopped(struct task *task, int status)
{
	struct user_regs_struct after;
	int number = WSTOPSIG(status);
	if (number != SIGTRAP)
		return number == SIGSTOP ? 0 : number;
	if (status >> 16)
		return 0;
	count++;
	if (task->opcode) {
		ptrace(PTRACE_GETREGS, task->pid, NULL, &after);
		count += (unsigned)last_round(task->opcode, &task->before, &after);
	}
	return 0;
}

static int follow(pid_t first)
{
	int status, result = 1;
	pid_t pid;
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct task *task = task_get(pid);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid == first)
				result = status != 0;
			task->pid = 0;
			continue;
		}
		step(task, stopped(task, status));
	}
	return result;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	leaves_read(argv[1]);
	pid_t pid = fork();
	if (!pid) {
		char *const environment[] = { "PATH=/bin:/sbin:/usr/bin:/usr/sbin", NULL };
		personality(ADDR_NO_RANDOMIZE);
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		execve("/bin/busybox", argv + 2, environment);
		_exit(127);
	}
	int status;
	if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status))
		return 2;
	ptrace(PTRACE_SETOPTIONS, pid, NULL,
	       PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |
		       PTRACE_O_EXITKILL);
	step(task_get(pid), 0);
	int result = follow(pid);
	printf("%llu\n", count);
	return result;
}
