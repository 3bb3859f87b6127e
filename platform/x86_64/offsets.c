/* Constants for assembly: generated/offsets.h. Never linked. */
#include <kbuild_offsets.h>
#include <platform/context.h>
#include <x86/entry.h>

void offsets(void);
void offsets(void)
{
	OFFSET(TF_R15, trap_frame, r15);
	OFFSET(TF_R14, trap_frame, r14);
	OFFSET(TF_R13, trap_frame, r13);
	OFFSET(TF_R12, trap_frame, r12);
	OFFSET(TF_RBP, trap_frame, rbp);
	OFFSET(TF_RBX, trap_frame, rbx);
	OFFSET(TF_R11, trap_frame, r11);
	OFFSET(TF_R10, trap_frame, r10);
	OFFSET(TF_R9, trap_frame, r9);
	OFFSET(TF_R8, trap_frame, r8);
	OFFSET(TF_RAX, trap_frame, rax);
	OFFSET(TF_RCX, trap_frame, rcx);
	OFFSET(TF_RDX, trap_frame, rdx);
	OFFSET(TF_RSI, trap_frame, rsi);
	OFFSET(TF_RDI, trap_frame, rdi);
	OFFSET(TF_ORIG_RAX, trap_frame, orig_rax);
	OFFSET(TF_RIP, trap_frame, rip);
	OFFSET(TF_CS, trap_frame, cs);
	OFFSET(TF_RFLAGS, trap_frame, rflags);
	OFFSET(TF_RSP, trap_frame, rsp);
	OFFSET(TF_SS, trap_frame, ss);
	DEFINE(TF_SIZE, sizeof(struct trap_frame));

	OFFSET(TASK_WORK, task_head, work);
	OFFSET(TASK_KERNEL_SP, task_head, kernel_sp);
	OFFSET(TASK_KERNEL_STACK_TOP, task_head, kernel_stack_top);
	OFFSET(TASK_STACK_GUARD, task_head, stack_guard);
	DEFINE(WORK_FULL_RESTORE, WORK_FULL_RESTORE);
	DEFINE(WORK_TRACE, WORK_TRACE);

	OFFSET(EA_TSS_RSP0, entry_area, tss.rsp[0]);
	OFFSET(EA_USER_RSP, entry_area, user_rsp);
	OFFSET(EA_KERNEL_CR3, entry_area, kernel_cr3);
	OFFSET(EA_USER_CR3, entry_area, user_cr3);
	DEFINE(STUB_SIZE, STUB_SIZE);

	DEFINE(CONTEXT_FRAME_SIZE, sizeof(struct context_frame));
}
