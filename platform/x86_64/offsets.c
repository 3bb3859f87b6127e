/* Constants for assembly: generated/offsets.h. Never linked. */
#include <kbuild_offsets.h>
#include <platform/context.h>
#include <platform/fault.h>
#include <x86/entry.h>

void offsets(void);
void fault_offsets(void);
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

	OFFSET(TASK_FAULTS_MINOR, task_head, faults_minor);
	OFFSET(EA_TSS_RSP0, entry_area, tss.rsp[0]);
	OFFSET(EA_USER_RSP, entry_area, user_rsp);
	OFFSET(EA_KERNEL_CR3, entry_area, kernel_cr3);
	OFFSET(EA_USER_CR3, entry_area, user_cr3);
	DEFINE(STUB_SIZE, STUB_SIZE);
	DEFINE(PAGE_FAULT_RESERVED, PAGE_FAULT_RESERVED);

	DEFINE(CONTEXT_FRAME_SIZE, sizeof(struct context_frame));
}

/* For entry/fault_fast.inc. */
void fault_offsets(void)
{
	OFFSET(FR_START, fault_range, start);
	OFFSET(FR_END, fault_range, end);
	OFFSET(FR_ENTRY_BITS, fault_range, entry_bits);
	OFFSET(FR_SEQUENCE, fault_range, sequence);
	OFFSET(FR_KINDS, fault_range, kinds);
	OFFSET(FR_MARKS, fault_range, marks);
	DEFINE(FAULT_RANGE_MARKS, FAULT_RANGE_MARKS);
	OFFSET(FS_ROOT, fault_space, context.root.table);
	OFFSET(FS_SEQUENCE, fault_space, sequence);
	OFFSET(FS_RESIDENT, fault_space, resident);
	OFFSET(FH_REF, frame_head, ref);
	OFFSET(FH_FLAGS, frame_head, flags);
	OFFSET(FH_OWNER, frame_head, owner);
	OFFSET(FH_TABLE_ENTRIES, frame_head, table_entries);
	OFFSET(FH_TABLE_LOCK, frame_head, table_lock);
	OFFSET(STACK_COUNT, frame_stack, count);
	OFFSET(STACK_FRAMES, frame_stack, frames);
	DEFINE(STACK_SIZE, sizeof(struct frame_stack));
	OFFSET(FC_WRITES, fault_counts, writes);
	OFFSET(FC_READS, fault_counts, reads);
	OFFSET(FC_FRAMES, fault_counts, frames);
	DEFINE(FAULT_RANGE_READ, FAULT_RANGE_READ);
	DEFINE(FAULT_RANGE_WRITE, FAULT_RANGE_WRITE);
	DEFINE(FRAME_OWNER_ANON, FRAME_OWNER_ANON);
	DEFINE(FRAME_HEAD_SHIFT, FRAME_HEAD_SHIFT);
	DEFINE(PTE_OWN_TABLE_BITS, PTE_PRESENT | PTE_WRITE | PTE_HUGE | PTE_SOFT_SHARED_TABLE);
	DEFINE(PTE_OWN_TABLE, PTE_PRESENT | PTE_WRITE);
	DEFINE(PT_ENTRIES, PT_ENTRIES);
	DEFINE(PTE_PRESENT, PTE_PRESENT);
	DEFINE(PTE_WRITE_BITS, PTE_WRITE | PTE_DIRTY);
	DEFINE(FAULT_WALK_MAX, FAULT_WALK_MAX);
	DEFINE(FAULT_READ_BY_USER, TRAP_FAULT_USER);
	DEFINE(FAULT_WRITE_BY_USER, TRAP_FAULT_USER | TRAP_FAULT_WRITE);
}
