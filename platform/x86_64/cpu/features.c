/* What the processor offers (SDM vol. 2A CPUID; AMD APM vol. 3 appendix E), and switching it on. */
#include <platform/cpu.h>

#include <lib/string.h>
#include <profile/mitigations.h>
#include <profile/usercopy.h>
#include <x86/cpuid.h>
#include <x86/msr.h>
#include <x86/setup.h>

u8 cpu_features[CPU_FEATURE_COUNT] __ro_after_init;

static char vendor[13] __ro_after_init;
static char model_name[49] __ro_after_init;
static u32 signature __ro_after_init; /* leaf 1 EAX */
static u32 leaf_1_edx __ro_after_init;

enum cpuid_register { EAX, EBX, ECX, EDX };

struct feature_bit {
	u8 feature;
	u32 leaf, subleaf;
	u8 reg, bit;
	const char *name; /* Linux's */
};

static const struct feature_bit feature_bits[] = {
	{ CPU_NX, 0x80000001, 0, EDX, 20, "nx" },
	{ CPU_SMEP, 7, 0, EBX, 7, "smep" },
	{ CPU_SMAP, 7, 0, EBX, 20, "smap" },
	{ CPU_UMIP, 7, 0, ECX, 2, "umip" },
	{ CPU_PGE, 1, 0, EDX, 13, "pge" },
	{ CPU_FSGSBASE, 7, 0, EBX, 0, "fsgsbase" },
	{ CPU_XSAVE, 1, 0, ECX, 26, "xsave" },
	{ CPU_XSAVEOPT, 0xd, 1, EAX, 0, "xsaveopt" },
	{ CPU_PCID, 1, 0, ECX, 17, "pcid" },
	{ CPU_INVPCID, 7, 0, EBX, 10, "invpcid" },
	{ CPU_ERMS, 7, 0, EBX, 9, "erms" },
	{ CPU_FSRM, 7, 0, EDX, 4, "fsrm" },
	{ CPU_RDRAND, 1, 0, ECX, 30, "rdrand" },
	{ CPU_RDSEED, 7, 0, EBX, 18, "rdseed" },
	{ CPU_RDTSCP, 0x80000001, 0, EDX, 27, "rdtscp" },
	{ CPU_TSC, 1, 0, EDX, 4, "tsc" },
	{ CPU_TSC_INVARIANT, 0x80000007, 0, EDX, 8, "constant_tsc" },
	{ CPU_TSC_DEADLINE, 1, 0, ECX, 24, "tsc_deadline_timer" },
	{ CPU_X2APIC, 1, 0, ECX, 21, "x2apic" },
	{ CPU_1GB_PAGES, 0x80000001, 0, EDX, 26, "pdpe1gb" },
	{ CPU_CX16, 1, 0, ECX, 13, "cx16" },
	{ CPU_HYPERVISOR, 1, 0, ECX, 31, "hypervisor" },
	{ CPU_IBRS, 7, 0, EDX, 26, "ibrs" },
	{ CPU_STIBP, 7, 0, EDX, 27, "stibp" },
	{ CPU_MD_CLEAR, 7, 0, EDX, 10, "md_clear" },
};

/* What this kernel does without: nothing of this. Leaf 1 and 0x80000001, EDX. */
static const struct {
	u32 leaf;
	u8 bit;
	const char *name;
} needed[] = {
	{ 1, 0, "fpu" },   { 1, 5, "msr" },
	{ 1, 6, "pae" },   { 1, 8, "cx8" },
	{ 1, 9, "apic" },  { 1, 16, "pat" },
	{ 1, 24, "fxsr" }, { 1, 25, "sse" },
	{ 1, 26, "sse2" }, { 0x80000001, 11, "syscall" },
};

static bool leaf_exists(u32 leaf)
{
	return leaf <= cpuid_max(leaf & CPUID_EXTENDED);
}

static u32 cpuid_word(u32 leaf, u32 subleaf, enum cpuid_register reg)
{
	struct cpuid r;

	if (!leaf_exists(leaf))
		return 0;
	r = cpuid_read(leaf, subleaf);
	switch (reg) {
	case EAX:
		return r.eax;
	case EBX:
		return r.ebx;
	case ECX:
		return r.ecx;
	default:
		return r.edx;
	}
}

static void __init needed_check(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(needed); i++)
		if (!(cpuid_word(needed[i].leaf, 0, EDX) >> needed[i].bit & 1))
			boot_fail("this CPU lacks a feature that is needed: %s", needed[i].name);
}

static void __init names_read(void)
{
	struct cpuid r = cpuid_read(0, 0);
	u32 leaf, words[3] = { r.ebx, r.edx, r.ecx };
	const char *start = model_name;

	memcpy(vendor, words, sizeof(words));
	if (leaf_exists(0x80000004)) {
		for (leaf = 0; leaf < 3; leaf++) {
			r = cpuid_read(0x80000002 + leaf, 0);
			memcpy(model_name + leaf * sizeof(r), &r, sizeof(r));
		}
	}
	/* Intel pads on the left. */
	while (*start == ' ')
		start++;
	memmove(model_name, start, strlen(start) + 1);
}

#define ARCH_RDCL_NO (1 << 0)
#define ARCH_MDS_NO (1 << 5)

