/*
 * Numbers from text. All return 0, -EINVAL (no number, or something behind it) or -ERANGE (too
 * large) and store nothing on failure. Base 0 takes 0x for 16, 0 for 8, else 10. No leading space;
 * one newline may follow, as `echo` writes it.
 */
#pragma once

#include <lib/compiler.h>

int parse_u64(const char *s, unsigned int base, u64 *out);
/* These take a sign. */
int parse_s64(const char *s, unsigned int base, s64 *out);
int parse_int(const char *s, unsigned int base, int *out);

/* As parse_u64, but stops at the first other character; *end points at it. */
int parse_u64_prefix(const char *s, unsigned int base, u64 *out, const char **end);

/*
 * A size with an optional suffix K, M, G, T, P or E (either case, powers of 1024). *end points
 * behind it.
 */
int parse_memory_size(const char *s, u64 *out, const char **end);
