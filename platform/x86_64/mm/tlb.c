/*
 * Which address space a CPU uses, and making CPUs forget translations.
 *
 * A CPU that wants others to flush fills its own request, sets its bit in the word of each CPU that it asks, sends the
 * interrupts and waits until all have answered. Nothing is allocated, no lock is taken, each CPU has one request in flight
 * (preemption is off), and all can ask at the same time: whoever waits has interrupts on and so answers the others.
 *
 * No PCID: loading CR3 forgets everything but global entries, and these are the kernel's. So a CPU that leaves an address
 * space has nothing of it, and with page-table isolation user mode's root begins empty at each return.
 */
#include <platform/tlb.h>

#include <abi/errno.h>
#include <lib/bitmap.h>
#include <platform/cpu.h>
#include <profile/check.h>
#include <x86/entry.h>
#include <x86/msr.h>
#include <x86/preempt.h>
#include <x86/tlb.h>
#include <x86/tlb_model.h>

struct tlb_request {
	struct mmu_context *context; /* NULL: kernel addresses */
	u64 start, end;
	u64 generation; /* of the context, after the change */
	atomic_t waiting; /* CPUs that have not answered */
};

/* Written by this CPU before it asks, read by those it asks. */
static DEFINE_PER_CPU(struct tlb_request, request);
/* [I] Bitmap of CPUs whose request waits for this one: [A]. */
static DEFINE_PER_CPU(unsigned long *, asked_by);
DEFINE_PER_CPU(struct mmu_context *, mmu_loaded);
static DEFINE_PER_CPU(struct tlb_counts, counts); /* [C] */

static u64 last_id; /* [A] */

void __init tlb_init(void)
{
	size_t words = BITMAP_WORDS(cpu_count());
	unsigned long *all = boot_memory_alloc(cpu_count() * words * sizeof(unsigned long));

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++)
		*per_cpu_ptr(asked_by, cpu) = all + cpu * words;
}

int mmu_context_init(struct mmu_context *context, void *root_frames)
{
	context->cpus_word = 0;
	context->cpus = &context->cpus_word;
	if (cpu_count() > BITMAP_WORD_BITS) {
		paddr_t frame = page_table_frame_alloc();

		if (!frame.raw)
			return -ENOMEM;
		context->cpus = paddr_to_virt(frame);
	}
	page_root_init(&context->root, root_frames);
	context->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
	context->tlb_generation = 0;
	return 0;
}

/*
 * The bit is set before CR3 is loaded: either a CPU that has just changed an entry sees it and asks us, or our walks see the
 * change (the locked operations here and in context_flush pair).
 */
void mmu_switch(struct mmu_context *prev, struct mmu_context *next)
{
	const struct page_root *root = next ? &next->root : &kernel_root;
	u64 cr3 = virt_to_paddr(root->table).raw;

	if (prev == next)
		return;
	if (!next && tlb_modelled()) {
		/* CR3 stays, as entries under a tag would. */
		this_cpu(mmu_loaded) = NULL;
		tlb_model_leave();
		atomic_clear_bit(prev->cpus, this_cpu_number());
		return;
	}
	if (next)
		atomic_set_bit(next->cpus, this_cpu_number());
	this_cpu(mmu_loaded) = next;
	this_cpu(entry_area.kernel_cr3) = cr3;
	/* As page_root_init placed it; unused without isolation. */
	this_cpu(entry_area.user_cr3) = cr3 + PAGE_SIZE;
	if (!tlb_modelled() || tlb_model_load(next)) {
		cr3_write(cr3);
		this_cpu(counts.root_loads)++;
	}
	if (prev)
		atomic_clear_bit(prev->cpus, this_cpu_number());
}

