/* Instructions that this machine does not want become NOPs (SITE of platform/asm.h), and which mitigations it wants. */
#include <lib/string.h>
#include <platform/asm.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <profile/mitigations.h>
#include <x86/cpuid.h>
#include <x86/entry.h>
#include <x86/image.h>
#include <x86/msr.h>
#include <x86/setup.h>

static bool mitigations_on __ro_after_init;
static bool isolation __ro_after_init;

/* The recommended NOPs (SDM vol. 2B, NOP): one instruction each. */
#define NOP_MAX 9
static const u8 nops[NOP_MAX][NOP_MAX] = {
	{ 0x90 },
	{ 0x66, 0x90 },
	{ 0x0f, 0x1f, 0x00 },
	{ 0x0f, 0x1f, 0x40, 0x00 },
	{ 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00 },
	{ 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
	{ 0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00 },
};

static void __init nop_fill(u8 *at, size_t length)
{
	while (length) {
		size_t part = MIN(length, (size_t)NOP_MAX);

		memcpy(at, nops[part - 1], part);
		at += part;
		length -= part;
	}
}

/* Text is read-only: the caller has cleared CR0.WP. No other CPU runs yet. */
void __init sites_init(void)
{
	const bool wanted[SITE_COUNT] = {
		[SITE_SMAP] = cpu_has(CPU_SMAP),
		[SITE_VERW] = mitigations_on && cpu_has(CPU_MDS) && cpu_has(CPU_MD_CLEAR),
		[SITE_SWAPGS] = mitigations_on && (cpu_has(CPU_MELTDOWN) || cpu_has(CPU_MDS)),
		[SITE_TASK_STACK] = !isolation,
	};

	for (const struct feature_site *site = __feature_sites_start; site < __feature_sites_end;
	     site++)
		if (!wanted[site->kind])
			nop_fill((u8 *)&site->at + site->at, site->length);
}

/*
 * mitigations=off and mitigations=auto are Linux's, pti=on, off, auto and nopti as well. The CPU bugs that are known are
 * Intel's of the years before 2019; a profile without MITIGATIONS has none of it, unless pti=on asks for isolation by name.
 */
void __init mitigations_init(const char *command_line __unused)
{
	mitigations_on = mitigations_built() && !boot_option_is("mitigations", "off");
	isolation = mitigations_on && cpu_has(CPU_MELTDOWN);
	if (boot_option_is("pti", "on"))
		isolation = true;
	if (boot_option_is("pti", "off") || boot_option("nopti", NULL) >= 0)
		isolation = false;
}

bool pti_enabled(void)
{
	return isolation;
}

const struct entry_points *entry_points(void)
{
	return isolation ? &entry_points_pti : &entry_points_plain;
}

#define ARCH_CAPABILITIES_IBRS_ALL (1 << 1)
#define CPUID_7_EDX_ARCH_CAPABILITIES (1 << 29)

/* IBRS that is set once and then holds for kernel mode alone; the older kind, set at each entry, is what retpolines replace. */
static bool ibrs_all(void)
{
	return cpu_has(CPU_IBRS) && cpuid_max(0) >= 7 &&
	       cpuid_read(7, 0).edx & CPUID_7_EDX_ARCH_CAPABILITIES &&
	       msr_read(MSR_ARCH_CAPABILITIES) & ARCH_CAPABILITIES_IBRS_ALL;
}

void mitigations_init_this(void)
{
	u64 control = 0;

	if (isolation)
		cr4_write(cr4_read() & ~(u64)CR4_PGE);
	if (!mitigations_on)
		return;
	if (ibrs_all())
		control |= SPEC_CTRL_IBRS;
	if (cpu_has(CPU_STIBP))
		control |= SPEC_CTRL_STIBP;
	if (control)
		msr_write(MSR_SPEC_CTRL, control);
}
