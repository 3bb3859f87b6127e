/*
 * Edits of the page tables of programs (PTE_VERIFY): each is checked before it is made and read again after it. A constant.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

static inline bool pte_verify(void)
{
	return config_on(CONFIG_PTE_VERIFY);
}

/*
 * Of the function that edits: with the checks it asks whether it clears an entry, by a constant; and gcc 12 may believe in a
 * constant before a function is inlined, and not after it, unless it always is.
 */
#if config_on(CONFIG_PTE_VERIFY)
#define PTE_EDIT_INLINE inline __attribute__((always_inline))
#else
#define PTE_EDIT_INLINE inline
#endif
