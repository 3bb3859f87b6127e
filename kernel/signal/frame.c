/*
 * The frame that a handler returns through, as Linux lays it out on the user's stack, from high to low addresses: the red
 * zone of the interrupted function, the FPU image (64-byte aligned), siginfo, ucontext, return address. All that the
 * interrupted program was lies there and nowhere else, so handlers nest.
 */
#include <abi/errno.h>
#include <lib/string.h>
#include <platform/fpu.h>
#include <platform/trap.h>

#include "internal.h"

#define RED_ZONE 128
#define FPU_ALIGN 64
#define STACK_ALIGN 16

#define FLAG_TF (1UL << 8)
#define FLAG_DF (1UL << 10)
#define FLAG_RF (1UL << 16)
/* What sigreturn takes from the frame: the arithmetic flags, TF, DF, RF, AC. */
#define FLAGS_RESTORED                                                                             \
	(1UL | 1UL << 2 | 1UL << 4 | 1UL << 6 | 1UL << 7 | FLAG_TF | FLAG_DF | 1UL << 11 |         \
	 FLAG_RF | 1UL << 18)

static bool on_altstack(u64 sp)
{
	/* The stack grows down: its very top counts, its base does not. */
	return !(current->altstack_flags & SS_AUTODISARM) && sp > current->altstack_base &&
	       sp - current->altstack_base <= current->altstack_size;
}

static int altstack_state(u64 sp)
{
	if (!current->altstack_size)
		return SS_DISABLE;
	return on_altstack(sp) ? SS_ONSTACK : 0;
}

size_t signal_frame_size(void)
{
	return ALIGN_UP(sizeof(struct abi_rt_sigframe) + fpu_frame_size() + FPU_ALIGN + STACK_ALIGN,
			STACK_ALIGN);
}

/* Where the frame begins; *fpu: where the FPU image does. 0: no room on the alternate stack. */
static u64 frame_place(const struct abi_sigaction *action, const struct trap_frame *frame, u64 *fpu)
{
	u64 sp = frame->rsp - RED_ZONE;
	bool nested = on_altstack(frame->rsp), entering = false;

	if ((action->flags & SA_ONSTACK) && altstack_state(frame->rsp) == 0) {
		sp = current->altstack_base + current->altstack_size;
		entering = true;
	}
	sp = *fpu = ALIGN_DOWN(sp - fpu_frame_size(), FPU_ALIGN);
	sp = ALIGN_DOWN(sp - sizeof(struct abi_rt_sigframe), STACK_ALIGN) - 8;
	if ((nested || entering) &&
	    (sp <= current->altstack_base || sp - current->altstack_base > current->altstack_size))
		return 0;
	return sp;
}

static void context_fill(struct abi_sigcontext *context, const struct trap_frame *frame,
			 sigset_t mask, u64 fpu)
{
	*context = (struct abi_sigcontext){
		.r8 = frame->r8,
		.r9 = frame->r9,
		.r10 = frame->r10,
		.r11 = frame->r11,
		.r12 = frame->r12,
		.r13 = frame->r13,
		.r14 = frame->r14,
		.r15 = frame->r15,
		.rdi = frame->rdi,
		.rsi = frame->rsi,
		.rbp = frame->rbp,
		.rbx = frame->rbx,
		.rdx = frame->rdx,
		.rax = frame->rax,
		.rcx = frame->rcx,
		.rsp = frame->rsp,
		.rip = frame->rip,
		.eflags = frame->rflags,
		.cs = (u16)frame->cs,
		.ss = (u16)frame->ss,
		.err = current->fault_error,
		.trapno = current->fault_vector,
		.cr2 = current->fault_address,
		.oldmask = mask,
		.fpstate = fpu,
	};
}

static int fpu_write(u64 at)
{
	fpu_to_memory();
	fpu_frame_finish(current->fpu);
	if (user_write(user_ptr(at), current->fpu, fpu_frame_size()))
		return -EFAULT;
	return 0;
}

static int frame_write(const struct signal_delivery *delivery, const struct trap_frame *frame,
		       sigset_t mask, u64 at, u64 fpu)
{
	struct abi_rt_sigframe content;

	memset(&content, 0, sizeof(content));
	content.pretcode = delivery->action.restorer;
	content.uc.uc_flags = (fpu_frame_size() > sizeof(struct abi_fpstate) ? UC_FP_XSTATE : 0) |
			      UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS;
	content.uc.uc_stack.ss_sp = current->altstack_base;
	content.uc.uc_stack.ss_size = current->altstack_size;
	content.uc.uc_stack.ss_flags = altstack_state(frame->rsp) |
				       (int)(current->altstack_flags & SS_AUTODISARM);
	content.uc.uc_sigmask.bits = mask;
	context_fill(&content.uc.uc_mcontext, frame, mask, fpu);
	if (delivery->action.flags & SA_SIGINFO)
		content.info = delivery->info;
	return user_write(user_ptr(at), &content, sizeof(content));
}

int signal_frame_make(struct signal_delivery *delivery, struct trap_frame *frame, sigset_t mask)
{
	const struct abi_sigaction *action = &delivery->action;
	u64 fpu, at = frame_place(action, frame, &fpu);

	if (!at || !(action->flags & SA_RESTORER))
		return -EFAULT;
	if (fpu_write(fpu) || frame_write(delivery, frame, mask, at, fpu))
		return -EFAULT;
	if (current->altstack_flags & SS_AUTODISARM) {
		current->altstack_base = current->altstack_size = 0;
		current->altstack_flags = SS_DISABLE;
	}
	frame->rdi = (u64)delivery->signo;
	frame->rsi = at + offsetof(struct abi_rt_sigframe, info);
	frame->rdx = at + offsetof(struct abi_rt_sigframe, uc);
	frame->rax = 0;
	frame->rip = action->handler;
	frame->rsp = at;
	frame->rflags &= ~(FLAG_DF | FLAG_RF | FLAG_TF);
	frame->cs = SEL_USER_CODE;
	frame->ss = SEL_USER_DATA;
	frame->orig_rax = ~0UL;
	fpu_state_init(current->fpu); /* in memory since fpu_write: handlers begin with a clean one */
	return 0;
}

