/* Turning the machine off. None of these returns. */
#pragma once

#include <lib/compiler.h>

/* ACPI S5 (PM1a_CNT with SLP_TYP from the DSDT's \_S5); if that fails, halts. */
__noreturn void machine_power_off(void);
/* ACPI reset register, keyboard controller, triple fault: whichever works first. */
__noreturn void machine_reboot(void);
__noreturn void machine_halt(void);
/* QEMU's isa-debug-exit at 0x501: exit status is (code << 1) | 1. Returns if there is no such device. */
void machine_debug_exit(unsigned int code);
void cpus_stop_others(void); /* by IPI_STOP: no answer is waited for beyond 10 ms */
/* 0, or -EINVAL for an unusable machine; finds tables named by the RSDP. Boot CPU. */
void acpi_init(void);
