/*
 * Indirect branches that the CPU cannot be trained to guess: -mindirect-branch=thunk-extern makes the compiler call these
 * instead of branching through a register. The RET is predicted to the endless loop, where speculation waits; the real
 * return address has been replaced by the register.
 */
#include "entry.inc"

#if config_on(CONFIG_MITIGATIONS)
	.text

/*
 * __x86_indirect_thunk_<reg>
 *	in: reg = address to go to; stack as for a jump there
 *	out, clobbered: nothing, but flags
 */
.macro THUNK reg:req
FUNCTION __x86_indirect_thunk_\reg
	call .Lset_\reg
.Lwait_\reg:
	pause
	lfence
	jmp .Lwait_\reg
.Lset_\reg:
	movq %\reg, (%rsp)
	ret
FUNCTION_END __x86_indirect_thunk_\reg
.endm

	.irp reg, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	THUNK \reg
	.endr
#endif
