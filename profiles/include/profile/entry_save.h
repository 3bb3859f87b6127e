/*
 * Which registers an entry saves, for assembly (#if) and C (if). The frame has one layout in all profiles: saving fewer
 * leaves slots unwritten. Caller-saved registers are saved by every entry, unless ENTRY_MINIMAL and the path knows better;
 * the others at once (ENTRY_FULL), or by the paths that need a full frame.
 */
#pragma once

#include <profile/config.h>

/* All general registers, at every entry. */
#define ENTRY_FULL config_on(CONFIG_ENTRY_SAVE_ALL)
/* And no value of the program stays in a register. */
#define ENTRY_CLEAR config_on(CONFIG_ENTRY_SAVE_CLEAR)
/* Only the registers that the path changes. */
#define ENTRY_MINIMAL config_on(CONFIG_ENTRY_SAVE_MINIMAL)
