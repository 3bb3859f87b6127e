/*
 * Which of the instructions that not every machine wants are there, read back from the machine code; testing/kunit compares
 * them with the CPU and the words of the command line. And what a user copy does with an address of the kernel.
 */
#include <kunit/kunit.h>
#include <platform/asm.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <platform/usercopy.h>
#include <profile/usercopy.h>
#include <x86/entry.h>
#include <x86/image.h>

static bool is_nop(const u8 *at)
{
	if (*at == 0x66)
		at++;
	return at[0] == 0x90 || (at[0] == 0x0f && at[1] == 0x1f);
}

static bool in_boot_code(const u8 *at)
{
	return (char *)at >= __init_text_start && (char *)at < __init_text_end;
}

struct sites {
	u32 kept, replaced;
};

/* The list is no longer mapped where it was linked; its distances count from there. */
static void sites_count(struct sites of[SITE_COUNT])
{
	const struct feature_site *alias =
		paddr_to_virt(virt_to_paddr((const void *)__feature_sites_start));

	for (u64 i = 0; i < (u64)(__feature_sites_end - __feature_sites_start); i++) {
		const u8 *at = (const u8 *)&__feature_sites_start[i].at + alias[i].at;

		if (in_boot_code(at))
			continue;
		of[alias[i].kind].kept += !is_nop(at);
		of[alias[i].kind].replaced += is_nop(at);
	}
}

KUNIT(mitigations_instructions)
{
	struct sites of[SITE_COUNT] = {};

	sites_count(of);
	for (unsigned int kind = 0; kind < SITE_COUNT; kind++)
		KEXPECT(!of[kind].kept || !of[kind].replaced);
	KEXPECT_EQ(of[SITE_SMAP].kept > 0, usercopy_smap() && cpu_has(CPU_SMAP));
	KEXPECT_EQ(of[SITE_TASK_STACK].kept > 0, !pti_enabled());
	KEXPECT(entry_points() == (pti_enabled() ? &entry_points_pti : &entry_points_plain));
	kunit_observed("mitigation verw", of[SITE_VERW].kept);
	kunit_observed("mitigation swapgs", of[SITE_SWAPGS].kept);
	kunit_observed("mitigation pti", pti_enabled());
}

/* A mask makes it the last byte of all, which faults; a comparison refuses it. */
KUNIT(usercopy_kernel_address)
{
	struct user_ptr at = user_ptr(DIRECT_MAP_BASE);
	bool goes_on = user_range_begin(&at, 8);

	KEXPECT(!goes_on || at.addr == ~0ULL);
	kunit_observed("USERCOPY_MASK", goes_on);
}
