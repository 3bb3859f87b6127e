/* Whether this kernel contains mitigations for CPU bugs; which of them it uses is decided when it starts. A constant. */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

static inline bool mitigations_built(void)
{
	return config_on(CONFIG_MITIGATIONS);
}
