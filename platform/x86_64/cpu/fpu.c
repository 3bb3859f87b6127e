/* User FPU and SIMD state: sizes, saving and loading, and the image on a signal frame in Linux's form. */
#include <platform/fpu.h>

#include <lib/string.h>
#include <platform/cpu.h>
#include <platform/percpu.h>
#include <x86/cpuid.h>
#include <x86/setup.h>

/* SDM vol. 1, 13.1. Protection keys are no part: nothing here sets them. */
#define FEATURE_X87 (1ULL << 0)
#define FEATURE_SSE (1ULL << 1)
#define FEATURE_AVX (1ULL << 2)
#define FEATURE_AVX512 (7ULL << 5)
#define FEATURES_KNOWN (FEATURE_X87 | FEATURE_SSE | FEATURE_AVX | FEATURE_AVX512)

#define FCW_INITIAL 0x37f /* all exceptions masked, 64-bit precision */
#define MXCSR_INITIAL 0x1f80
#define MXCSR_MASK_OLD 0xffbf /* what a mask of 0 stands for: SDM vol. 1, 11.6.6 */

/* As in Linux's asm/sigcontext.h. */
#define FRAME_MAGIC1 0x46505853u
#define FRAME_MAGIC2 0x46505845u
#define FRAME_MAGIC2_SIZE 4

#define FPU_FXSAVE_SIZE 512

/* Bytes 464 to 511 of the FXSAVE area, which the CPU leaves to software. */
struct frame_info {
	u32 magic1;
	u32 extended_size; /* with magic2 */
	u64 features;
	u32 xstate_size;
	u32 padding[7];
};
_Static_assert(sizeof(struct frame_info) == 48, "struct _fpx_sw_bytes");

struct fpu_state {
	u16 fcw, fsw, ftw, fop;
	u64 fip, fdp;
	u32 mxcsr, mxcsr_mask;
	u8 x87_registers[8][16];
	u8 xmm_registers[16][16];
	u8 unused[48];
	struct frame_info info;
	/* XSAVE header */
	u64 xstate_bv, xcomp_bv;
	u64 reserved[6];
	u8 extended[];
};
_Static_assert(offsetof(struct fpu_state, mxcsr) == 24 && offsetof(struct fpu_state, info) == 464 &&
		       offsetof(struct fpu_state, xstate_bv) == 512 &&
		       sizeof(struct fpu_state) == 576,
	       "layout of FXSAVE and XSAVE");

static u64 features __ro_after_init = FEATURE_X87 | FEATURE_SSE;
static u32 state_size __ro_after_init = sizeof(struct fpu_state);
static u32 mxcsr_mask __ro_after_init = MXCSR_MASK_OLD;

static void xcr0_write(u64 value)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

/* AVX-512 is all of its parts and AVX, or nothing. */
static u64 __init features_choose(void)
{
	struct cpuid leaf = cpuid_read(0xd, 0);
	u64 found = ((u64)leaf.edx << 32 | leaf.eax) & FEATURES_KNOWN;

	if (!(found & FEATURE_AVX) || (found & FEATURE_AVX512) != FEATURE_AVX512)
		found &= ~FEATURE_AVX512;
	return found | FEATURE_X87 | FEATURE_SSE;
}

static void __init mxcsr_mask_find(void)
{
	static struct fpu_state probe __aligned(64) __initdata;

	__asm__ volatile("fxsave64 %0" : "=m"(probe));
	if (probe.mxcsr_mask)
		mxcsr_mask = probe.mxcsr_mask;
}

/* CR0 and CR4 are set: cpu_init_this. */
void fpu_init_this(void)
{
	bool first = this_cpu_number() == 0;
	static const struct fpu_state start __aligned(64) = { .fcw = FCW_INITIAL,
							      .mxcsr = MXCSR_INITIAL };

	if (first)
		mxcsr_mask_find();
	if (cpu_has(CPU_XSAVE)) {
		if (first)
			features = features_choose();
		xcr0_write(features);
		if (first)
			state_size = cpuid_read(0xd, 0).ebx; /* of what XCR0 enables */
	}
	/* Not fninit and ldmxcsr: a hypervisor that interprets the kernel's instructions may know only this one. */
	__asm__ volatile("fxrstor64 %0" : : "m"(start));
}

