/* Interrupts from devices, the local timer and other CPUs, by vector. All with interrupts off. */
#include <platform/irq.h>
#include <platform/trap.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <x86/setup.h>
#include <x86/tlb.h>
#include <x86/vectors.h>

static void interrupt_handle(unsigned int vector)
{
	switch (vector) {
	case VECTOR_TIMER:
		irq_timer();
		break;
	case VECTOR_IPI_RESCHEDULE:
		irq_ipi_reschedule();
		break;
	case VECTOR_IPI_CALL:
		irq_ipi_call();
		break;
	case VECTOR_IPI_TLB:
		tlb_ipi();
		break;
	case VECTOR_IPI_STOP:
		cpu_stop_this();
	default:
		/* Outside of the lines: a vector that nobody sends. It is ended all the same. */
		if (vector >= VECTOR_DEVICE && vector < VECTOR_DEVICE + IRQ_LINES)
			irq_device(vector - VECTOR_DEVICE);
	}
	lapic_eoi();
}

void trap_user_interrupt(unsigned int vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	irq_begin(true);
	interrupt_handle(vector);
	irq_end();
}

void trap_kernel_interrupt(unsigned int vector)
{
	if (vector == VECTOR_SPURIOUS)
		return;
	irq_begin(false);
	interrupt_handle(vector);
	irq_end();
	/* The interrupted code had interrupts on, or we were not here. */
	if (this_cpu(preempt_count) == 0 && this_cpu(irq_depth) == 0)
		trap_preempt();
}
