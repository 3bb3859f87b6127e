/*
 * frame.c - the frame below a handler is Linux's, and what the handler leaves in it is what returns, or SIGSEGV.
 * mutants: rt_sigreturn=0 rt_sigreturn#2+=ENOSYS rt_sigaction=0 rt_sigaction(signo:SIGSEGV)=0 kill=0 kill#5+=0
 */
#include "contract.h"
#include <cpuid.h>
#include <sys/auxv.h>
#include <ucontext.h>

/* What the C library's headers tell in part only: the old image, Linux's words in it, XSAVE's. */
struct image {
	uint32_t before[6], mxcsr, mxcsr_mask;
	uint32_t x87[8][4], xmm[16][4];
	uint32_t unused[12];
	uint32_t magic1, extended_size;
	uint64_t features;
	uint32_t xstate_size, reserved[7];
	uint64_t present, form, header[6];
	uint32_t upper[16][4];
};

enum deed {
	KEEP,
	CHANGE,
	MAGIC1,
	MAGIC2,
	SIZE,
	NO_AVX,
	NO_SSE,
	NO_IMAGE,
	BIT,
	FORM,
	ODD,
	BAD,
	MXCSR,
	WILD,
	HIGH
};
#define MAGIC1_WORD 0x46505853
#define MAGIC2_WORD 0x46505845
#define MXCSR_BAD (0x1f80 | 1U << 31)

static bool have_xsave, have_avx;
static volatile enum deed deed;
static volatile int faults, fault_code;
static void *volatile fault_address;
static unsigned char copy[16384] __attribute__((aligned(64)));
static greg_t good_rip;

static void segv(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	(void)signo;
	faults++;
	fault_code = info->si_code;
	fault_address = info->si_addr;
	if (deed >= WILD) {
		expect_eq(uc->uc_mcontext.gregs[REG_RIP], deed == WILD ? 1L << 60 : -8192L);
		expect_eq(uc->uc_mcontext.gregs[REG_R12], 0x1212);
		uc->uc_mcontext.gregs[REG_RIP] = good_rip;
	}
}

static size_t image_size(const struct image *image)
{
	return have_xsave ? image->extended_size : 512;
}

static void xsave_check(const struct image *image)
{
	unsigned int size, b, c, d;
	uint32_t magic2;

	__cpuid_count(0xd, 0, b, size, c, d);
	expect_eq(image->magic1, MAGIC1_WORD);
	expect_eq(image->extended_size, image->xstate_size + 4);
	expect(image->xstate_size >= 576 && image->xstate_size <= size);
	memcpy(&magic2, (char *)image + image->xstate_size, 4);
	expect_eq(magic2, MAGIC2_WORD);
	expect_eq(image->features & 3, 3);
	expect_eq(image->present & ~image->features, 0);
	expect_eq(image->present & 3, 3);
	if (have_avx) {
		expect_eq(image->present & 4, 4);
		expect_eq(image->upper[5][0], 0x7777);
	}
}

static void frame_check(ucontext_t *uc, const struct image *image)
{
	const char *low = (char *)uc - 8;

	expect_eq(uc->uc_flags, have_xsave ? 7 : 6);
	expect_eq(uc->uc_mcontext.gregs[REG_CSGSFS], 0x2bL << 48 | 0x33);
	expect_eq(uc->uc_mcontext.gregs[REG_RAX], 0);
	expect_eq(uc->uc_mcontext.gregs[REG_R12], 0x1212);
	expect_eq((uintptr_t)image & 63, 0);
	expect_eq(((uintptr_t)low + 8) & 15, 0);
	expect_eq(image->mxcsr, 0x1f80);
	expect_eq(image->xmm[5][0], 0x5555);
	if (have_xsave)
		xsave_check(image);
	expect(getauxval(AT_MINSIGSTKSZ) >= (size_t)((char *)image + image_size(image) - low));
}

static void xsave_change(struct image *image)
{
	if (deed == CHANGE)
		image->upper[5][0] = 0x8888;
	image->magic1 ^= deed == MAGIC1;
	image->xstate_size += deed == SIZE ? 64 : 0;
	*((char *)image + image->xstate_size) ^= deed == MAGIC2;
	image->present &= deed == NO_AVX ? ~4L : deed == NO_SSE ? ~2L : ~0L;
	image->present |= deed == BIT ? 1L << 61 : 0;
	image->form |= deed == FORM;
}

