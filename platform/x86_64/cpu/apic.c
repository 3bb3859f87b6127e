/*
 * The local APIC (SDM vol. 3, chapter 11): interrupts between CPUs, end of interrupt, the timer's counter. In xAPIC mode
 * its registers are memory, in x2APIC mode MSRs; the mode is the firmware's choice.
 */
#include <x86/apic.h>

#include <platform/cpu.h>
#include <platform/percpu.h>
#include <x86/cpuid.h>
#include <x86/io.h>
#include <x86/msr.h>
#include <x86/setup.h>
#include <x86/vectors.h>

enum {
	LAPIC_ID = 0x20,
	LAPIC_TASK_PRIORITY = 0x80,
	LAPIC_EOI = 0xb0,
	LAPIC_SPURIOUS = 0xf0,
	LAPIC_ERROR = 0x280,
	LAPIC_COMMAND = 0x300, /* 64 bits; xAPIC: high half at + 0x10 */
	LAPIC_COMMAND_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_START = 0x380,
	LAPIC_TIMER_LEFT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};

#define SPURIOUS_ENABLE (1 << 8)
#define LVT_MASKED (1 << 16)
#define LVT_NMI (4 << 8)
#define DIVIDE_BY_1 0xb
#define COMMAND_PENDING (1 << 12)
#define COMMAND_ASSERT (1 << 14)
#define COMMAND_INIT (5 << 8)
#define COMMAND_STARTUP (6 << 8)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define LAPIC_SIZE 0x400

static volatile u32 *registers __ro_after_init;
static bool x2apic __ro_after_init;

static u32 lapic_read(unsigned int reg)
{
	return x2apic ? msr_read(MSR_X2APIC + reg / 16) : registers[reg / 4];
}

static void lapic_write(unsigned int reg, u32 value)
{
	if (x2apic)
		msr_write(MSR_X2APIC + reg / 16, value);
	else
		registers[reg / 4] = value;
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

/* From CPUID, since the tables that need it are read before the registers are mapped. */
u32 lapic_id(void)
{
	struct cpuid r;

	if (cpuid_max(0) >= 0xb) {
		r = cpuid_read(0xb, 0);
		if (r.ebx)
			return r.edx;
	}
	return cpuid_read(1, 0).ebx >> 24;
}

static void command_xapic(u32 apic_id, u32 command)
{
	/* Two writes that an interrupt handler's own must not part. */
	unsigned long flags = irq_save();

	while (registers[LAPIC_COMMAND / 4] & COMMAND_PENDING)
		__builtin_ia32_pause();
	registers[LAPIC_COMMAND_HIGH / 4] = apic_id << 24;
	registers[LAPIC_COMMAND / 4] = command;
	irq_restore(flags);
}

static void lapic_command(u32 apic_id, u32 command)
{
	if (!x2apic) {
		command_xapic(apic_id, command);
		return;
	}
	/* The write of this MSR does not wait for earlier stores, which the interrupted CPU is to see (11.12.3). */
	__asm__ volatile("mfence; lfence" : : : "memory");
	msr_write(MSR_X2APIC + LAPIC_COMMAND / 16, (u64)apic_id << 32 | command);
}

void lapic_send_ipi(unsigned int cpu, u8 vector)
{
	lapic_command(cpu_apic_id(cpu), COMMAND_ASSERT | vector);
}

static DEFINE_PER_CPU(u64, ipis); /* [C] */

void ipi_send(unsigned int cpu, enum ipi ipi)
{
	this_cpu(ipis)++;
	lapic_send_ipi(cpu, VECTOR_IPI + ipi);
}

u64 ipi_sent_count(void)
{
	u64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		sum += *per_cpu_ptr(ipis, cpu);
	return sum;
}

#define XAPIC_BROADCAST 0xff

bool lapic_reaches(u32 apic_id)
{
	return x2apic || apic_id < XAPIC_BROADCAST;
}

void lapic_send_init(u32 apic_id)
{
	lapic_command(apic_id, COMMAND_ASSERT | COMMAND_INIT);
}

void lapic_send_startup(u32 apic_id, u8 page)
{
	lapic_command(apic_id, COMMAND_ASSERT | COMMAND_STARTUP | page);
}

void lapic_timer_set(u32 count)
{
	lapic_write(LAPIC_TIMER_START, count);
}

u32 lapic_timer_left(void)
{
	return lapic_read(LAPIC_TIMER_LEFT);
}

/* The two 8259s of the PC: moved away from the exceptions' vectors, for what they send in spite of their masks. */
static void __init pic_mask(void)
{
	static const struct {
		u16 port;
		u8 value;
	} steps[] = {
		{ 0x20, 0x11 }, { 0xa0, 0x11 }, { 0x21, 0x20 }, { 0xa1, 0x28 }, { 0x21, 4 },
		{ 0xa1, 2 },	{ 0x21, 1 },	{ 0xa1, 1 },	{ 0x21, 0xff }, { 0xa1, 0xff },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(steps); i++)
		outb(steps[i].port, steps[i].value);
}

void __init apic_init(void)
{
	u64 base = msr_read(MSR_APIC_BASE);

	pic_mask();
	x2apic = cpu_has(CPU_X2APIC) && base & APIC_BASE_X2APIC;
	if (!x2apic)
		registers = device_map(base & APIC_BASE_ADDRESS, LAPIC_SIZE);
	if (!x2apic && !registers)
		boot_fail("not enough memory: no room for page tables");
	ioapic_init();
}

void lapic_init_this(void)
{
	u64 base = msr_read(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	msr_write(MSR_APIC_BASE, x2apic ? base | APIC_BASE_X2APIC : base);
	lapic_write(LAPIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, this_cpu_number() == 0 ? LVT_NMI : LVT_MASKED);
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
	lapic_write(LAPIC_ERROR, 0);
	lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_1);
	lapic_write(LAPIC_TIMER_START, 0);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot */
	lapic_write(LAPIC_TASK_PRIORITY, 0);
}
