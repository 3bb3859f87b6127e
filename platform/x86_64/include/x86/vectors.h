/* Interrupt vectors of every CPU. Also read by assembly: constants only. 0x00-0x1f are the processor's exceptions. */
#pragma once

#define VECTOR_DIVIDE 0
#define VECTOR_DEBUG 1
#define VECTOR_NMI 2
#define VECTOR_BREAKPOINT 3
#define VECTOR_OVERFLOW 4
#define VECTOR_BOUND 5
#define VECTOR_INVALID_OPCODE 6
#define VECTOR_NO_DEVICE 7
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_INVALID_TSS 10
#define VECTOR_SEGMENT 11
#define VECTOR_STACK 12
#define VECTOR_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define VECTOR_FPU 16
#define VECTOR_ALIGNMENT 17
#define VECTOR_MACHINE_CHECK 18
#define VECTOR_SIMD 19
#define VECTOR_CONTROL_PROTECTION 21

/* Line n of platform/irq.h arrives at VECTOR_DEVICE + n, n < IRQ_LINES. */
#define VECTOR_DEVICE 0x30

#define VECTOR_TIMER 0xec
/* VECTOR_IPI + enum ipi of platform/cpu.h. */
#define VECTOR_IPI 0xf0
#define VECTOR_IPI_RESCHEDULE 0xf0
#define VECTOR_IPI_CALL 0xf1
#define VECTOR_IPI_TLB 0xf2
#define VECTOR_IPI_STOP 0xf3
/* The local APIC withdrew an interrupt: nothing to do, and no end-of-interrupt. */
#define VECTOR_SPURIOUS 0xff
