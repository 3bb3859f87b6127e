/*
 * Translations cached by CPUs. The rule that every caller follows: change the entry, flush on every CPU that may have it
 * cached, and only then drop the reference to the page (kernel/vm gather.h does this in one place).
 */
#pragma once

#include <platform/page_table.h>
#include <platform/percpu.h>

/* What the platform keeps for each address space; embedded in struct mm. */
struct mmu_context {
	struct page_root root; /* [I] */
	u64 id; /* [I] never reused */
	u64 tlb_generation; /* [A] bumped by each flush */
	unsigned long *cpus; /* [A] bitmap, cpu_count() bits: CPUs that may cache entries of it */
	unsigned long cpus_word; /* the bitmap itself, up to 64 CPUs */
};

DECLARE_PER_CPU(struct mmu_context *, mmu_loaded); /* [C] NULL: the kernel's root */

/* 0 or -ENOMEM. The frames of the root are the caller's. */
int mmu_context_init(struct mmu_context *context, void *root_frames);
void mmu_context_destroy(struct mmu_context *context); /* no CPU runs on it any more */

/* Makes `next` this CPU's address space; NULL: the kernel's own root. Interrupts off. `prev` is left in no cpumask. */
void mmu_switch(struct mmu_context *prev, struct mmu_context *next);

/*
 * Flushes [start, end) of `context` on all its CPUs and waits for them. Interrupts must be on (an IPI is answered while we
 * wait), no spinlock held that is taken with interrupts off. Above TLB_FLUSH_RANGE_MAX pages everything is flushed.
 */
#define TLB_FLUSH_RANGE_MAX 32
void tlb_flush_range(struct mmu_context *context, u64 start, u64 end);
void tlb_flush_all(struct mmu_context *context);
/* This CPU only: after an entry was made more permissive, or absent -> present with a stale negative entry. */
void tlb_flush_local_page(u64 address);
/* Kernel addresses, all CPUs; same rule about interrupts. */
void tlb_flush_kernel(u64 start, u64 end);

struct tlb_counts {
	u64 local, range_ipis, full_ipis, root_loads;
};
void tlb_counts_read(struct tlb_counts *sum); /* all CPUs */
