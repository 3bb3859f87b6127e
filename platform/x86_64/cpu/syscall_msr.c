/* The registers that make SYSCALL and SYSRET work. */
#include <platform/percpu.h>
#include <x86/entry.h>
#include <x86/msr.h>

DEFINE_PER_CPU(u32, cpu_syscall_limit);

/*
 * What SYSCALL clears: all that a program can set and the kernel relies on being clear. CF PF AF ZF SF TF IF DF OF IOPL NT
 * RF AC ID.
 */
#define SYSCALL_MASK_FLAGS 0x257fd5

/*
 * SYSRET takes CS from bits 63:48 plus 16 and SS from them plus 8, SYSCALL both from 47:32 and 8 above. CSTAR is never
 * used: there is no 32-bit code segment.
 */
void syscall_init_this(void)
{
	_Static_assert(SEL_USER_CODE == SEL_USER_CODE32 + 16 &&
			       SEL_USER_DATA == SEL_USER_CODE32 + 8 &&
			       SEL_KERNEL_DATA == SEL_KERNEL_CODE + 8,
		       "order of the segments");
	msr_write(MSR_STAR, (u64)SEL_USER_CODE32 << 48 | (u64)SEL_KERNEL_CODE << 32);
	msr_write(MSR_LSTAR, (u64)entry_points()->syscall);
	msr_write(MSR_SYSCALL_MASK, SYSCALL_MASK_FLAGS);
	msr_write(MSR_EFER, msr_read(MSR_EFER) | EFER_SCE);
	this_cpu(cpu_syscall_limit) = syscall_count;
}
