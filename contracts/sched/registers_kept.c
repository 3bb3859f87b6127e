/*
 * registers_kept.c - sixteen registers, flags and vector state belong to one thread, under signals, page faults and preemption.
 * mutants: tgkill=0 rt_sigaction=0 madvise=0 wait4=0 clone=EAGAIN
 */
#include "contract.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/resource.h>

#define PROCESSES 2
#define THREADS 4 /* of each: more than CPUs */
#define PAGES 16
#define SIGNALS 30
#define ROUNDS 20
#define SECONDS 3
#define FLAGS 0xcd5 /* carry, parity, adjust, zero, sign, direction, overflow */

enum {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	RSP,
	RFLAGS,
	WORDS
};

/* HOLD knows the offsets. */
struct state {
	uint64_t word[WORDS];
	uint32_t mxcsr;
	uint16_t x87, unused;
	uint32_t vector[16][8];
};
_Static_assert(offsetof(struct state, mxcsr) == 136 && offsetof(struct state, vector) == 144,
	       "as HOLD has them");

/*
 * Loads all of `in`, writes to the rcx pages from r15 on, one after the other, and stores all to `out`; nothing but mov, lea and
 * jrcxz in between, which change no flags. Two forms: with vector registers of 16 and of 32 bytes.
 */
#define HOLD(name, move, vector)                                                                         \
	__asm__(#name                                                                                    \
		": pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"             \
		"pushq %rsi; movq %rsp, 120(%rdi); ldmxcsr 136(%rdi); fldcw 140(%rdi)\n"                 \
		".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n" move                    \
		" 144+32*\\n(%rdi), %" vector "\\n\n.endr\n"                                             \
		"pushq 128(%rdi); popfq; movq (%rdi), %rax; movq 8(%rdi), %rbx; movq 16(%rdi), %rcx\n"   \
		"movq 24(%rdi), %rdx; movq 32(%rdi), %rsi; movq 48(%rdi), %rbp; movq 56(%rdi), %r8\n"    \
		"movq 64(%rdi), %r9; movq 72(%rdi), %r10; movq 80(%rdi), %r11; movq 88(%rdi), %r12\n"    \
		"movq 96(%rdi), %r13; movq 104(%rdi), %r14; movq 112(%rdi), %r15; movq 40(%rdi), %rdi\n" \
		"1: movb $1, (%r15); leaq 4096(%r15), %r15; leaq -1(%rcx), %rcx; jrcxz 2f; jmp 1b\n"     \
		"2: pushfq; cld; pushq %rdi; movq 16(%rsp), %rdi\n"                                      \
		"popq 40(%rdi); popq 128(%rdi); movq %rsp, 120(%rdi)\n"                                  \
		"movq %rax, (%rdi); movq %rbx, 8(%rdi); movq %rcx, 16(%rdi); movq %rdx, 24(%rdi)\n"      \
		"movq %rsi, 32(%rdi); movq %rbp, 48(%rdi); movq %r8, 56(%rdi); movq %r9, 64(%rdi)\n"     \
		"movq %r10, 72(%rdi); movq %r11, 80(%rdi); movq %r12, 88(%rdi); movq %r13, 96(%rdi)\n"   \
		"movq %r14, 104(%rdi); movq %r15, 112(%rdi); stmxcsr 136(%rdi); fnstcw 140(%rdi)\n"      \
		".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n" move " %" vector        \
		"\\n, 144+32*\\n(%rdi)\n.endr\n"                                                         \
		"popq %rsi; popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx; ret")

HOLD(hold_old, "movdqu", "xmm");
HOLD(hold_avx, "vmovdqu", "ymm");
typedef void hold_fn(struct state *in, struct state *out);
hold_fn hold_old, hold_avx;

static bool have_avx;
static volatile int handled;
static volatile bool enough;

static void fill(struct state *in, uint64_t seed, void *from, long pages)
{
	for (int i = 0; i < WORDS; i++)
		in->word[i] = seed = seed * 6364136223846793005u + 1442695040888963407u;
	in->word[RCX] = (uint64_t)pages;
	in->word[R15] = (uintptr_t)from;
	in->word[RFLAGS] = (in->word[RFLAGS] & FLAGS) | 0x202;
	in->mxcsr = 0x1f80 | (seed >> 40 & 3) << 13;
	in->x87 = 0x37f | (seed >> 50 & 3) << 10;
	for (int i = 0; i < 16 * 8; i++)
		in->vector[i / 8][i % 8] = (uint32_t)(seed >> 32) * (uint32_t)(i + 1);
}

static void hold_and_check(uint64_t seed, void *from, long pages)
{
	struct state in, out = { 0 };

	fill(&in, seed, from, pages);
	(have_avx ? hold_avx : hold_old)(&in, &out);
	in.word[RCX] = 0;
	in.word[R15] += (uint64_t)pages * PAGE;
	for (int i = 0; i < RFLAGS; i++)
		if (in.word[i] != out.word[i])
			broken("register %d is %lx, not %lx", i, out.word[i], in.word[i]);
	expect_eq(out.word[RFLAGS] & FLAGS, in.word[RFLAGS] & FLAGS);
	expect_eq(out.mxcsr & ~0x3fU, in.mxcsr & ~0x3fU);
	expect_eq(out.x87, in.x87);
	for (int i = 0; i < 16; i++)
		expect(!memcmp(in.vector[i], out.vector[i], have_avx ? 32 : 16));
}

/* Has values of its own in all registers. */
static void handler(int signo)
{
	char byte;

	hold_and_check((uint64_t)signo + (uintptr_t)&byte, &byte, 1);
	__atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

static void *run(void *number)
{
	uint64_t seed = (uintptr_t)number + (uint64_t)getpid() * 1000;
	char *memory = map_anon(PAGES * PAGE);
	struct rusage usage;
	long rounds = 0;

	for (; rounds < ROUNDS || !enough; rounds++) {
		hold_and_check(seed++ << 20, memory, PAGES);
		must(madvise(memory, PAGES * PAGE, MADV_DONTNEED));
	}
	must(getrusage(RUSAGE_THREAD, &usage));
	expect(usage.ru_minflt >= rounds);
	return NULL;
}

static void process(void)
{
	pthread_t threads[THREADS];
	long long end = now_ns() + SECONDS * 1000000000LL;

	for (long i = 0; i < THREADS; i++)
		expect_eq(pthread_create(&threads[i], NULL, run, (void *)i), 0);
	for (int i = 0; handled < SIGNALS && now_ns() < end; i++) {
		expect_eq(pthread_kill(threads[i % THREADS], SIGUSR1), 0);
		sleep_ms(1);
	}
	enough = true;
	for (int i = 0; i < THREADS; i++)
		expect_eq(pthread_join(threads[i], NULL), 0);
	expect(handled >= SIGNALS);
	_exit(0);
}

int main(void)
{
	pid_t children[PROCESSES];

	have_avx = __builtin_cpu_supports("avx");
	handle(SIGUSR1, handler, SA_RESTART);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork_child();
		if (!children[i])
			process();
	}
	for (int i = 0; i < PROCESSES; i++)
		expect_exit(children[i], 0);
	say("%d threads, interrupted and faulting: each keeps its registers", PROCESSES * THREADS);
	return 0;
}
