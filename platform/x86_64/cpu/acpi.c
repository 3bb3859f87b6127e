/*
 * The firmware's ACPI tables (ACPI specification 6.4, chapters 5 and 7), as far as this kernel needs them: CPUs, interrupt
 * controllers, ports of the fixed hardware, the sleep type of S5. There is no AML interpreter. Every length and address in
 * a table is taken for a lie until the checksum and the bounds say otherwise; a table that is wrong is not there.
 */
#include <x86/acpi.h>

#include <lib/string.h>
#include <platform/boot.h>
#include <platform/power.h>
#include <x86/apic.h>
#include <x86/setup.h>

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem[6];
	u8 revision;
	u32 rsdt;
	/* From revision 2: */
	u32 length;
	u64 xsdt;
	u8 checksum_all, reserved[3];
} __packed;
#define RSDP_OLD_SIZE 20

struct table {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __packed;
#define TABLE_MAX (4 * MIB)

struct madt_entry {
	u8 type, length;
	union {
		struct {
			u8 processor, apic_id;
			u32 flags;
		} __packed lapic;
		struct {
			u8 id, reserved;
			u32 address, gsi_base;
		} __packed ioapic;
		struct {
			u8 bus, irq;
			u32 gsi;
			u16 flags;
		} __packed override;
		struct {
			u16 reserved;
			u32 apic_id, flags, processor;
		} __packed x2apic;
	};
} __packed;

enum { MADT_LAPIC = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2APIC = 9 };
#define MADT_ENTRIES 44 /* offset of the first */
#define CPU_ENABLED 1

struct acpi_fixed acpi_fixed __ro_after_init;

static const struct table *madt __ro_after_init;
static u32 *apic_ids __ro_after_init;
static unsigned int cpus __ro_after_init;

static bool sum_is_zero(const void *data, size_t size)
{
	const u8 *byte = data;
	u8 sum = 0;

	while (size--)
		sum += *byte++;
	return sum == 0;
}

static const struct table *__init table_map(u64 at)
{
	const struct table *table = firmware_map(at, sizeof(*table));

	if (!table || table->length < sizeof(*table) || table->length > TABLE_MAX)
		return NULL;
	table = firmware_map(at, table->length);
	return table && sum_is_zero(table, table->length) ? table : NULL;
}

/* --- Finding the tables -------------------------------------------------- */

static const struct rsdp *__init rsdp_check(const struct rsdp *rsdp)
{
	if (!rsdp || memcmp(rsdp->signature, "RSD PTR ", 8) != 0 ||
	    !sum_is_zero(rsdp, RSDP_OLD_SIZE))
		return NULL;
	return rsdp;
}

static const struct rsdp *__init rsdp_scan(u64 start, u64 end)
{
	for (; start < end; start += 16) {
		const struct rsdp *rsdp = rsdp_check(firmware_map(start, sizeof(*rsdp)));

		if (rsdp)
			return rsdp;
	}
	return NULL;
}

/* As the loader says, else in the first KiB of the extended BIOS data area or in the BIOS. */
static const struct rsdp *__init rsdp_find(void)
{
	const struct rsdp *rsdp = NULL;
	const u16 *ebda_segment;
	u64 ebda;

	if (boot_info.rsdp.raw)
		rsdp = rsdp_check(firmware_map(boot_info.rsdp.raw, sizeof(*rsdp)));
	if (rsdp)
		return rsdp;
	ebda_segment = firmware_map(0x40e, sizeof(*ebda_segment));
	ebda = (u64)*ebda_segment << 4;
	if (ebda >= 0x80000 && ebda < 0xa0000)
		rsdp = rsdp_scan(ebda, ebda + KIB);
	return rsdp ? rsdp : rsdp_scan(0xe0000, 0x100000);
}

static u64 __init root_entry(const struct table *root, size_t entry_size, size_t index)
{
	const char *at = (const char *)(root + 1) + index * entry_size;
	u64 wide = 0;

	memcpy(&wide, at, entry_size);
	return wide;
}

/* Calls `found` with each valid table that the root table names. */
static void __init tables_walk(void (*found)(const struct table *table))
{
	const struct rsdp *rsdp = rsdp_find();
	const struct table *root = NULL;
	size_t entry_size = 8, i;

	if (!rsdp)
		return;
	if (rsdp->revision >= 2)
		root = table_map(rsdp->xsdt);
	if (!root) {
		entry_size = 4;
		root = table_map(rsdp->rsdt);
	}
	if (!root)
		return;
	for (i = 0; i < (root->length - sizeof(*root)) / entry_size; i++) {
		const struct table *table = table_map(root_entry(root, entry_size, i));

		if (table)
			found(table);
	}
}

/* --- MADT ---------------------------------------------------------------- */

/* The next entry behind `entry` (NULL: the first), or NULL. Whole, and at least `size` bytes of it are there. */
static const struct madt_entry *madt_next(const struct madt_entry *entry, u8 type, size_t size)
{
	const char *end = (const char *)madt + madt->length;
	const char *at = entry ? (const char *)entry + entry->length
			       : (const char *)madt + MADT_ENTRIES;

	for (; end - at >= 2; at += entry->length) {
		entry = (const void *)at;
		if (entry->length < 2 || entry->length > end - at)
			return NULL;
		if (entry->type == type && entry->length >= size)
			return entry;
	}
	return NULL;
}

#define for_each_madt_entry(entry, type, member)                                                   \
	for (entry = NULL; madt && (entry = madt_next(entry, type, 2 + sizeof(entry->member)));)

static void __init cpu_add(u32 apic_id, u32 flags)
{
	unsigned int cpu;

	if (!(flags & CPU_ENABLED))
		return;
	/* The boot CPU is number 0 already; a CPU may be named by both kinds of entry. */
	for (cpu = 0; cpu < cpus; cpu++)
		if (apic_ids[cpu] == apic_id)
			return;
	apic_ids[cpus++] = apic_id;
}

static void __init cpus_find(void)
{
	size_t entries = madt ? (madt->length - MADT_ENTRIES) / 8 : 0;
	const struct madt_entry *entry;

	apic_ids = boot_memory_alloc((entries + 1) * sizeof(*apic_ids));
	apic_ids[0] = lapic_id();
	cpus = 1;
	for_each_madt_entry (entry, MADT_LAPIC, lapic)
		cpu_add(entry->lapic.apic_id, entry->lapic.flags);
	for_each_madt_entry (entry, MADT_X2APIC, x2apic)
		cpu_add(entry->x2apic.apic_id, entry->x2apic.flags);
}

unsigned int acpi_cpu_count(void)
{
	return cpus;
}

u32 acpi_cpu_apic_id(unsigned int cpu)
{
	return apic_ids[cpu];
}

bool acpi_ioapic(unsigned int index, struct acpi_ioapic *ioapic)
{
	const struct madt_entry *entry;

	for_each_madt_entry (entry, MADT_IOAPIC, ioapic) {
		if (index-- > 0)
			continue;
		*ioapic = (struct acpi_ioapic){ entry->ioapic.address, entry->ioapic.gsi_base };
		return true;
	}
	return false;
}

/* Flags of an override (table 5.26): 0 is as the bus has it. */
#define POLARITY_LOW 3
#define TRIGGER_LEVEL 3

struct acpi_line acpi_isa_line(unsigned int irq)
{
	const struct madt_entry *entry;

