/*
 * What assembly needs, inline here or in a file of its own (entry/asm.inc): entries of the exception table, and sites whose
 * instructions not every machine wants. Both are lists in sections of their own, with 32-bit distances for addresses.
 *
 * EXTABLE(from, to): an exception in kernel mode at label `from` goes on at label `to`, with all registers as they were,
 * except that EFLAGS.AC is clear: whoever goes on to touch user memory says so again (trap_fixup).
 *
 * SITE(kind, instruction): one instruction of at most 15 bytes. traps_init replaces it by NOPs unless this machine, with
 * this command line, wants `kind`; so the choice costs no branch.
 */
#pragma once

#define SITE_SMAP 0 /* stac, clac: CPU has SMAP */
#define SITE_VERW 1 /* on the way to user mode: CPU leaks its buffers (MDS) and verw clears them */
#define SITE_SWAPGS 2 /* lfence: the CPU guesses past swapgs */
#define SITE_TASK_STACK 3 /* TSS.rsp0 follows the task: no page-table isolation */
#define SITE_COUNT 4

#ifndef __ASSEMBLER__

#define EXTABLE(from, to)                                                                          \
	".pushsection __ex_table, \"a\"\n\t"                                                       \
	".balign 4\n\t"                                                                            \
	".long " from " - ., " to " - .\n\t"                                                       \
	".popsection\n\t"

/*
 * asm goto with outputs. GCC before 12.4 may drop it, or lose an output (GCC bug 113921), unless it is volatile and another
 * statement follows.
 */
#define ASM_GOTO_OUTPUT(...)                                                                       \
	do {                                                                                       \
		__asm__ volatile goto(__VA_ARGS__);                                                \
		__asm__ volatile("");                                                              \
	} while (0)

#define SITE_NUMBER(kind) #kind
#define SITE(kind, instruction)                                                                    \
	"771:\t" instruction "\n"                                                                  \
	"772:\t.pushsection .feature_sites, \"a\"\n\t"                                             \
	".balign 4\n\t"                                                                            \
	".long 771b - .\n\t"                                                                       \
	".byte 772b - 771b, " SITE_NUMBER(kind) "\n\t.short 0\n\t.popsection\n\t"

#endif