/* Meltdown and MDS are bugs of Intel's CPUs unless they say that they are not. */
static void __init bugs_find(void)
{
	u64 not_affected = 0;

	if (!str_equal(vendor, "GenuineIntel"))
		return;
	if (cpuid_word(7, 0, EDX) >> 29 & 1)
		not_affected = msr_read(MSR_ARCH_CAPABILITIES);
	cpu_features[CPU_MELTDOWN] = !(not_affected & ARCH_RDCL_NO);
	cpu_features[CPU_MDS] = !(not_affected & ARCH_MDS_NO);
}

/* Cycles of some 100 simple instructions: the least of several attempts, since any one may be interrupted. */
static u64 __init loop_cycles(void)
{
	u64 least = ~0ULL;
	int attempt, i;

	for (attempt = 0; attempt < 4; attempt++) {
		u64 start = __builtin_ia32_rdtsc(), took;

		for (i = 0; i < 32; i++)
			barrier();
		took = __builtin_ia32_rdtsc() - start;
		least = MIN(least, took);
	}
	return least;
}

#define LOOP_CYCLES_MAX 20000

/*
 * A KVM without the processor's virtualisation runs user mode natively and interprets the kernel, some 3000 cycles for each
 * instruction, which is how it can be told. Its CPUID passes on features of the host whose instructions the interpreter
 * does not know; in the kernel they end the machine.
 */
static bool __init kernel_is_interpreted(void)
{
	struct cpuid r;

	if (!cpu_has(CPU_HYPERVISOR) || !cpu_has(CPU_TSC))
		return false;
	r = cpuid_read(CPUID_HYPERVISOR, 0);
	if (memcmp(&r.ebx, "KVMK", 4) != 0 || memcmp(&r.ecx, "VMKV", 4) != 0)
		return false;
	return loop_cycles() > LOOP_CYCLES_MAX;
}

static void __init features_distrust(void)
{
	static const u8 not_interpreted[] = {
		CPU_XSAVE,  CPU_XSAVEOPT, CPU_FSGSBASE, CPU_SMEP,   CPU_SMAP,
		CPU_UMIP,   CPU_PCID,	  CPU_INVPCID,	CPU_RDRAND, CPU_RDSEED,
		CPU_RDTSCP, CPU_CX16,	  CPU_IBRS,	CPU_STIBP,  CPU_MD_CLEAR,
	};
	unsigned int i;

	if (!kernel_is_interpreted())
		return;
	for (i = 0; i < ARRAY_LEN(not_interpreted); i++)
		cpu_features[not_interpreted[i]] = 0;
}

void __init cpu_features_init(void)
{
	unsigned int i;

	needed_check();
	names_read();
	signature = cpuid_word(1, 0, EAX);
	leaf_1_edx = cpuid_word(1, 0, EDX);
	for (i = 0; i < ARRAY_LEN(feature_bits); i++) {
		const struct feature_bit *f = &feature_bits[i];

		cpu_features[f->feature] = cpuid_word(f->leaf, f->subleaf, f->reg) >> f->bit & 1;
	}
	features_distrust();
	bugs_find();
}

/* Entry 1 (PWT) is write-combining instead of write-through; 0 write-back, 2 UC-, 3 (PWT and PCD) uncached. */
#define PAT_VALUE 0x0007010600070106

void cpu_init_this(void)
{
	u64 cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT | (cr4_read() & CR4_MCE);

	msr_write(MSR_PAT, PAT_VALUE);
	if (cpu_has(CPU_PGE))
		cr4 |= CR4_PGE;
	if (cpu_has(CPU_SMEP))
		cr4 |= CR4_SMEP;
	if (cpu_has(CPU_SMAP) && usercopy_smap())
		cr4 |= CR4_SMAP;
	if (cpu_has(CPU_UMIP))
		cr4 |= CR4_UMIP;
	if (cpu_has(CPU_FSGSBASE))
		cr4 |= CR4_FSGSBASE;
	if (cpu_has(CPU_XSAVE))
		cr4 |= CR4_OSXSAVE;
	cr4_write(cr4);
	cr0_write(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
	fpu_init_this();
}

const char *cpu_model_name(void)
{
	return model_name;
}

const char *cpu_vendor(void)
{
	return vendor;
}

unsigned int cpu_family(void)
{
	unsigned int family = signature >> 8 & 0xf;

	return family == 0xf ? family + (signature >> 20 & 0xff) : family;
}

unsigned int cpu_model(void)
{
	unsigned int model = signature >> 4 & 0xf, family = signature >> 8 & 0xf;

	return family == 0xf || family == 6 ? model | (signature >> 12 & 0xf0) : model;
}

unsigned int cpu_stepping(void)
{
	return signature & 0xf;
}

const char *cpu_feature_name(enum cpu_feature feature)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(feature_bits); i++)
		if (feature_bits[i].feature == feature)
			return feature_bits[i].name;
	return NULL;
}

u32 cpu_hwcap(void)
{
	return leaf_1_edx;
}

#define HWCAP2_FSGSBASE (1 << 1)

u32 cpu_hwcap2(void)
{
	return cpu_has(CPU_FSGSBASE) ? HWCAP2_FSGSBASE : 0;
}
