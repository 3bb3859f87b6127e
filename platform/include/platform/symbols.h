/* The kernel's own symbol table (kallsyms.py) and stack walks, for oopses and profiles. */
#pragma once

#include <lib/compiler.h>

/* Name of the function that holds `address` and the distance into it; NULL if it is not kernel text. */
const char *symbol_find(u64 address, u64 *offset);
/* Return addresses by frame pointer from `rbp`, only while they lie on [low, high). Number found. */
size_t stack_walk(u64 rbp, u64 low, u64 high, u64 *addresses, size_t max);
/* The configuration file this kernel was built with, compressed by gzip. */
extern const char config_gz_start[], config_gz_end[];
