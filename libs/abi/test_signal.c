/*
 * Signal structures against the C library's and, where it hides the kernel's form, against a
 * running handler.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <abi_same.h>

#include <abi/signal.h>

#define SAME_MEMBER(ours, theirs)                                                                  \
	EXPECT_EQ(offsetof(struct abi_siginfo, ours), offsetof(siginfo_t, theirs))

TEST(siginfo)
{
	SAME_SIZE(abi_siginfo, siginfo_t);
	SAME_MEMBER(si_signo, si_signo);
	SAME_MEMBER(si_errno, si_errno);
	SAME_MEMBER(si_code, si_code);
	SAME_MEMBER(fields.rt.pid, si_pid);
	SAME_MEMBER(fields.rt.uid, si_uid);
	SAME_MEMBER(fields.rt.value, si_value);
	SAME_MEMBER(fields.timer.tid, si_timerid);
	SAME_MEMBER(fields.timer.overrun, si_overrun);
	SAME_MEMBER(fields.child.status, si_status);
	SAME_MEMBER(fields.child.utime, si_utime);
	SAME_MEMBER(fields.child.stime, si_stime);
	SAME_MEMBER(fields.fault.addr, si_addr);
	SAME_MEMBER(fields.fault.addr_lsb, si_addr_lsb);
	SAME_MEMBER(fields.fault.lower, si_lower);
	SAME_MEMBER(fields.fault.upper, si_upper);
	SAME_MEMBER(fields.poll.band, si_band);
	SAME_MEMBER(fields.poll.fd, si_fd);
	SAME_MEMBER(fields.sys.call_addr, si_call_addr);
	SAME_MEMBER(fields.sys.syscall, si_syscall);
	SAME_MEMBER(fields.sys.arch, si_arch);
}

TEST(stack_and_event)
{
	SAME_SIZE(abi_stack, stack_t);
	SAME(abi_stack, stack_t, ss_sp);
	SAME(abi_stack, stack_t, ss_flags);
	SAME(abi_stack, stack_t, ss_size);
	SAME_SIZE(abi_sigevent, struct sigevent);
	SAME(abi_sigevent, struct sigevent, sigev_signo);
	SAME(abi_sigevent, struct sigevent, sigev_notify);
	EXPECT_EQ(offsetof(struct abi_sigevent, sigev_tid),
		  offsetof(struct sigevent, sigev_notify_attributes) - 8);
}

#define REGISTER(name, number)                                                                     \
	EXPECT_EQ(offsetof(struct abi_ucontext, uc_mcontext.name),                                 \
		  offsetof(ucontext_t, uc_mcontext.gregs[number]))

TEST(context)
{
	SAME(abi_ucontext, ucontext_t, uc_flags);
	SAME(abi_ucontext, ucontext_t, uc_link);
	SAME(abi_ucontext, ucontext_t, uc_stack);
	REGISTER(r8, REG_R8);
	REGISTER(r15, REG_R15);
	REGISTER(rdi, REG_RDI);
	REGISTER(rsi, REG_RSI);
	REGISTER(rbp, REG_RBP);
	REGISTER(rbx, REG_RBX);
	REGISTER(rdx, REG_RDX);
	REGISTER(rax, REG_RAX);
	REGISTER(rcx, REG_RCX);
	REGISTER(rsp, REG_RSP);
	REGISTER(rip, REG_RIP);
	REGISTER(eflags, REG_EFL);
	REGISTER(cs, REG_CSGSFS);
	REGISTER(err, REG_ERR);
	REGISTER(trapno, REG_TRAPNO);
	REGISTER(oldmask, REG_OLDMASK);
	REGISTER(cr2, REG_CR2);
	EXPECT_EQ(offsetof(struct abi_ucontext, uc_mcontext.fpstate),
		  offsetof(ucontext_t, uc_mcontext.fpregs));
	EXPECT_EQ(offsetof(struct abi_ucontext, uc_sigmask), offsetof(ucontext_t, uc_sigmask));
	SAME_SIZE(abi_fpstate, struct _libc_fpstate);
	EXPECT_EQ(offsetof(struct abi_fpstate, mxcsr), offsetof(struct _libc_fpstate, mxcsr));
	EXPECT_EQ(offsetof(struct abi_fpstate, xmm_space), offsetof(struct _libc_fpstate, _xmm));
	EXPECT_EQ(offsetof(struct abi_fpstate, sw_reserved), ABI_FPX_SW_OFFSET);
}

/* The frame that this system's kernel made, as our structures see it. */
static struct abi_rt_sigframe seen;
static struct abi_fpx_sw_bytes seen_sw;
static u32 seen_magic2;
static u64 seen_alignment;

static void handler(int signal, siginfo_t *info, void *context)
{
	struct abi_rt_sigframe *frame =
		container_of((struct abi_ucontext *)context, struct abi_rt_sigframe, uc);
	struct abi_fpstate *fp = (struct abi_fpstate *)frame->uc.uc_mcontext.fpstate;

	EXPECT_EQ(signal, SIGUSR1);
	EXPECT((void *)&frame->info == (void *)info);
	seen = *frame;
	seen_sw = fp->sw_reserved;
	seen_alignment = (u64)frame % 16;
	if (seen_sw.magic1 == FP_XSTATE_MAGIC1)
		memcpy(&seen_magic2, (u8 *)fp + seen_sw.extended_size - 4, 4);
}

TEST(running_frame)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	struct abi_sigaction kernel_form;

	sigaction(SIGUSR1, &action, NULL);
	EXPECT_EQ(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &kernel_form, 8), 0);
	EXPECT_EQ(kernel_form.handler, (u64)handler);
	EXPECT_EQ(kernel_form.flags, SA_SIGINFO | SA_RESTORER);
	EXPECT_EQ(kernel_form.mask.bits, 0);
	raise(SIGUSR1);
	EXPECT_EQ(seen.pretcode, kernel_form.restorer);
	EXPECT_EQ(seen.info.si_signo, SIGUSR1);
	EXPECT_EQ(seen.info.fields.rt.pid, getpid());
	EXPECT_EQ(seen.info.si_code, SI_TKILL);
	/* As if called: one word above a multiple of 16. */
	EXPECT_EQ(seen_alignment, 8);
	EXPECT(seen_sw.magic1 == FP_XSTATE_MAGIC1 ? seen_magic2 == FP_XSTATE_MAGIC2
						  : seen_sw.magic1 == 0);
	EXPECT_EQ(seen.uc.uc_mcontext.cs, 0x33);
}
