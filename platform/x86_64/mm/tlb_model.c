/*
 * TLB_MODEL: the tags of libs/asid at work on a CPU that has no PCID. Leaving an address space for a kernel thread keeps CR3,
 * and with it the TLB, as entries under a tag would be kept; coming back to it writes CR3 only if the tags ask for a flush.
 * Going to another one writes CR3 always: its tag would hide the entries that are there.
 */
#include <x86/tlb_model.h>

#include <lib/asid.h>
#include <platform/percpu.h>
#include <x86/msr.h>

static DEFINE_PER_CPU(struct asid_cpu, tags) = { .current = ASID_NONE }; /* [C] */
static DEFINE_PER_CPU(const struct mmu_context *,
		      kept); /* [C] whose root CR3 names; NULL: the kernel's */

/* Pairs with the bit in context->cpus: either this sees a change's generation, or the change sees the bit and asks us. */
static u64 generation_now(const struct mmu_context *context)
{
	return __atomic_load_n(&context->tlb_generation, __ATOMIC_SEQ_CST);
}

bool tlb_model_load(struct mmu_context *next)
{
	struct asid_choice choice;
	bool same = this_cpu(kept) == next;

	this_cpu(kept) = next;
	choice = asid_pick(this_cpu_ptr(tags), next->id, generation_now(next));
	return !same || choice.need_flush;
}

void tlb_model_leave(void)
{
	asid_leave(this_cpu_ptr(tags));
}

bool tlb_model_flush(const struct mmu_context *context, u64 generation, u64 *start, u64 *end)
{
	enum asid_action action =
		asid_flush(this_cpu_ptr(tags), context->id, generation, generation_now(context));

	if (action == ASID_FLUSH_ALL) {
		*start = 0;
		*end = USER_END;
	}
	return action != ASID_FLUSH_NONE;
}

void tlb_model_forget(const struct mmu_context *context)
{
	if (this_cpu(kept) != context)
		return;
	this_cpu(kept) = NULL;
	cr3_write(virt_to_paddr(kernel_root.table).raw);
}
