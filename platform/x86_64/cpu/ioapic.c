/* I/O APICs (Intel 82093AA data sheet) and the lines of platform/irq.h. */
#include <platform/irq.h>

#include <abi/errno.h>
#include <lib/compiler.h>
#include <platform/cpu.h>
#include <platform/memory.h>
#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/setup.h>
#include <x86/vectors.h>

/* Registers are reached through a pair of them: an index and a window. */
#define IOAPIC_SELECT (0x00 / 4)
#define IOAPIC_WINDOW (0x10 / 4)
#define IOAPIC_SIZE 0x20
#define IOAPIC_VERSION 1
#define IOAPIC_ENTRY(n) (0x10 + 2 * (n)) /* low half; high half behind it */

#define ENTRY_LOW (1 << 13)
#define ENTRY_LEVEL (1 << 15)
#define ENTRY_MASKED (1 << 16)
#define ENTRY_CPU_SHIFT 24

/* Where each PC has its first one: used if there is no ACPI to say so. */
#define IOAPIC_DEFAULT 0xfec00000

struct ioapic {
	volatile u32 *registers;
	u32 gsi_base, inputs;
	struct ioapic *next;
};

static struct ioapic *ioapics __ro_after_init;
static u32 line_gsi[IRQ_LINES]; /* [lock] */
static unsigned int line_count; /* [lock] */
static bool locked; /* the select register, line_gsi; interrupts off */

static unsigned long ioapic_lock(void)
{
	unsigned long flags = irq_save();

	while (__atomic_test_and_set(&locked, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
	return flags;
}

static void ioapic_unlock(unsigned long flags)
{
	__atomic_clear(&locked, __ATOMIC_RELEASE);
	irq_restore(flags);
}

static u32 ioapic_read(struct ioapic *ioapic, u32 reg)
{
	ioapic->registers[IOAPIC_SELECT] = reg;
	return ioapic->registers[IOAPIC_WINDOW];
}

static void ioapic_write(struct ioapic *ioapic, u32 reg, u32 value)
{
	ioapic->registers[IOAPIC_SELECT] = reg;
	ioapic->registers[IOAPIC_WINDOW] = value;
}

static struct ioapic *ioapic_of(u32 gsi)
{
	struct ioapic *ioapic;

	for (ioapic = ioapics; ioapic; ioapic = ioapic->next)
		if (gsi >= ioapic->gsi_base && gsi - ioapic->gsi_base < ioapic->inputs)
			break;
	return ioapic;
}

static void __init ioapic_add(u64 address, u32 gsi_base)
{
	struct ioapic *ioapic = boot_memory_alloc(sizeof(*ioapic));
	u32 version, input;

	ioapic->registers = device_map(address, IOAPIC_SIZE);
	if (!ioapic->registers)
		return;
	version = ioapic_read(ioapic, IOAPIC_VERSION);
	if (version == ~0u)
		return;
	ioapic->inputs = (version >> 16 & 0xff) + 1;
	ioapic->gsi_base = gsi_base;
	ioapic->next = ioapics;
	ioapics = ioapic;
	for (input = 0; input < ioapic->inputs; input++)
		ioapic_write(ioapic, IOAPIC_ENTRY(input), ENTRY_MASKED);
}

void __init ioapic_init(void)
{
	struct acpi_ioapic found;
	unsigned int i;

	for (i = 0; acpi_ioapic(i, &found); i++)
		ioapic_add(found.address, found.gsi_base);
	if (i == 0)
		ioapic_add(IOAPIC_DEFAULT, 0);
}

/* An input of the first 255 CPUs' kind: the destination is 8 bits, and the boot CPU's id fits. Starts masked. */
static void entry_set(struct ioapic *ioapic, struct acpi_line at, u8 vector)
{
	u32 input = at.gsi - ioapic->gsi_base;
	u32 low = vector | ENTRY_MASKED;

	if (at.level)
		low |= ENTRY_LEVEL;
	if (at.active_low)
		low |= ENTRY_LOW;
	ioapic_write(ioapic, IOAPIC_ENTRY(input), low);
	ioapic_write(ioapic, IOAPIC_ENTRY(input) + 1, cpu_apic_id(0) << ENTRY_CPU_SHIFT);
}

static int line_open_locked(struct acpi_line at)
{
	struct ioapic *ioapic = ioapic_of(at.gsi);
	unsigned int line;

	if (!ioapic)
		return -ENODEV;
	for (line = 0; line < line_count; line++)
		if (line_gsi[line] == at.gsi)
			return line;
	if (line_count == IRQ_LINES)
		return -ENOSPC;
	line_gsi[line_count] = at.gsi;
	entry_set(ioapic, at, VECTOR_DEVICE + line_count);
	return line_count++;
}

int irq_line_open_isa(unsigned int isa_irq)
{
	unsigned long flags = ioapic_lock();
	int line = line_open_locked(acpi_isa_line(isa_irq));

	ioapic_unlock(flags);
	return line;
}

static void line_edit(unsigned int line, bool masked)
{
	unsigned long flags = ioapic_lock();
	struct ioapic *ioapic = line < line_count ? ioapic_of(line_gsi[line]) : NULL;

	if (ioapic) {
		u32 reg = IOAPIC_ENTRY(line_gsi[line] - ioapic->gsi_base);
		u32 low = ioapic_read(ioapic, reg) & ~ENTRY_MASKED;

		ioapic_write(ioapic, reg, masked ? low | ENTRY_MASKED : low);
	}
	ioapic_unlock(flags);
}

void irq_line_mask(unsigned int line)
{
	line_edit(line, true);
}

void irq_line_unmask(unsigned int line)
{
	line_edit(line, false);
}
