/* Small services of the running CPU: random numbers, cycles, user segment bases, halting. */
#include <platform/cpu.h>

#include <platform/percpu.h>
#include <x86/msr.h>
#include <x86/setup.h>

/* Intel's advice: ten attempts; then the source is broken. */
#define RANDOM_ATTEMPTS 10

static bool rdseed(u64 *value)
{
	bool ok;

	__asm__ volatile("rdseed %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

static bool rdrand(u64 *value)
{
	bool ok;

	__asm__ volatile("rdrand %0" : "=r"(*value), "=@ccc"(ok));
	return ok;
}

bool cpu_random(u64 *value)
{
	int i;

	for (i = 0; i < RANDOM_ATTEMPTS; i++) {
		if (cpu_has(CPU_RDSEED) && rdseed(value))
			return true;
		if (cpu_has(CPU_RDRAND) && rdrand(value))
			return true;
	}
	return false;
}

u64 cpu_cycles(void)
{
	return __builtin_ia32_rdtsc();
}

/* In the kernel GS is the per-CPU base; the user's is in the MSR that swapgs exchanges it with. */
u64 cpu_user_fs_base(void)
{
	u64 base;

	if (!cpu_has(CPU_FSGSBASE))
		return msr_read(MSR_FS_BASE);
	__asm__ volatile("rdfsbase %0" : "=r"(base));
	return base;
}

void cpu_set_user_fs_base(u64 base)
{
	if (cpu_has(CPU_FSGSBASE))
		__asm__ volatile("wrfsbase %0" : : "r"(base));
	else
		msr_write(MSR_FS_BASE, base);
}

u64 cpu_user_gs_base(void)
{
	return msr_read(MSR_KERNEL_GS_BASE);
}

void cpu_set_user_gs_base(u64 base)
{
	msr_write(MSR_KERNEL_GS_BASE, base);
}

void cpu_halt_forever(void)
{
	irq_disable();
	for (;;)
		__asm__ volatile("hlt");
}

void cpu_stop_this(void)
{
	cpu_set_online(this_cpu_number(), false);
	cpu_halt_forever();
}
