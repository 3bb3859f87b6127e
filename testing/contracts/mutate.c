/*
 * mutate.c - run a program on a Linux that lies: one system call or signal of the program and its children is stubbed or altered.
 *
 * usage: mutate MUTATION PROGRAM [ARGUMENT]...
 * MUTATION is numbers parted by spaces or commas, as mutants.py makes them of a contract's `mutants:` line:
 *   CALL FIRST LAST EFFECT INDEX VALUE [INDEX MASK WANT]...
 * From the FIRST to the LAST time that system call CALL (or SIGNAL_CALL) is made with (argument INDEX & MASK) == WANT for
 * each triple, the effect is had; see enum effect. FIRST 0 is never: the control, traced but true.
 * The program is a session leader. The exit status is the program's, or 128 and the signal that ended it; all that it started
 * ends with it.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum effect {
	EFFECT_STUB, /* not made; VALUE is its result. Of a signal: 0 loses it, else VALUE arrives instead */
	EFFECT_SET, /* made with argument INDEX replaced, */
	EFFECT_OR, /* with bits of it set, */
	EFFECT_XOR, /* with bits of it flipped, */
	EFFECT_ADD, /* or with VALUE added to it */
	EFFECT_RESULT_ADD, /* made; VALUE is added to its result */
	EFFECT_FILL, /* made; VALUE bytes that argument INDEX points to are overwritten */
	EFFECT_FILL_RESULT, /* made; VALUE bytes that its result points to are overwritten */
};

/* The call number of the delivery of a signal, whose argument 0 is the signal's number. */
#define SIGNAL_CALL 10000
#define ALWAYS (1L << 40)
#define MAX_CONDITIONS 6
#define MAX_AWAITED 64
#define FILL_BYTE 0x5a
#define MAX_FILL 65536

struct condition {
	long index;
	unsigned long mask, want;
};

static struct mutation {
	long call, first, last, effect, index, value;
	struct condition conditions[MAX_CONDITIONS];
	int count;
} mutation;

static long made; /* how often the mutation's call was made */
static pid_t awaited[MAX_AWAITED]; /* threads whose call is to be altered when it returns */
static unsigned long
	filled[MAX_AWAITED]; /* what each of them will have overwritten, if an argument says */

static void fail(const char *what)
{
	fprintf(stderr, "mutate: %s: %s\n", what, strerror(errno));
	exit(125);
}

/* Parse the numbers; an incomplete triple or too many are an error. */
static void mutation_parse(const char *text)
{
	long numbers[6 + 3 * MAX_CONDITIONS];
	int count = 0;
	char *end;

	for (; *text && count < (int)(sizeof(numbers) / sizeof(numbers[0])); text = end) {
		numbers[count++] = strtol(text, &end, 0);
		if (end == text)
			break;
		end += *end == ',';
	}
	errno = EINVAL;
	if (*text || count < 6 || count % 3)
		fail("mutation");
	memcpy(&mutation, numbers, 6 * sizeof(long));
	mutation.count = (count - 6) / 3;
	memcpy(mutation.conditions, numbers + 6, mutation.count * sizeof(struct condition));
}

/*
 * What the kernel does at the mutation's call. A stub that is one every time needs no tracer, whose part in each call would
 * make the threads of one CPU take turns.
 */
static unsigned filter_action(void)
{
	bool every = mutation.first == 1 && mutation.last >= ALWAYS && mutation.count == 0;

	if (every && mutation.effect == EFFECT_STUB && mutation.value <= 0)
		return SECCOMP_RET_ERRNO | (-mutation.value & SECCOMP_RET_DATA);
	return SECCOMP_RET_TRACE;
}

/* Have the tracer told of the mutation's call, in this process and all that it starts. */
static void filter_install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mutation.call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, filter_action()),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
		return;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		fail("seccomp");
}

/* Start the program, stopped until it is traced. Returns its id. */
static pid_t program_start(char **argv)
{
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD |
			     PTRACE_O_EXITKILL;
	int gate[2];
	char byte;
	pid_t pid;

	if (pipe(gate) < 0 || (pid = fork()) < 0)
		fail("fork");
	if (!pid) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(125);
		close(gate[0]);
		setsid();
		filter_install();
		execv(argv[0], argv);
		fail(argv[0]);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, options) < 0)
		fail("ptrace");
	if (write(gate[1], "", 1) != 1)
		fail("gate");
	close(gate[0]);
	close(gate[1]);
	return pid;
}

static unsigned long long *argument(struct user_regs_struct *regs, long index)
{
	unsigned long long *where[] = { &regs->rdi, &regs->rsi, &regs->rdx,
					&regs->r10, &regs->r8,	&regs->r9 };

	return where[index % 6];
}

/* Whether this time is one of those that lie. */
static bool mutation_applies(struct user_regs_struct *regs)
{
	for (int i = 0; i < mutation.count; i++) {
		const struct condition *condition = &mutation.conditions[i];

		if ((*argument(regs, condition->index) & condition->mask) != condition->want)
			return false;
	}
	made++;
	return made >= mutation.first && made <= mutation.last;
}

