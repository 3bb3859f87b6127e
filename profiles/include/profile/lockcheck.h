/*
 * Lock order, interrupt state and sleeping under locks are checked (LOCK_CHECKS), by what kernel/lock_rank.h makes of it. A
 * constant.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

static inline bool lock_checks(void)
{
	return config_on(CONFIG_LOCK_CHECKS);
}
