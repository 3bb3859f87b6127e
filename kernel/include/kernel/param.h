/*
 * The kernel command line. Linux's words mean here what they mean there; a word that nobody knows goes to init: VAR=value
 * to its environment, anything else, and all after "--", to its arguments.
 */
#pragma once

#include <lib/compiler.h>

/* The value of the last `key=value` ("" for a bare `key`), or NULL. Valid for ever. */
const char *param_get(const char *key);
bool param_flag(const char *key); /* the bare word is there */
bool param_u64(const char *key, u64 *value);
const char *param_line(void); /* whole, for /proc/cmdline */
void param_init(const char *command_line);
/* Words for init, collected by param_init: NULL-terminated, first slot of args is left for argv[0]. */
extern const char *param_init_args[], *param_init_env[];
