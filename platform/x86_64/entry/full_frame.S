/*
 * System calls that read or replace the whole frame: struct syscall_table points at full_frame_<name> instead of
 * sys_<name> (FULL_FRAME in kernel/syscall_list.h). These are all: whatever else needs a frame runs in trap_exit_work.
 */
#include "entry.inc"

	.text

/*
 * long full_frame_<name>(u64, u64, u64, u64, u64, u64)
 *	in: as the system call; callee-saved registers have the program's values, or the frame has them (ENTRY_SAVE_ALL)
 *	out, clobbered: as sys_<name>
 *	must be true: called by the system call entry itself, so that the frame lies above the return address
 */
.macro FULL_FRAME name:req
FUNCTION full_frame_\name
	COMPLETE_SYSCALL_FRAME offset=CALL_PAD+8
	jmp sys_\name
FUNCTION_END full_frame_\name
.endm

	FULL_FRAME missing /* numbers below SYSCALL_COUNT that have no call */
	FULL_FRAME fork
	FULL_FRAME vfork
	FULL_FRAME clone
	FULL_FRAME clone3
	FULL_FRAME execve
	FULL_FRAME execveat
	FULL_FRAME rt_sigreturn
