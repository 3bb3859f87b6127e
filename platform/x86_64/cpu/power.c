/* Turning the machine off, restarting it, stopping its CPUs. */
#include <platform/power.h>

#include <platform/cpu.h>
#include <platform/percpu.h>
#include <platform/time.h>
#include <x86/acpi.h>
#include <x86/io.h>

/* ACPI 6.4, 4.8.3.2.1: PM1 control. */
#define PM1_SCI_ENABLE (1 << 0)
#define PM1_SLEEP_TYPE_SHIFT 10
#define PM1_SLEEP_ENABLE (1 << 13)

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe
#define RESET_CONTROL 0xcf9 /* PIIX and ICH */
#define RESET_HARD 0x06
#define DEBUG_EXIT 0x501

/* What an attempt gets before the next one is made. */
#define ATTEMPT_US 50000

void cpus_stop_others(void)
{
	unsigned int cpu;
	int tenths;

	for_each_online_cpu (cpu)
		if (cpu != this_cpu_number())
			ipi_send(cpu, IPI_STOP);
	for (tenths = 0; tenths < 100 && cpu_online_count() > 1; tenths++)
		delay_us(100);
}

/* Firmware that has not yet handed the hardware to ACPI does so now. */
static void acpi_enable(void)
{
	int ms;

	if (!acpi_fixed.smi_command || inw(acpi_fixed.pm1a_control) & PM1_SCI_ENABLE)
		return;
	outb(acpi_fixed.smi_command, acpi_fixed.acpi_enable);
	for (ms = 0; ms < 100 && !(inw(acpi_fixed.pm1a_control) & PM1_SCI_ENABLE); ms++)
		delay_us(1000);
}

static void pm1_sleep(u16 port, u8 type)
{
	u16 kept = inw(port) & ~(7 << PM1_SLEEP_TYPE_SHIFT);

	outw(port, kept | type << PM1_SLEEP_TYPE_SHIFT | PM1_SLEEP_ENABLE);
}

void machine_power_off(void)
{
	irq_disable();
	cpus_stop_others();
	if (acpi_fixed.pm1a_control && acpi_fixed.sleep_types_known) {
		acpi_enable();
		pm1_sleep(acpi_fixed.pm1a_control, acpi_fixed.sleep_type_a);
		if (acpi_fixed.pm1b_control)
			pm1_sleep(acpi_fixed.pm1b_control, acpi_fixed.sleep_type_b);
	}
	cpu_halt_forever();
}

static void triple_fault(void)
{
	const struct {
		u16 limit;
		u64 base;
	} __packed empty = { 0, 0 };

	__asm__ volatile("lidt %0; int3" : : "m"(empty));
}

void machine_reboot(void)
{
	irq_disable();
	cpus_stop_others();
	if (acpi_fixed.reset_port) {
		outb(acpi_fixed.reset_port, acpi_fixed.reset_value);
		delay_us(ATTEMPT_US);
	}
	outb(KEYBOARD_COMMAND, KEYBOARD_RESET);
	delay_us(ATTEMPT_US);
	outb(RESET_CONTROL, RESET_HARD);
	delay_us(ATTEMPT_US);
	triple_fault();
	cpu_halt_forever();
}

void machine_halt(void)
{
	irq_disable();
	cpus_stop_others();
	cpu_halt_forever();
}

void machine_debug_exit(unsigned int code)
{
	outb(DEBUG_EXIT, code);
}