static void context_restore(struct trap_frame *frame, const struct abi_sigcontext *context)
{
	*frame = (struct trap_frame){
		.r15 = context->r15,
		.r14 = context->r14,
		.r13 = context->r13,
		.r12 = context->r12,
		.rbp = context->rbp,
		.rbx = context->rbx,
		.r11 = context->r11,
		.r10 = context->r10,
		.r9 = context->r9,
		.r8 = context->r8,
		.rax = context->rax,
		.rcx = context->rcx,
		.rdx = context->rdx,
		.rsi = context->rsi,
		.rdi = context->rdi,
		.orig_rax = ~0UL,
		.rip = context->rip,
		.cs = SEL_USER_CODE,
		.rsp = context->rsp,
		.ss = SEL_USER_DATA,
		.rflags = (frame->rflags & ~FLAGS_RESTORED) | (context->eflags & FLAGS_RESTORED),
	};
}

/* How many bytes of an image the program says there are: the whole one with its end magic, or the old 512. */
static size_t image_size(const struct abi_fpstate *head, u64 at)
{
	const struct abi_fpx_sw_bytes *sw = &head->sw_reserved;
	u32 magic;

	if (sw->magic1 != FP_XSTATE_MAGIC1 || sw->xstate_size < sizeof(*head) ||
	    sw->xstate_size + sizeof(magic) > fpu_frame_size() ||
	    sw->xstate_size > sw->extended_size)
		return sizeof(*head);
	if (user_read_u32(&magic, user_ptr(at + sw->xstate_size)) || magic != FP_XSTATE_MAGIC2)
		return sizeof(*head);
	return sw->xstate_size + sizeof(magic);
}

/* Linux has the CPU load the image where it lies, which must be aligned as FXRSTOR and XRSTOR want it. */
static bool image_is_aligned(u64 at, size_t size)
{
	return IS_ALIGNED(at, size > sizeof(struct abi_fpstate) ? FPU_ALIGN : 16);
}

static int image_read(u64 at)
{
	struct abi_fpstate head;
	size_t size;

	if (user_read(&head, user_ptr(at), sizeof(head)))
		return -EFAULT;
	size = image_size(&head, at);
	if (!image_is_aligned(at, size) || user_read(current->fpu, user_ptr(at), size) ||
	    !fpu_sanitize(current->fpu, size))
		return -EFAULT;
	return 0;
}

/* The registers are in memory from the first line on, so a half-read image is never loaded. */
static int fpu_restore(u64 at)
{
	int error;

	fpu_to_memory();
	error = at ? image_read(at) : 0;
	if (!at || error)
		fpu_state_init(current->fpu);
	return error;
}

static void altstack_restore(const struct abi_stack *stack)
{
	if (stack->ss_flags & SS_DISABLE || stack->ss_size < MINSIGSTKSZ) {
		current->altstack_base = current->altstack_size = 0;
		current->altstack_flags = SS_DISABLE;
		return;
	}
	current->altstack_base = stack->ss_sp;
	current->altstack_size = stack->ss_size;
	current->altstack_flags = (u32)stack->ss_flags & SS_AUTODISARM;
}

/* A rip where no program can be faults on the way out (iret_to_user), as any bad jump does. */
static int sigreturn(struct trap_frame *frame)
{
	struct abi_ucontext context;
	u64 at = frame->rsp - 8; /* the restorer's return address has been popped */

	if (user_read(&context, user_ptr(at + offsetof(struct abi_rt_sigframe, uc)),
		      sizeof(context)))
		return -EFAULT;
	signal_set_mask(context.uc_sigmask.bits);
	context_restore(frame, &context.uc_mcontext);
	if (fpu_restore(context.uc_mcontext.fpstate))
		return -EFAULT;
	altstack_restore(&context.uc_stack);
	return 0;
}

long signal_return(struct trap_frame *frame)
{
	__atomic_fetch_or(&current->head.work, WORK_FULL_RESTORE, __ATOMIC_SEQ_CST);
	if (sigreturn(frame)) {
		frame->orig_rax = ~0UL;
		signal_fault(SIGSEGV, SI_KERNEL, 0);
		return 0;
	}
	return (long)frame->rax;
}

long signal_altstack(struct user_ptr new, struct user_ptr old, u64 sp)
{
	struct abi_stack before = { 0 }, after;
	int mode;

	if (new.addr && user_read(&after, new, sizeof(after)))
		return -EFAULT;
	before.ss_sp = current->altstack_base;
	before.ss_size = current->altstack_size;
	before.ss_flags = altstack_state(sp) | (int)(current->altstack_flags & SS_AUTODISARM);
	if (new.addr) {
		if (on_altstack(sp))
			return -EPERM;
		mode = (int)((u32)after.ss_flags & ~SS_AUTODISARM);
		if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
			return -EINVAL;
		if (mode == SS_DISABLE)
			after.ss_size = after.ss_sp = 0;
		else if (after.ss_size < MINSIGSTKSZ)
			return -ENOMEM;
		current->altstack_base = after.ss_sp;
		current->altstack_size = after.ss_size;
		current->altstack_flags = (u32)after.ss_flags;
	}
	return old.addr ? user_write(old, &before, sizeof(before)) : 0;
}
