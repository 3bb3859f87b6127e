/*
 * config_on(CONFIG_<name>) is 1 if the option is on and 0 if not: in C, in #if and in assembly. Prefer it in a C condition:
 * the branch that is off is still compiled, and then dropped. An option that is on is defined as 1, one that is off is
 * not defined; so a misspelt one is 0, which testing/lint/config_use.py looks for.
 *
 * How: SET_1 is the only SET_ name that exists, and brings a comma along, so that the 1 behind it moves to second place.
 */
#pragma once

#include <generated/autoconf.h>

#define SET_1 0, 1
#define config_on(option) config_on_value(option)
#define config_on_value(value) config_on_second(SET_##value, 0, 0)
#define config_on_second(...) config_on_take_second(__VA_ARGS__)
#define config_on_take_second(first, second, ...) second
