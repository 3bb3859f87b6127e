/* Each CPU's copy of the data in .percpu. */
#include <platform/percpu.h>

#include <lib/atomic.h>
#include <lib/string.h>
#include <platform/memory.h>
#include <x86/acpi.h>
#include <x86/image.h>
#include <x86/msr.h>
#include <x86/setup.h>

DEFINE_PER_CPU(unsigned long, percpu_offset);
DEFINE_PER_CPU(unsigned int, cpu_number);
DEFINE_PER_CPU(struct task *, current_task);
/* One reason: until the scheduler runs, nothing may preempt. No reschedule wanted. */
DEFINE_PER_CPU(u32, preempt_count) = 0x80000001;
DEFINE_PER_CPU(unsigned long, cpu_stack_guard);
DEFINE_PER_CPU(unsigned int, irq_depth);

static DEFINE_PER_CPU(bool, online); /* [A] */

unsigned long *percpu_offsets __ro_after_init;
static unsigned int count __ro_after_init = 1;
static unsigned int online_count; /* [A] */

void __init percpu_init(void)
{
	size_t size = __percpu_end - __percpu_start;
	unsigned int cpu;

	count = acpi_cpu_count();
	percpu_offsets = boot_memory_alloc(count * sizeof(*percpu_offsets));
	for (cpu = 0; cpu < count; cpu++) {
		char *copy = boot_memory_alloc_aligned(size, PAGE_SIZE, ~0ULL);

		memcpy(copy, __percpu_start, size);
		percpu_offsets[cpu] = copy - __percpu_start;
		*per_cpu_ptr(percpu_offset, cpu) = percpu_offsets[cpu];
		*per_cpu_ptr(cpu_number, cpu) = cpu;
	}
	msr_write(MSR_GS_BASE, percpu_offsets[0]);
	cpu_set_online(0, true);
}

unsigned int cpu_count(void)
{
	return count;
}

unsigned int cpu_online_count(void)
{
	return READ_ONCE(online_count);
}

bool cpu_online(unsigned int cpu)
{
	return load_acquire(per_cpu_ptr(online, cpu));
}

void cpu_set_online(unsigned int cpu, bool is_online)
{
	if (xchg(per_cpu_ptr(online, cpu), is_online) == is_online)
		return;
	__atomic_fetch_add(&online_count, is_online ? 1 : -1, __ATOMIC_SEQ_CST);
}

u32 cpu_apic_id(unsigned int cpu)
{
	return acpi_cpu_apic_id(cpu);
}
