/*
 * When memory is cleared. Pages for programs are zero in every profile, that is part of the contract; these say what the
 * kernel does beyond. All are constants.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

/* Kernel objects come zeroed even if the caller did not ask for it. */
static inline bool init_on_alloc(void)
{
	return config_on(CONFIG_INIT_ON_ALLOC);
}

/* A page is zeroed when it is freed. */
static inline bool init_on_free(void)
{
	return config_on(CONFIG_INIT_ON_FREE);
}

/* A page that was zeroed when it was freed must still be zero when it is allocated. */
static inline bool page_verify(void)
{
	return config_on(CONFIG_PAGE_VERIFY);
}
