/* What the firmware's ACPI tables say (acpi.c). Read once at boot; all of it is absent on a machine without ACPI. */
#pragma once

#include <lib/types.h>

/* CPUs that the MADT says can be used, at least 1. Number 0 is the boot CPU. */
unsigned int acpi_cpu_count(void);
u32 acpi_cpu_apic_id(unsigned int cpu);

struct acpi_ioapic {
	u64 address;
	u32 gsi_base;
};

/* False behind the last one. */
bool acpi_ioapic(unsigned int index, struct acpi_ioapic *ioapic);

struct acpi_line {
	u32 gsi;
	bool level, active_low;
};

/* Where ISA interrupt `irq` arrives. */
struct acpi_line acpi_isa_line(unsigned int irq);

/* From the FADT; a port of 0 means that there is none. */
struct acpi_fixed {
	u16 pm_timer;
	bool pm_timer_32_bits;
	u16 pm1a_control, pm1b_control;
	u16 smi_command;
	u8 acpi_enable;
	u16 reset_port;
	u8 reset_value;
	u8 century_register; /* of the CMOS clock; 0: none */
	bool sleep_types_known; /* \_S5 was found */
	u8 sleep_type_a, sleep_type_b;
};
extern struct acpi_fixed acpi_fixed;
