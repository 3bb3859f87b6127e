/*
 * How a user copy is guarded. A kernel address is EFAULT in every profile: either its range is compared, or
 * usercopy_mask() and the address is forced to one that faults. All are constants.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

/* CR4.SMAP is on, where the CPU has it, and a copy is between stac and clac. */
static inline bool usercopy_smap(void)
{
	return config_on(CONFIG_USERCOPY_SMAP);
}

/* The kernel side of a copy must lie within one slab object. */
static inline bool usercopy_object_bounds(void)
{
	return config_on(CONFIG_USERCOPY_OBJECT_BOUNDS);
}

/* No compare and branch: the sign bit makes a mask. A masked address may be non-canonical, so #GP needs a fixup too. */
static inline bool usercopy_mask(void)
{
	return config_on(CONFIG_USERCOPY_MASK);
}
