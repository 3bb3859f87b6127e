/* The processor: features, interrupt flag, control of one CPU. */
#pragma once

#include <lib/compiler.h>

/* Features that the kernel tests at run time; CPUID has each bit checked once at boot (cpu_features_init). */
enum cpu_feature {
	CPU_NX,
	CPU_SMEP,
	CPU_SMAP,
	CPU_UMIP,
	CPU_PGE,
	CPU_FSGSBASE,
	CPU_XSAVE,
	CPU_XSAVEOPT,
	CPU_PCID,
	CPU_INVPCID,
	CPU_ERMS,
	CPU_FSRM,
	CPU_RDRAND,
	CPU_RDSEED,
	CPU_RDTSCP,
	CPU_TSC,
	CPU_TSC_INVARIANT,
	CPU_TSC_DEADLINE,
	CPU_X2APIC,
	CPU_1GB_PAGES,
	CPU_CX16,
	CPU_HYPERVISOR,
	CPU_IBRS,
	CPU_STIBP,
	CPU_MD_CLEAR,
	CPU_MELTDOWN,
	CPU_MDS,
	CPU_FEATURE_COUNT
};

extern u8 cpu_features[CPU_FEATURE_COUNT]; /* [I] 0 or 1; the boot CPU's, all CPUs are alike */

static inline bool cpu_has(enum cpu_feature feature)
{
	return cpu_features[feature];
}

const char *cpu_model_name(void); /* CPUID brand string */
const char *cpu_vendor(void);
unsigned int cpu_family(void), cpu_model(void), cpu_stepping(void);
const char *cpu_feature_name(
	enum cpu_feature feature); /* as in Linux's /proc/cpuinfo; NULL if it has no name there */
u32 cpu_hwcap(void); /* AT_HWCAP: CPUID 1 EDX */
u32 cpu_hwcap2(void); /* AT_HWCAP2: bit 1 = FSGSBASE usable in user mode */

#define FLAGS_TF (1UL << 8)
#define FLAGS_IF (1UL << 9)
#define FLAGS_AC (1UL << 18)

static inline unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	if (flags & FLAGS_IF)
		__asm__ volatile("sti" : : : "memory");
}

static inline void irq_enable(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void irq_disable(void)
{
	__asm__ volatile("cli" : : : "memory");
}

static inline bool irq_enabled(void)
{
	unsigned long flags;

	__asm__ volatile("pushfq; popq %0" : "=r"(flags) : : "memory");
	return flags & FLAGS_IF;
}

/* Enables interrupts and waits for one, with no window in between. Returns with interrupts on. */
static inline void cpu_wait_for_interrupt(void)
{
	__asm__ volatile("sti; hlt" : : : "memory");
}

__noreturn void cpu_halt_forever(void); /* interrupts off */

/* Inter-processor interrupts. Handlers are upward calls (trap.h). Sending never blocks and needs no lock. */
enum ipi { IPI_RESCHEDULE, IPI_CALL, IPI_TLB, IPI_STOP };
void ipi_send(unsigned int cpu, enum ipi ipi);
u64 ipi_sent_count(void); /* all CPUs */

/* Thread-local base registers of user mode; of the running CPU. FSGSBASE or MSR. */
u64 cpu_user_fs_base(void);
u64 cpu_user_gs_base(void);
void cpu_set_user_fs_base(u64 base); /* canonical, below USER_END: the caller has checked */
void cpu_set_user_gs_base(u64 base);

/* Random 8 bytes from RDSEED/RDRAND; false if the CPU has neither or it failed. Slow (some 25 us under KVM). */
bool cpu_random(u64 *value);
u64 cpu_cycles(void); /* rdtsc */