size_t fpu_state_size(void)
{
	return state_size;
}

u64 fpu_features(void)
{
	return features;
}

void fpu_state_init(struct fpu_state *state)
{
	memset(state, 0, state_size);
	state->fcw = FCW_INITIAL;
	state->mxcsr = MXCSR_INITIAL;
	state->mxcsr_mask = mxcsr_mask;
	if (cpu_has(CPU_XSAVE))
		state->xstate_bv = FEATURE_X87 | FEATURE_SSE;
}

void fpu_save(struct fpu_state *state)
{
	u32 low = (u32)features, high = (u32)(features >> 32);

	if (cpu_has(CPU_XSAVEOPT))
		__asm__ volatile("xsaveopt64 (%0)" : : "r"(state), "a"(low), "d"(high) : "memory");
	else if (cpu_has(CPU_XSAVE))
		__asm__ volatile("xsave64 (%0)" : : "r"(state), "a"(low), "d"(high) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" : : "r"(state) : "memory");
}

void fpu_load(const struct fpu_state *state)
{
	u32 low = (u32)features, high = (u32)(features >> 32);

	if (cpu_has(CPU_XSAVE))
		__asm__ volatile("xrstor64 (%0)" : : "r"(state), "a"(low), "d"(high) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" : : "r"(state) : "memory");
}

size_t fpu_frame_size(void)
{
	return cpu_has(CPU_XSAVE) ? state_size + FRAME_MAGIC2_SIZE : FPU_FXSAVE_SIZE;
}

/* What XSAVEOPT found in its initial state it may not have written, but programs read it. */
static void legacy_complete(struct fpu_state *image)
{
	if (!(image->xstate_bv & FEATURE_X87)) {
		memset(image, 0, offsetof(struct fpu_state, mxcsr));
		image->fcw = FCW_INITIAL;
		memset(image->x87_registers, 0, sizeof(image->x87_registers));
	}
	if (!(image->xstate_bv & FEATURE_SSE)) {
		image->mxcsr = MXCSR_INITIAL;
		memset(image->xmm_registers, 0, sizeof(image->xmm_registers));
	}
	image->xstate_bv |= FEATURE_X87 | FEATURE_SSE;
}

void fpu_frame_finish(struct fpu_state *image)
{
	const u32 magic2 = FRAME_MAGIC2;

	if (!cpu_has(CPU_XSAVE))
		return;
	image->info = (struct frame_info){
		.magic1 = FRAME_MAGIC1,
		.extended_size = state_size + FRAME_MAGIC2_SIZE,
		.features = features,
		.xstate_size = state_size,
	};
	legacy_complete(image);
	memcpy((char *)image + state_size, &magic2, sizeof(magic2));
}

/* The frame says that all of XSAVE's state is there, as fpu_frame_finish does; a program may have put less. */
static bool frame_is_extended(const struct fpu_state *image, size_t size)
{
	const struct frame_info *info = &image->info;
	u32 magic2;

	if (size < sizeof(*image) || info->magic1 != FRAME_MAGIC1 ||
	    info->xstate_size < sizeof(*image) || info->xstate_size > state_size ||
	    info->xstate_size > info->extended_size ||
	    (size_t)info->xstate_size + FRAME_MAGIC2_SIZE > size)
		return false;
	memcpy(&magic2, (const char *)image + info->xstate_size, sizeof(magic2));
	return magic2 == FRAME_MAGIC2;
}

bool fpu_sanitize(struct fpu_state *image, size_t size)
{
	u64 present = FEATURE_X87 | FEATURE_SSE;
	size_t valid = FPU_FXSAVE_SIZE;

	if (size < FPU_FXSAVE_SIZE)
		return false;
	if (image->mxcsr & ~mxcsr_mask)
		return false;
	if (!cpu_has(CPU_XSAVE))
		return true;
	if (frame_is_extended(image, size)) {
		if ((image->xstate_bv & ~features) || image->xcomp_bv || image->reserved[0])
			return false;
		present = image->xstate_bv & image->info.features & features;
		valid = image->info.xstate_size;
	}
	if (valid < state_size)
		memset((char *)image + valid, 0, state_size - valid);
	image->xstate_bv = present;
	image->xcomp_bv = 0;
	memset(image->reserved, 0, sizeof(image->reserved));
	return true;
}