void tlb_flush_local_page(u64 address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static bool range_is_long(u64 start, u64 end)
{
	return end - start > (u64)TLB_FLUSH_RANGE_MAX * PAGE_SIZE;
}

static void flush_pages(u64 start, u64 end)
{
	for (u64 address = ALIGN_DOWN(start, PAGE_SIZE); address < end; address += PAGE_SIZE)
		tlb_flush_local_page(address);
}

/* Global entries too. */
static void flush_everything(void)
{
	u64 cr4 = cr4_read();

	if (cr4 & CR4_PGE) {
		cr4_write(cr4 & ~(u64)CR4_PGE);
		cr4_write(cr4);
	} else {
		cr3_write(cr3_read());
	}
}

static void flush_range_here(const struct mmu_context *context, u64 start, u64 end)
{
	this_cpu(counts.local)++;
	if (!range_is_long(start, end))
		flush_pages(start, end);
	else if (context)
		cr3_write(cr3_read());
	else
		flush_everything();
}

/* What another CPU asks for must not be answered between the decision and the flush. */
static void flush_modelled(struct mmu_context *context, u64 start, u64 end, u64 generation)
{
	unsigned long flags = irq_save();

	if (generation == TLB_MODEL_FORGET)
		tlb_model_forget(context);
	else if (this_cpu(mmu_loaded) == context &&
		 tlb_model_flush(context, generation, &start, &end))
		flush_range_here(context, start, end);
	irq_restore(flags);
}

/* Preemption off: this CPU's part. */
static void flush_here(struct mmu_context *context, u64 start, u64 end, u64 generation)
{
	if (context && tlb_modelled())
		flush_modelled(context, start, end, generation);
	else if (!context || this_cpu(mmu_loaded) == context)
		flush_range_here(context, start, end);
}

void tlb_ipi(void)
{
	unsigned long *asked = this_cpu(asked_by);

	for (unsigned int word = 0; word < BITMAP_WORDS(cpu_count()); word++) {
		unsigned long bits = xchg(&asked[word], 0);

		for (; bits; bits &= bits - 1) {
			unsigned int cpu =
				word * BITMAP_WORD_BITS + (unsigned int)__builtin_ctzl(bits);
			struct tlb_request *from = per_cpu_ptr(request, cpu);

			flush_here(from->context, from->start, from->end, from->generation);
			atomic_sub_return(&from->waiting, 1);
		}
	}
}

static void ask(struct tlb_request *own, unsigned int cpu)
{
	unsigned int self = this_cpu_number();

	atomic_inc(&own->waiting);
	atomic_set_bit(*per_cpu_ptr(asked_by, cpu), self);
	ipi_send(cpu, IPI_TLB);
	if (range_is_long(own->start, own->end))
		this_cpu(counts.full_ipis)++;
	else
		this_cpu(counts.range_ipis)++;
}

/* Preemption off. `cpus` NULL: all. Returns when no other CPU has the translations any more. */
static void flush_elsewhere(struct mmu_context *context, const unsigned long *cpus, u64 start,
			    u64 end, u64 generation)
{
	struct tlb_request *own = this_cpu_ptr(request);
	unsigned int cpu;

	*own = (struct tlb_request){
		.context = context, .start = start, .end = end, .generation = generation
	};
	for_each_online_cpu (cpu)
		if (cpu != this_cpu_number() && (!cpus || atomic_test_bit(cpus, cpu)))
			ask(own, cpu);
	if (atomic_read_acquire(&own->waiting) == 0)
		return;
	check(irq_enabled());
	while (atomic_read_acquire(&own->waiting) != 0)
		cpu_relax();
}

static void context_flush(struct mmu_context *context, u64 start, u64 end)
{
	u64 generation;

	preempt_hold();
	generation = __atomic_add_fetch(&context->tlb_generation, 1, __ATOMIC_SEQ_CST);
	flush_here(context, start, end, generation);
	if (cpu_online_count() > 1)
		flush_elsewhere(context, context->cpus, start, end, generation);
	preempt_release();
}

void tlb_flush_range(struct mmu_context *context, u64 start, u64 end)
{
	if (start < end)
		context_flush(context, start, end);
}

void tlb_flush_all(struct mmu_context *context)
{
	context_flush(context, 0, USER_END);
}

void tlb_flush_kernel(u64 start, u64 end)
{
	preempt_hold();
	flush_here(NULL, start, end, 0);
	if (cpu_online_count() > 1)
		flush_elsewhere(NULL, NULL, start, end, 0);
	preempt_release();
}

/* Each CPU that still has CR3 on it without running in it goes to the kernel's root. */
static void context_forget(struct mmu_context *context)
{
	preempt_hold();
	flush_here(context, 0, USER_END, TLB_MODEL_FORGET);
	if (cpu_online_count() > 1)
		flush_elsewhere(context, NULL, 0, USER_END, TLB_MODEL_FORGET);
	preempt_release();
}

void mmu_context_destroy(struct mmu_context *context)
{
	check(bitmap_weight(context->cpus, cpu_count()) == 0);
	if (tlb_modelled())
		context_forget(context);
	if (context->cpus != &context->cpus_word)
		page_table_frame_free(virt_to_paddr(context->cpus));
}

void tlb_counts_read(struct tlb_counts *sum)
{
	*sum = (struct tlb_counts){ 0 };
	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		const struct tlb_counts *c = per_cpu_ptr(counts, cpu);

		sum->local += c->local;
		sum->range_ipis += c->range_ipis;
		sum->full_ipis += c->full_ipis;
		sum->root_loads += c->root_loads;
	}
}