static void usr1(int signo, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	greg_t *regs = uc->uc_mcontext.gregs;
	struct image *image = (void *)uc->uc_mcontext.fpregs;

	(void)signo;
	expect_eq(info->si_code, SI_USER);
	frame_check(uc, image);
	if (have_avx)
		__asm__ volatile("vzeroall");
	else
		__asm__ volatile("pxor %%xmm5, %%xmm5" ::: "xmm5");
	good_rip = regs[REG_RIP];
	if (deed == CHANGE) {
		regs[REG_R12] = 0x3434;
		regs[REG_RAX] = 78;
		regs[REG_EFL] |= 1;
		image->xmm[5][0] = 0x6666;
	}
	if (have_xsave)
		xsave_change(image);
	if (deed == MXCSR)
		image->mxcsr = MXCSR_BAD;
	if (deed == ODD)
		image = memcpy(copy + (have_xsave ? 16 : 8), image, image_size(image));
	uc->uc_mcontext.fpregs = deed == NO_IMAGE ? NULL : deed == BAD ? (void *)64 : (void *)image;
	if (deed >= WILD)
		regs[REG_RIP] = deed == WILD ? 1L << 60 : -8192L;
}

/* Has a handler run over known registers. What returns: the words of ymm5 and its upper half, r12, carry. */
static void trial(enum deed what, unsigned low, unsigned high, long rax, int code)
{
	unsigned in[8] = { 0x5555, 0, 0, 0, 0x7777 }, out[8] = { 0 };
	long got = SYS_kill, r12;
	bool carry;

	deed = what;
	faults = fault_code = 0;
	if (have_avx)
		__asm__ volatile("vmovdqu %0, %%ymm5" ::"m"(in) : "xmm5");
	__asm__ volatile("movdqu %5, %%xmm5; movq $0x1212, %%r12; syscall; setc %2; movq %%r12, %1"
			 : "+a"(got), "=&r"(r12), "=&r"(carry)
			 : "D"(getpid()), "S"(SIGUSR1), "m"(in)
			 : "rcx", "r11", "r12", "xmm5", "memory", "cc");
	__asm__ volatile("movdqu %%xmm5, %0" : "=m"(out));
	if (have_avx)
		__asm__ volatile("vmovdqu %%ymm5, %0; vzeroupper" : "=m"(out));
	if (out[0] != low || (have_avx && out[4] != high) || got != rax || faults != !!code ||
	    fault_code != code)
		broken("deed %d: xmm %x ymm %x rax %ld faults %d code %d", what, out[0], out[4],
		       got, faults, fault_code);
	expect_eq(r12, what == CHANGE ? 0x3434 : 0x1212);
	expect_eq(carry, what == CHANGE);
}

/* A CPU of old saves and loads the old part alone: there is nothing to get wrong. */
static void xsave_trial(enum deed what, unsigned low, unsigned high, int code)
{
	if (have_xsave)
		trial(what, low, high, 0, code);
}

/* XSAVE, and that the kernel uses it. */
static bool xsave_is_used(void)
{
	unsigned int a, b, c, d;

	__cpuid(1, a, b, c, d);
	return c & bit_OSXSAVE;
}

/* Whether this CPU faults for reserved bits of mxcsr: emulated ones may not. */
static bool mxcsr_refused(void)
{
	pid_t child = fork_child();

	if (!child) {
		unsigned bad = MXCSR_BAD;

		signal(SIGSEGV, SIG_DFL);
		__asm__ volatile("ldmxcsr %0" ::"m"(bad));
		_exit(0);
	}
	return WIFSIGNALED(child_status(child));
}

int main(void)
{
	struct sigaction on_usr1 = { .sa_sigaction = usr1, .sa_flags = SA_SIGINFO };
	struct sigaction on_segv = { .sa_sigaction = segv, .sa_flags = SA_SIGINFO };

	have_xsave = xsave_is_used();
	have_avx = __builtin_cpu_supports("avx");
	must(sigaction(SIGUSR1, &on_usr1, NULL));
	must(sigaction(SIGSEGV, &on_segv, NULL));
	trial(KEEP, 0x5555, 0x7777, 0, 0);
	trial(CHANGE, 0x6666, 0x8888, 78, 0);
	say("flags, segments, registers and the XSAVE image lie in the frame and come back from it");
	xsave_trial(MAGIC1, 0x5555, 0, 0);
	xsave_trial(MAGIC2, 0x5555, 0, 0);
	xsave_trial(SIZE, 0x5555, 0, 0);
	xsave_trial(NO_AVX, 0x5555, 0, 0);
	xsave_trial(NO_SSE, 0, 0x7777, 0);
	trial(NO_IMAGE, 0, 0, 0, 0);
	say("without its magic words only the old part counts; what is marked absent is initial");
	xsave_trial(BIT, 0, 0, SI_KERNEL);
	xsave_trial(FORM, 0, 0, SI_KERNEL);
	trial(ODD, 0, 0, 0, SI_KERNEL);
	trial(BAD, 0, 0, 0, SI_KERNEL);
	if (mxcsr_refused())
		trial(MXCSR, 0, 0, 0, SI_KERNEL);
	trial(WILD, 0x5555, 0x7777, 0, SI_KERNEL);
	expect(fault_address == NULL);
	trial(HIGH, 0x5555, 0x7777, 0, SEGV_MAPERR);
	expect(fault_address == (void *)-8192L);
	say("what the CPU would not load, and a wild rip: SIGSEGV at the interrupted code");
	return 0;
}
