/* Device interrupt lines: ISA/PCI interrupts through the I/O APIC. */
#pragma once

#include <lib/types.h>

/*
 * Routes global interrupt `gsi` (ISA irq numbers are translated by the MADT's overrides) to the boot CPU; irq_device is
 * then called with the returned line number, 0 <= line < IRQ_LINES, or -ENOSPC, -ENODEV. The line starts masked.
 */
#define IRQ_LINES 160
int irq_line_open_isa(unsigned int isa_irq);
void irq_line_mask(unsigned int line);
void irq_line_unmask(unsigned int line);