static void await_return(pid_t pid, unsigned long address)
{
	for (int i = 0; i < MAX_AWAITED; i++) {
		if (awaited[i])
			continue;
		awaited[i] = pid;
		filled[i] = address;
		return;
	}
}

/* A thread is about to make the mutation's call. Returns whether its return must be seen, too. */
static bool call_enters(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned long long *operand;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0 || !mutation_applies(&regs))
		return false;
	operand = argument(&regs, mutation.index);
	switch (mutation.effect) {
	case EFFECT_STUB:
		regs.orig_rax = -1;
		regs.rax = mutation.value;
		break;
	case EFFECT_SET:
		*operand = mutation.value;
		break;
	case EFFECT_OR:
		*operand |= mutation.value;
		break;
	case EFFECT_XOR:
		*operand ^= mutation.value;
		break;
	case EFFECT_ADD:
		*operand += mutation.value;
		break;
	default:
		await_return(pid, *operand);
		return true;
	}
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
	return false;
}

static void memory_fill(pid_t pid, unsigned long address, size_t size)
{
	static char bytes[MAX_FILL];
	struct iovec from = { bytes, size < MAX_FILL ? size : MAX_FILL };
	struct iovec to = { (void *)address, from.iov_len };

	memset(bytes, FILL_BYTE, from.iov_len);
	process_vm_writev(pid, &from, 1, &to, 1, 0);
}

/* An awaited thread returns from its call: alter what it did, unless it failed. */
static void call_returns(pid_t pid)
{
	struct user_regs_struct regs;
	int at = 0;

	while (at < MAX_AWAITED && awaited[at] != pid)
		at++;
	if (at == MAX_AWAITED)
		return;
	awaited[at] = 0;
	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0 || regs.rax > -4096ULL)
		return;
	switch (mutation.effect) {
	case EFFECT_RESULT_ADD:
		regs.rax += mutation.value;
		ptrace(PTRACE_SETREGS, pid, NULL, &regs);
		break;
	case EFFECT_FILL:
		memory_fill(pid, filled[at], mutation.value);
		break;
	default:
		memory_fill(pid, regs.rax, mutation.value);
	}
}

static bool is_awaited(pid_t pid)
{
	for (int i = 0; i < MAX_AWAITED; i++) {
		if (awaited[i] == pid)
			return true;
	}
	return false;
}

/* Hide the vDSO from a program that was just executed, so that it asks the kernel for the time. */
static void vdso_hide(pid_t pid)
{
	struct user_regs_struct regs;
	unsigned long at;
	int zeros = 0;
	long word;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) < 0)
		return;
	/* argv and the environment each end with a zero; pairs of type and value follow. */
	for (at = regs.rsp + sizeof(long); zeros < 2; at += sizeof(long)) {
		errno = 0;
		zeros += ptrace(PTRACE_PEEKDATA, pid, at, NULL) == 0;
		if (errno)
			return;
	}
	while ((word = ptrace(PTRACE_PEEKDATA, pid, at, NULL)) != AT_NULL && word != -1) {
		if (word == AT_SYSINFO_EHDR)
			ptrace(PTRACE_POKEDATA, pid, at, (long)AT_IGNORE);
		at += 2 * sizeof(long);
	}
}

static bool has_vdso(long call)
{
	return call == SYS_clock_gettime || call == SYS_gettimeofday || call == SYS_time ||
	       call == SYS_getcpu || call == SYS_clock_getres;
}

/* The signal to deliver in place of this one. */
static int signal_delivered(int signo)
{
	struct user_regs_struct regs = { .rdi = signo };

	if (mutation.call != SIGNAL_CALL || !mutation_applies(&regs))
		return signo;
	return mutation.value;
}

static bool stops_process(int signo)
{
	return signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

/* A traced thread stopped: do what the reason asks for, and have it go on. */
static void stop_handle(pid_t pid, int status)
{
	int request = is_awaited(pid) ? PTRACE_SYSCALL : PTRACE_CONT;
	int signo = WSTOPSIG(status), event = status >> 16;
	long deliver = 0;

	if (event == PTRACE_EVENT_SECCOMP) {
		request = call_enters(pid) ? PTRACE_SYSCALL : PTRACE_CONT;
	} else if (event == PTRACE_EVENT_STOP) {
		if (stops_process(signo))
			request = PTRACE_LISTEN;
	} else if (event == PTRACE_EVENT_EXEC) {
		if (has_vdso(mutation.call))
			vdso_hide(pid);
	} else if (event == 0 && signo == (SIGTRAP | 0x80)) {
		call_returns(pid);
		request = PTRACE_CONT;
	} else if (event == 0) {
		deliver = signal_delivered(signo);
	}
	ptrace(request, pid, NULL, deliver);
}

/* The status with which a shell tells how the program ended. */
static int status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	pid_t program, pid;
	int status;

	errno = EINVAL;
	if (argc < 3)
		fail("usage: mutate MUTATION PROGRAM [ARGUMENT]...");
	mutation_parse(argv[1]);
	program = program_start(argv + 2);
	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0)
			fail("wait");
		if (WIFSTOPPED(status))
			stop_handle(pid, status);
		else if (pid == program)
			return status_of(status);
	}
}
