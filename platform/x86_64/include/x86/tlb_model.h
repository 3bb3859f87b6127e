/* TLB_MODEL, a side option for tests: what is flushed is what a CPU with PCID would flush. See testing/Kconfig. */
#pragma once

#include <platform/tlb.h>
#include <profile/config.h>

/* A request of this generation asks CPUs not to keep the address space's root. No change has it. */
#define TLB_MODEL_FORGET 0

static inline bool tlb_modelled(void)
{
	return config_on(CONFIG_TLB_MODEL) && !pti_enabled();
}

/* All with interrupts off. */
/* This CPU's address space is `next` from now on: must CR3 be written? */
bool tlb_model_load(struct mmu_context *next);
/* It has none, and keeps CR3. */
void tlb_model_leave(void);
/* Whether the range, which may be made larger, must be flushed here; the change made the context's `generation`. */
bool tlb_model_flush(const struct mmu_context *context, u64 generation, u64 *start, u64 *end);
/* CR3 no longer names the context's root, if it does so without being asked for. */
void tlb_model_forget(const struct mmu_context *context);
