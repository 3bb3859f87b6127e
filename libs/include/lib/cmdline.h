/*
 * Splits a kernel command line in place, by Linux's rules: words are separated by white space
 * outside double quotes; a quote at the start of a word or of its value is dropped together with
 * the one at its end; all others stay.
 *
 *	char *cursor = line, *value;
 *	for (char *key; (key = cmdline_next(&cursor, &value));)
 */
#pragma once

#include <lib/compiler.h>

/*
 * The next word up to its first '=' and, in *value, what follows that, or NULL. Returns NULL at the
 * end. The word "--" is returned as any other: the rest of the line, at *cursor, belongs to init.
 */
char *cmdline_next(char **cursor, char **value);

/* Puts the '=' back, in place: the word as init gets it in its environment or arguments. */
char *cmdline_join(char *key, char *value);

/* Option names compare equal when they differ only in '-' and '_'. */
bool cmdline_key_equal(const char *a, const char *b);
