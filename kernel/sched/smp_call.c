/* Calling a function on other CPUs, in their interrupt context, and waiting until it has run. */
#include <kernel/sched.h>
#include <platform/trap.h>

struct call_request {
	struct call_request *next;
	void (*fn)(void *arg);
	void *arg;
	u32 done;
};

static DEFINE_PER_CPU(struct call_request *, call_requests); /* [A] newest first */

void irq_ipi_call(void)
{
	struct call_request *request = xchg(this_cpu_ptr(call_requests), NULL), *next;

	for (; request; request = next) {
		next = request->next; /* the sender's stack is gone once done is set */
		request->fn(request->arg);
		store_release(&request->done, 1);
	}
}

static void call_send(struct call_request *request, unsigned int cpu)
{
	struct call_request **head = per_cpu_ptr(call_requests, cpu);

	request->next = READ_ONCE(*head);
	while (!try_cmpxchg(head, &request->next, request))
		;
	ipi_send(cpu, IPI_CALL);
}

/* Interrupts are on while we wait, so two CPUs that call each other both get their answer. */
void smp_call_cpu(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
	struct call_request request = { .fn = fn, .arg = arg };
	unsigned long flags;

	preempt_disable();
	if (cpu == this_cpu_number()) {
		flags = irq_save();
		fn(arg);
		irq_restore(flags);
	} else if (cpu_online(cpu)) {
		call_send(&request, cpu);
		while (!load_acquire(&request.done))
			cpu_relax();
	}
	preempt_enable();
}

void smp_call_others(void (*fn)(void *arg), void *arg)
{
	unsigned int cpu;

	preempt_disable();
	for_each_online_cpu (cpu)
		if (cpu != this_cpu_number())
			smp_call_cpu(cpu, fn, arg);
	preempt_enable();
}
