/* Address-space tags of one CPU. */
#include <lib/asid.h>

void asid_init(struct asid_cpu *cpu)
{
	*cpu = (struct asid_cpu){ .current = ASID_NONE };
}

static unsigned int find_slot(const struct asid_cpu *cpu, u64 mm_id)
{
	unsigned int slot = 0;

	while (slot < ASID_SLOTS && cpu->slots[slot].mm_id != mm_id)
		slot++;
	return slot;
}

static unsigned int take_victim(struct asid_cpu *cpu)
{
	unsigned int slot = cpu->victim;

	cpu->victim = (u8)((slot + 1) % ASID_SLOTS);
	return slot;
}

struct asid_choice asid_pick(struct asid_cpu *cpu, u64 mm_id, u64 tlb_gen)
{
	unsigned int slot = find_slot(cpu, mm_id);
	bool need_flush = slot == ASID_SLOTS || cpu->slots[slot].tlb_gen < tlb_gen;

	if (slot == ASID_SLOTS)
		slot = take_victim(cpu);
	if (need_flush) {
		cpu->slots[slot] = (struct asid_slot){ mm_id, tlb_gen };
		cpu->user_stale |= (u8)(1U << slot);
	}
	cpu->current = (u8)slot;
	return (struct asid_choice){ (u8)slot, need_flush };
}

void asid_leave(struct asid_cpu *cpu)
{
	cpu->current = ASID_NONE;
}

enum asid_action asid_flush(struct asid_cpu *cpu, u64 mm_id, u64 new_gen, u64 tlb_gen)
{
	struct asid_slot *slot;
	u64 known;

	/* Not loaded: the next asid_pick compares the generations. */
	if (cpu->current == ASID_NONE || cpu->slots[cpu->current].mm_id != mm_id)
		return ASID_FLUSH_NONE;
	slot = &cpu->slots[cpu->current];
	known = slot->tlb_gen;
	/* A complete flush for a later change came first. */
	if (known >= tlb_gen)
		return ASID_FLUSH_NONE;
	slot->tlb_gen = tlb_gen;
	cpu->user_stale |= (u8)(1U << cpu->current);
	/*
	 * One range is enough only if no other change is between what was flushed and what is
	 * current.
	 */
	return new_gen == known + 1 && new_gen == tlb_gen ? ASID_FLUSH_RANGE : ASID_FLUSH_ALL;
}

bool asid_user_flush(struct asid_cpu *cpu)
{
	u8 bit;

	if (cpu->current == ASID_NONE)
		return false;
	bit = (u8)(1U << cpu->current);
	if (!(cpu->user_stale & bit))
		return false;
	cpu->user_stale &= (u8)~bit;
	return true;
}
