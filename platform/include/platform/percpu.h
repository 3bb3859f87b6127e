/*
 * Data that each CPU has its own copy of. A variable declared with DEFINE_PER_CPU lives in section .percpu, the template;
 * each CPU's GS base is the distance from the template to its copy, so `%gs:variable` is that CPU's own, in C and in
 * assembly alike. Until percpu_init the boot CPU runs with GS base 0: the template itself.
 *
 * this_cpu(x) is an lvalue of one instruction: it is safe against migration only if one access is all that is done, or
 * preemption is off. this_cpu_ptr needs preemption off.
 *
 * An element of an array is this_cpu(array[i]). this_cpu(array)[i] does not compile: the compiler (gcc 12) would forget the
 * %gs when the array becomes a pointer, and every CPU would work on the template.
 */
#pragma once

#include <lib/compiler.h>

#define DEFINE_PER_CPU(type, name) __section(".percpu") __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name

/* Behind a comma an array has become a pointer; everything else keeps its type. */
#define PERCPU_IS_ARRAY(name)                                                                      \
	(!__builtin_types_compatible_p(__typeof__(name), __typeof__(((void)0, (name)))))
/* 0, where `name` is no array. */
#define PERCPU_NO_ARRAY(name)                                                                      \
	(0 * sizeof(struct {                                                                       \
		 _Static_assert(!PERCPU_IS_ARRAY(name), "write this_cpu(array[i])");               \
		 int unused;                                                                       \
	 }))

#define this_cpu(name)                                                                             \
	(*(__seg_gs __typeof__(name) *)((uintptr_t) & (name) + PERCPU_NO_ARRAY(name)))
#define this_cpu_ptr(name) ((__typeof__(name) *)((char *)&(name) + this_cpu(percpu_offset)))
#define per_cpu_ptr(name, cpu) ((__typeof__(name) *)((char *)&(name) + percpu_offsets[cpu]))

DECLARE_PER_CPU(unsigned long, percpu_offset); /* [I] GS base of this CPU */
DECLARE_PER_CPU(unsigned int, cpu_number); /* [I] 0 is the boot CPU; dense */

extern unsigned long *percpu_offsets; /* [I] indexed by CPU number, cpu_count() long */

struct task;
DECLARE_PER_CPU(struct task *, current_task); /* [C] */
/* Bit 31 set: no reschedule wanted. The rest counts reasons not to preempt; so "0" is: preempt now. See kernel/preempt.h. */
DECLARE_PER_CPU(u32, preempt_count); /* [C] */
DECLARE_PER_CPU(unsigned long,
		cpu_stack_guard); /* [C] canary of the running task; -mstack-protector-guard-symbol */
DECLARE_PER_CPU(unsigned int, irq_depth); /* [C] nesting of interrupt handlers */

/* Allocates a copy for each CPU of the MADT from boot memory and moves the boot CPU to its own. */
void percpu_init(void);

/* CPUs that the machine has (boot count: bounds all per-CPU arrays), and CPUs that run. */
unsigned int cpu_count(void);
unsigned int cpu_online_count(void);
bool cpu_online(unsigned int cpu);

#define for_each_online_cpu(cpu)                                                                   \
	for ((cpu) = 0; (cpu) < cpu_count(); (cpu)++)                                              \
		if (cpu_online(cpu))

static inline unsigned int this_cpu_number(void)
{
	return this_cpu(cpu_number);
}
