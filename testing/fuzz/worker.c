/* worker.c - a process with two threads more that makes calls: its files, its memory, its clock against calls that sleep. */
#include "fuzz.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define THREADS 2
#define TRACE_FD 1000
#define CHILD_STACKS 64
#define CHILD_STACK_SIZE 32768
#define FORKS_MAX 200 /* in a round */
#define CHILD_CALLS 12

/* What a child needs that has its parent's memory, or a copy: nothing of its parent's stack. */
static struct {
	struct worker worker;
	volatile int stacks_used;
	char *stacks;
} family;

static long raw_call(long number, const long *a)
{
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static void calls_make(struct worker *worker, unsigned int count);

/* A child ends as a thread, whatever it is. */
__attribute__((used, noreturn)) void fuzz_child(void);
void fuzz_child(void)
{
	struct worker worker = family.worker;

	worker.random.state ^= (uint64_t)syscall(SYS_gettid) * 0x9e3779b97f4a7c15ULL;
	calls_make(&worker, CHILD_CALLS);
	for (;;)
		syscall(SYS_exit, 0);
}

/* The child, which may share memory and have no stack of its own, goes to fuzz_child on a new one. */
static long raw_fork(long number, const long *a, char *child_stack)
{
	register long r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
	register char *r12 __asm__("r12") = child_stack;
	long result;

	__asm__ volatile(
		"syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\tmov %%r12, %%rsp\n\txor %%ebp, %%ebp\n\t"
		"call fuzz_child\n\tud2\n1:"
		: "=a"(result)
		: "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9), "r"(r12)
		: "rcx", "r11", "memory");
	return result;
}

static void child_make(const struct call *call, const long *a)
{
	int stack = __atomic_fetch_add(&family.stacks_used, 1, __ATOMIC_RELAXED);

	if (stack >= CHILD_STACKS ||
	    __atomic_fetch_add(&shared->forks, 1, __ATOMIC_RELAXED) >= FORKS_MAX)
		return;
	raw_fork(call->number, a, family.stacks + (size_t)(stack + 1) * CHILD_STACK_SIZE);
}

void call_describe(char *text, size_t size, int call, const volatile long *arguments)
{
	size_t used = (size_t)snprintf(text, size, "%s(", call < 0 ? "none" : calls[call].name);

	for (int i = 0; call >= 0 && i < 6 && calls[call].arguments[i].kind && used < size; i++)
		used += (size_t)snprintf(text + used, size - used, "%s%#lx", i ? ", " : "",
					 arguments[i]);
	if (used < size)
		snprintf(text + used, size - used, ")");
}

static void trace(const struct slot *slot)
{
	char text[256] = "@@@ call ";

	call_describe(text + 9, sizeof(text) - 10, slot->call, slot->arguments);
	strcat(text, "\n");
	if (write(TRACE_FD, text, strlen(text)) < 0)
		return;
}

static void call_one(struct worker *worker)
{
	unsigned int index = random_below(&worker->random, call_count);
	const struct call *call = &calls[index];
	enum rule rule = call_rule(call);
	long a[6];

	if ((rule == RULE_UNPRIVILEGED && worker->root) ||
	    (rule == RULE_RARE && !one_in(&worker->random, 12)))
		return;
	for (unsigned int i = 0; i < 6; i++)
		worker->slot->arguments[i] = a[i] = value_make(worker, call, i);
	worker->slot->call = (int)index;
	if (worker->trace)
		trace(worker->slot);
	__atomic_fetch_add(&shared->calls, 1, __ATOMIC_RELAXED);
	if (rule == RULE_CHILD)
		child_make(call, a);
	else
		raw_call(call->number, a);
	worker->slot->call = -1;
}

static void on_alarm(int signo)
{
	(void)signo;
}

/* Calls that sleep are ended by a signal; the calls made may have changed that, so it is set up again and again. */
static void clock_set(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	sigset_t none;

	sigemptyset(&none);
	sigaction(SIGALRM, &action, NULL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* With FAIL_ALLOC: one of the next allocations of this worker and its children fails. */
static void allocation_fail(struct worker *worker)
{
	char text[16];
	int fd = open("/proc/aramid/fail_nth", O_WRONLY);

	if (fd >= 0 && write(fd, text,
			     (size_t)snprintf(text, sizeof(text), "%u",
					      1 + random_below(&worker->random, 40))) < 0)
		syscall(SYS_exit, 97);
	close(fd);
}

static void calls_make(struct worker *worker, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (i % 16 == 0)
			clock_set();
		if (worker->failing && i % 4 == 0)
			allocation_fail(worker);
		call_one(worker);
	}
}

static void listen_at(const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, name);
	bind(fd, (struct sockaddr *)&address, sizeof(address));
	listen(fd, 3);
}

/* One descriptor or more of each kind, from 3 up. */
static void files_open(struct worker *worker)
{
	static const char *const names[] = {
		"a",	     "b",	  "d/f",       "/dev/null",
		"/dev/zero", "/dev/ptmx", "/dev/full", "/proc/self/mem"
	};
	static const char *const readable[] = {
		"d", ".", "/proc/self/maps", "/proc/self/status", "/proc", "/proc/self/fd"
	};
	int fds[2];

	for (unsigned int i = 0; i < COUNT(names); i++)
		open(names[i], O_RDWR | O_NONBLOCK | O_NOCTTY);
	for (unsigned int i = 0; i < COUNT(readable); i++)
		open(readable[i], O_RDONLY);
	open("p", O_RDWR | O_NONBLOCK);
	open("a", O_PATH);
	for (int i = 0; i < 2; i++)
		pipe2(fds, i ? O_NONBLOCK : 0);
	eventfd(3, EFD_NONBLOCK);
	epoll_create1(0);
	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
	listen_at(one_in(&worker->random, 2) ? "s" : "s2",
		  one_in(&worker->random, 2) ? SOCK_STREAM : SOCK_DGRAM);
	fds[0] = (int)syscall(SYS_memfd_create, "m", 2 /* MFD_ALLOW_SEALING */);
	if (fds[0] >= 0 && ftruncate(fds[0], 3 * (long)PAGE) < 0)
		return;
	syscall(SYS_timerfd_create, 1, O_NONBLOCK);
	syscall(SYS_inotify_init1, O_NONBLOCK);
	syscall(SYS_signalfd4, -1, &worker->random, 8, O_NONBLOCK);
}

static void *thread_main(void *argument)
{
	struct worker *worker = argument;

	calls_make(worker, 100);
	return NULL;
}

static void identity_take(struct worker *worker)
{
	struct rlimit files = { 1100, 1100 };
	gid_t group = UNPRIVILEGED;

	setrlimit(RLIMIT_NOFILE, &files);
	if (one_in(&worker->random, 2))
		setsid();
	else
		setpgid(0, 0);
	if (worker->root)
		return;
	setgroups(1, &group);
	if (setresgid(group, group, group) || setresuid(group, group, group))
		_exit(98);
}

/* The console stays out of reach, but for the trace. Init's null: another worker may have removed /dev/null by now. */
static void console_leave(bool tracing)
{
	if (tracing)
		dup3(1, TRACE_FD, O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		dup2(null_file, i);
	syscall(SYS_close_range, 3u, (unsigned int)TRACE_FD - 1, 0u);
}

_Noreturn void worker_run(uint64_t seed, unsigned int slot, unsigned int count, bool tracing)
{
	static struct worker others[THREADS];
	static struct arena arena;
	struct worker *worker = &family.worker;
	pthread_t threads[THREADS];

	*worker = (struct worker){
		.random = { seed }, .arena = &arena, .slot = &shared->slots[slot], .trace = tracing
	};
	worker->root = one_in(&worker->random, 2);
	worker->failing = worker->root && one_in(&worker->random, 4);
	worker->slot->pid = getpid();
	identity_take(worker);
	console_leave(tracing);
	arena_make(&arena);
	files_open(worker);
	family.stacks = mmap(NULL, CHILD_STACKS * CHILD_STACK_SIZE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < THREADS; i++) {
		others[i] = *worker;
		others[i].random.state = random_next(&worker->random);
		if (pthread_create(&threads[i], NULL, thread_main, &others[i]))
			break;
	}
	calls_make(worker, count);
	syscall(SYS_exit_group, 0);
	__builtin_unreachable();
}