	for_each_madt_entry (entry, MADT_OVERRIDE, override) {
		if (entry->override.irq != irq)
			continue;
		return (struct acpi_line){
			.gsi = entry->override.gsi,
			.level = (entry->override.flags >> 2 & 3) == TRIGGER_LEVEL,
			.active_low = (entry->override.flags & 3) == POLARITY_LOW,
		};
	}
	return (struct acpi_line){ .gsi = irq };
}

/* --- FADT and S5 --------------------------------------------------------- */

/* Offsets into the FADT (table 5.9): a table of bytes, since its length has grown with each revision. */
enum {
	FADT_DSDT = 40,
	FADT_SMI_COMMAND = 48,
	FADT_ACPI_ENABLE = 52,
	FADT_PM1A_CONTROL = 64,
	FADT_PM1B_CONTROL = 68,
	FADT_PM_TIMER = 76,
	FADT_PM_TIMER_LENGTH = 91,
	FADT_CENTURY = 108,
	FADT_FLAGS = 112,
	FADT_RESET_REGISTER = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
};
#define FADT_TIMER_32_BITS (1 << 8)
#define FADT_RESET_SUPPORTED (1 << 10)
#define GENERIC_ADDRESS_PORT 1 /* address space: system I/O */
#define GENERIC_ADDRESS_VALUE 4 /* offset of the address */

/* Little-endian field, 0 where the table is too short to have it. */
static u64 __init table_field(const struct table *table, size_t offset, size_t size)
{
	u64 value = 0;

	if (offset + size <= table->length)
		memcpy(&value, (const char *)table + offset, size);
	return value;
}

/* A number of AML (20.2.3): ZeroOp, OneOp, or BytePrefix and a byte. */
static bool __init aml_number(const u8 **at, const u8 *end, u8 *value)
{
	if (*at >= end)
		return false;
	switch (*(*at)++) {
	case 0x00:
		*value = 0;
		return true;
	case 0x01:
		*value = 1;
		return true;
	case 0x0a:
		if (*at >= end)
			return false;
		*value = *(*at)++;
		return true;
	}
	return false;
}

/* Name(_S5, Package(n) { SLP_TYPa, SLP_TYPb, ... }), `at` behind the name: PackageOp PkgLength NumElements elements. */
static bool __init s5_package(const u8 *at, const u8 *end)
{
	u8 a, b;

	if (end - at < 3 || *at++ != 0x12)
		return false;
	at += (*at >> 6) + 1; /* PkgLength: its first two bits count the bytes that follow */
	at++; /* NumElements */
	if (at >= end || !aml_number(&at, end, &a) || !aml_number(&at, end, &b))
		return false;
	acpi_fixed.sleep_type_a = a;
	acpi_fixed.sleep_type_b = b;
	return acpi_fixed.sleep_types_known = true;
}

static void __init s5_find(const struct table *table)
{
	const u8 *end = (const u8 *)table + table->length;
	const u8 *at = (const u8 *)(table + 1);

	for (; !acpi_fixed.sleep_types_known && end - at > 4; at++) {
		at = memchr(at, '_', end - at - 4);
		if (!at)
			return;
		if (memcmp(at, "_S5_", 4) == 0)
			s5_package(at + 4, end);
	}
}

static void __init reset_register_read(const struct table *fadt)
{
	if (!(table_field(fadt, FADT_FLAGS, 4) & FADT_RESET_SUPPORTED) ||
	    table_field(fadt, FADT_RESET_REGISTER, 1) != GENERIC_ADDRESS_PORT)
		return;
	acpi_fixed.reset_port = table_field(fadt, FADT_RESET_REGISTER + GENERIC_ADDRESS_VALUE, 8);
	acpi_fixed.reset_value = table_field(fadt, FADT_RESET_VALUE, 1);
}

static void __init fadt_read(const struct table *fadt)
{
	const struct table *dsdt = NULL;

	acpi_fixed.smi_command = table_field(fadt, FADT_SMI_COMMAND, 4);
	acpi_fixed.acpi_enable = table_field(fadt, FADT_ACPI_ENABLE, 1);
	acpi_fixed.pm1a_control = table_field(fadt, FADT_PM1A_CONTROL, 4);
	acpi_fixed.pm1b_control = table_field(fadt, FADT_PM1B_CONTROL, 4);
	if (table_field(fadt, FADT_PM_TIMER_LENGTH, 1) == 4)
		acpi_fixed.pm_timer = table_field(fadt, FADT_PM_TIMER, 4);
	acpi_fixed.pm_timer_32_bits = table_field(fadt, FADT_FLAGS, 4) & FADT_TIMER_32_BITS;
	acpi_fixed.century_register = table_field(fadt, FADT_CENTURY, 1);
	reset_register_read(fadt);
	if (table_field(fadt, FADT_X_DSDT, 8))
		dsdt = table_map(table_field(fadt, FADT_X_DSDT, 8));
	if (!dsdt)
		dsdt = table_map(table_field(fadt, FADT_DSDT, 4));
	if (dsdt)
		s5_find(dsdt);
}

static void __init table_found(const struct table *table)
{
	if (memcmp(table->signature, "APIC", 4) == 0 && table->length >= MADT_ENTRIES)
		madt = table;
	else if (memcmp(table->signature, "FACP", 4) == 0)
		fadt_read(table);
	else if (memcmp(table->signature, "SSDT", 4) == 0)
		s5_find(table);
}

void __init acpi_init(void)
{
	tables_walk(table_found);
	cpus_find();
}
