/*
 * Which hardware address-space tag (PCID) a CPU uses for an address space, and when what the tag
 * holds is stale. Pure logic: the caller writes CR3 and reads and writes the shared words named
 * below.
 *
 * Each CPU remembers the last ASID_SLOTS address spaces that it ran, so a tag means something on
 * one CPU only. An address space has
 *	id       a u64 never used for another one, not 0: a recycled structure must not match old entries
 *	tlb_gen  an atomic u64 from 1 on, the number of changes that need a flush
 *	cpus     the CPUs that have it loaded
 * A slot remembers the tlb_gen up to which the CPU has flushed. An entry of a slot whose tlb_gen is
 * the address space's is right.
 *
 * A change:  edit the table; new_gen = ++tlb_gen (a full barrier); read cpus; ask each of them to
 * call asid_flush with new_gen;
 *            when all have answered, and not before, the old page may be used again.
 * A switch:  enter cpus (a full barrier); read tlb_gen; asid_pick; write CR3. Interrupts are off,
 * so that no request is
 *            answered in between. Leave the old address space's cpus after CR3 is written.
 * So either the switch sees the new tlb_gen, or the change sees the CPU in cpus and asks it.
 *
 * With page-table isolation each slot has two tags, the second for user mode's table. It is flushed
 * late: asid_user_flush tells the exit path.
 */
#pragma once

#include <lib/compiler.h>

#define ASID_SLOTS 6
#define ASID_NONE ASID_SLOTS

struct asid_slot {
	/* 0: free. */
	u64 mm_id;
	u64 tlb_gen;
};

/* One per CPU, touched by that CPU only, with interrupts off. */
struct asid_cpu {
	struct asid_slot slots[ASID_SLOTS];
	/* The one that CR3 names, or ASID_NONE: the kernel's own table. */
	u8 current;
	/* The next one to be taken from its owner. */
	u8 victim;
	/* Bit n: slot n's user tag holds stale entries. */
	u8 user_stale;
};

struct asid_choice {
	u8 slot;
	/* Everything under the slot's tag must go, with the write of CR3. */
	bool need_flush;
};

enum asid_action {
	ASID_FLUSH_NONE,
	ASID_FLUSH_RANGE, /* of the current tag */
	ASID_FLUSH_ALL, /* of the current tag */
};

/* The tags of a slot. 0 is the kernel's own table. */
static inline u16 asid_tag(unsigned int slot)
{
	return (u16)(slot + 1);
}

static inline u16 asid_user_tag(unsigned int slot)
{
	return (u16)(0x800 | (slot + 1));
}

/* The TLB holds nothing: at boot, or after all tags were flushed. */
void asid_init(struct asid_cpu *cpu);

/* A slot for an address space to be loaded now; `tlb_gen` was read after the CPU entered cpus. */
struct asid_choice asid_pick(struct asid_cpu *cpu, u64 mm_id, u64 tlb_gen);

/*
 * CR3 names the kernel's own table from now on. The slots keep what they hold; no flush is asked of
 * this CPU.
 */
void asid_leave(struct asid_cpu *cpu);

/*
 * What a CPU that is asked for a flush must do. `new_gen` is the change's, `tlb_gen` the address
 * space's as read now. Several changes may be answered by one complete flush, and requests may come
 * in any order.
 */
enum asid_action asid_flush(struct asid_cpu *cpu, u64 mm_id, u64 new_gen, u64 tlb_gen);

/*
 * On the way to user mode with page-table isolation: must the current user tag be flushed? Asked
 * once.
 */
bool asid_user_flush(struct asid_cpu *cpu);
