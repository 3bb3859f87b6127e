/* FAIL_ALLOC, a side option for tests: allocations fail on demand (kernel/mm/inject). Nothing without it. */
#pragma once

#include <lib/compiler.h>
#include <profile/config.h>

bool fail_alloc_now(void);
void fail_alloc_register(void);

/* Whether the allocation that is being made is the one to fail. */
static inline bool fail_alloc(void)
{
	return config_on(CONFIG_FAIL_ALLOC) && fail_alloc_now();
}

static inline void fail_alloc_init(void)
{
	if (config_on(CONFIG_FAIL_ALLOC))
		fail_alloc_register();
}
