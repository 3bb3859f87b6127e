/*
 * Memory and strings. The names are C's; on a host its libc owns them, and ours carry the prefix
 * lib_ there so that a test can compare the two.
 *
 * Long copies use 8-byte string instructions. DF is clear in the kernel: every entry clears it.
 */
#pragma once

#include <lib/compiler.h>

#if __STDC_HOSTED__
#include <string.h>
#define LIB_STRING(name) lib_##name
#else
#define LIB_STRING(name) name
#endif

void *LIB_STRING(memcpy)(void *restrict to, const void *restrict from, size_t len);
void *LIB_STRING(memmove)(void *to, const void *from, size_t len);
void *LIB_STRING(memset)(void *to, int byte, size_t len);
int LIB_STRING(memcmp)(const void *a, const void *b, size_t len);
void *LIB_STRING(memchr)(const void *data, int byte, size_t len);

size_t LIB_STRING(strlen)(const char *s);
size_t LIB_STRING(strnlen)(const char *s, size_t max);
int LIB_STRING(strcmp)(const char *a, const char *b);
int LIB_STRING(strncmp)(const char *a, const char *b, size_t len);
char *LIB_STRING(strchr)(const char *s, int byte);
char *LIB_STRING(strrchr)(const char *s, int byte);
/* As strchr, but the terminator's address when `byte` is not there. */
char *LIB_STRING(strchrnul)(const char *s, int byte);
char *LIB_STRING(strstr)(const char *s, const char *part);

/*
 * Copies with truncation: `to` always ends in NUL when size is not 0. Returns the length without
 * the NUL, or -E2BIG when `from` did not fit.
 */
ssize_t strscpy(char *to, const char *from, size_t size);

/* The first byte that is not `byte`, or NULL. */
void *mem_find_other(const void *data, int byte, size_t len);

static inline bool mem_is_zero(const void *data, size_t len)
{
	return !mem_find_other(data, 0, len);
}

static inline bool str_equal(const char *a, const char *b)
{
	return LIB_STRING(strcmp)(a, b) == 0;
}

static inline bool str_starts_with(const char *s, const char *prefix)
{
	return LIB_STRING(strncmp)(s, prefix, __builtin_strlen(prefix)) == 0;
}

#if !__STDC_HOSTED__
/*
 * -ffreestanding hides from the compiler what these mean; so small constant sizes still become a
 * few moves.
 */
#define memcpy(to, from, len) __builtin_memcpy(to, from, len)
#define memmove(to, from, len) __builtin_memmove(to, from, len)
#define memset(to, byte, len) __builtin_memset(to, byte, len)
#define memcmp(a, b, len) __builtin_memcmp(a, b, len)
#define strlen(s) __builtin_strlen(s)
#endif
