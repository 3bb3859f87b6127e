/* The local APIC of each CPU and the I/O APICs of the machine. Without ACPI or a local APIC only the boot CPU runs. */
#pragma once

#include <lib/compiler.h>

/* Boot CPU: finds the local APIC, masks the old PICs, maps the I/O APICs of the MADT with every input masked. */
void apic_init(void);
/* Each CPU, the boot CPU after apic_init: switches its local APIC on, with the timer masked. */
void lapic_init_this(void);

/* End of interrupt: every handler of a vector from VECTOR_DEVICE up calls it once, except VECTOR_SPURIOUS. */
void lapic_eoi(void);
/* Fixed delivery to one CPU, by CPU number. Waits until the local APIC has accepted it (xAPIC). Any context. */
void lapic_send_ipi(unsigned int cpu, u8 vector);
u32 lapic_id(void); /* this CPU's */

bool lapic_reaches(u32 apic_id); /* in xAPIC mode an id has 8 bits */

/* Start-up of another CPU (smp.c). `page`: physical page number below 1 MiB. */
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u8 page);

/* The counter of the one-shot timer; 0 stops it. The clock divider is 1. */
void lapic_timer_set(u32 count);
u32 lapic_timer_left(void);

void ioapic_init(void); /* part of apic_init */
