/*
 * Memory and strings. Up to 32 bytes move by loads and stores that overlap in the middle, without a
 * loop; longer ones by rep movsq and rep stosq with one overlapping word for the tail. Byte-wise
 * string instructions are avoided: where a measurement counts instructions each of their steps is
 * one.
 */
/* A copying loop must not become a call of the function it is in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#include <lib/string.h>

#include <abi/errno.h>

/* Here the names mean these functions, not the compiler's idea of them. */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen

/* Any object's bytes, at any alignment. */
typedef u64 __attribute__((may_alias, aligned(1))) any_u64;
typedef u32 __attribute__((may_alias, aligned(1))) any_u32;
typedef u16 __attribute__((may_alias, aligned(1))) any_u16;
/* A word at a multiple of 8: reading it never touches a page that one of its bytes is not in. */
typedef u64 __attribute__((may_alias)) aligned_u64;

#define UNSANITIZED __attribute__((no_sanitize("address,object-size")))

#define BYTES_01 0x0101010101010101UL
#define BYTES_80 0x8080808080808080UL

/* All loads come before the first store, so the areas may overlap. At most 32 bytes. */
static __always_inline void copy_small(u8 *to, const u8 *from, size_t len)
{
	if (len > 16) {
		u64 a = *(any_u64 *)from, b = *(any_u64 *)(from + 8);
		u64 c = *(any_u64 *)(from + len - 16), d = *(any_u64 *)(from + len - 8);

		*(any_u64 *)to = a;
		*(any_u64 *)(to + 8) = b;
		*(any_u64 *)(to + len - 16) = c;
		*(any_u64 *)(to + len - 8) = d;
	} else if (len >= 8) {
		u64 a = *(any_u64 *)from, b = *(any_u64 *)(from + len - 8);

		*(any_u64 *)to = a;
		*(any_u64 *)(to + len - 8) = b;
	} else if (len >= 4) {
		u32 a = *(any_u32 *)from, b = *(any_u32 *)(from + len - 4);

		*(any_u32 *)to = a;
		*(any_u32 *)(to + len - 4) = b;
	} else if (len) {
		u8 a = from[0], b = from[len / 2], c = from[len - 1];

		to[0] = a;
		to[len / 2] = b;
		to[len - 1] = c;
	}
}

/*
 * More than 32 bytes, upwards. Right for overlap with to < from: the tail is read before anything
 * is written.
 */
static __always_inline void copy_up(u8 *to, const u8 *from, size_t len)
{
	u64 tail = *(any_u64 *)(from + len - 8);
	u8 *end = to + len;
	size_t words = len / 8;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	*(any_u64 *)(end - 8) = tail;
}

/* More than 32 bytes with to > from: downwards by words, the head last. */
static __always_inline void copy_down(u8 *to, const u8 *from, size_t len)
{
	u64 head = *(any_u64 *)from;

	for (; len >= 8; len -= 8)
		*(any_u64 *)(to + len - 8) = *(any_u64 *)(from + len - 8);
	*(any_u64 *)to = head;
}

__used void *LIB_STRING(memcpy)(void *restrict to, const void *restrict from, size_t len)
{
	if (len <= 32)
		copy_small(to, from, len);
	else
		copy_up(to, from, len);
	return to;
}

__used void *LIB_STRING(memmove)(void *to, const void *from, size_t len)
{
	if (len <= 32)
		copy_small(to, from, len);
	else if ((uintptr_t)to - (uintptr_t)from >= len)
		copy_up(to, from, len);
	else
		copy_down(to, from, len);
	return to;
}

static __always_inline void set_small(u8 *to, u64 pattern, size_t len)
{
	if (len >= 8) {
		*(any_u64 *)to = pattern;
		*(any_u64 *)(to + len - 8) = pattern;
		if (len > 16) {
			*(any_u64 *)(to + 8) = pattern;
			*(any_u64 *)(to + len - 16) = pattern;
		}
	} else if (len >= 4) {
		*(any_u32 *)to = (u32)pattern;
		*(any_u32 *)(to + len - 4) = (u32)pattern;
	} else if (len >= 2) {
		*(any_u16 *)to = (u16)pattern;
		*(any_u16 *)(to + len - 2) = (u16)pattern;
	} else if (len) {
		*to = (u8)pattern;
	}
}

__used void *LIB_STRING(memset)(void *to, int byte, size_t len)
{
	u64 pattern = (u8)byte * BYTES_01;
	u8 *at = to;
	size_t words = len / 8;

	if (len <= 32) {
		set_small(at, pattern, len);
		return to;
	}
	*(any_u64 *)(at + len - 8) = pattern;
	__asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(pattern) : "memory");
	return to;
}

/* The words differ: their first differing byte in memory decides. */
static int word_order(u64 a, u64 b)
{
	return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
}

__used int LIB_STRING(memcmp)(const void *a, const void *b, size_t len)
{
	const u8 *x = a, *y = b;

	for (; len >= 8; len -= 8, x += 8, y += 8) {
		u64 p = *(any_u64 *)x, q = *(any_u64 *)y;

		if (p != q)
			return word_order(p, q);
	}
	for (; len; len--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}

/*
 * The first `byte` among at most max. Reads whole aligned words, so it may read, but never fault or
 * look, beyond the byte it finds: the sanitizers have to be told.
 */
UNSANITIZED static const u8 *find_byte(const u8 *at, u8 byte, size_t max)
{
	u64 pattern = byte * BYTES_01;

	for (; max && !IS_ALIGNED((uintptr_t)at, 8); at++, max--) {
		if (*at == byte)
			return at;
	}
	for (; max >= 8; at += 8, max -= 8) {
		u64 word = *(const aligned_u64 *)at ^ pattern;
		u64 zeros = (word - BYTES_01) & ~word & BYTES_80;

		if (zeros)
			return at + __builtin_ctzl(zeros) / 8;
	}
	for (; max; at++, max--) {
		if (*at == byte)
			return at;
	}
	return NULL;
}

void *LIB_STRING(memchr)(const void *data, int byte, size_t len)
{
	return (void *)find_byte(data, (u8)byte, len);
}

__used size_t LIB_STRING(strlen)(const char *s)
{
	return (size_t)((const char *)find_byte((const u8 *)s, 0, SIZE_MAX) - s);
}

size_t LIB_STRING(strnlen)(const char *s, size_t max)
{
	const char *end = (const char *)find_byte((const u8 *)s, 0, max);

	return end ? (size_t)(end - s) : max;
}

int LIB_STRING(strcmp)(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int LIB_STRING(strncmp)(const char *a, const char *b, size_t len)
{
	for (; len; len--, a++, b++) {
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	}
	return 0;
}

char *LIB_STRING(strchrnul)(const char *s, int byte)
{
	while (*s && *s != (char)byte)
		s++;
	return (char *)s;
}

char *LIB_STRING(strchr)(const char *s, int byte)
{
	s = LIB_STRING(strchrnul)(s, byte);
	return *s == (char)byte ? (char *)s : NULL;
}

char *LIB_STRING(strrchr)(const char *s, int byte)
{
	const char *found = NULL;

	do {
		if (*s == (char)byte)
			found = s;
	} while (*s++);
	return (char *)found;
}

char *LIB_STRING(strstr)(const char *s, const char *part)
{
	size_t len = LIB_STRING(strlen)(part);

	for (;; s++) {
		if (LIB_STRING(strncmp)(s, part, len) == 0)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len = LIB_STRING(strnlen)(from, size);

	if (len < size) {
		LIB_STRING(memcpy)(to, from, len + 1);
		return (ssize_t)len;
	}
	if (size) {
		LIB_STRING(memcpy)(to, from, size - 1);
		to[size - 1] = '\0';
	}
	return -E2BIG;
}

/* Of `count` words, a constant, all are the pattern: two instructions each, where a loop of one word a round takes six. */
static __always_inline bool words_are(const u8 *at, u64 pattern, size_t count)
{
#pragma GCC unroll 8
	for (size_t i = 0; i < count; i++)
		if (((const any_u64 *)at)[i] != pattern)
			return false;
	return true;
}

void *mem_find_other(const void *data, int byte, size_t len)
{
	const u8 *at = data;
	u64 pattern = (u8)byte * BYTES_01;

	for (; len >= 64 && words_are(at, pattern, 8); len -= 64)
		at += 64;
	if (len >= 32 && words_are(at, pattern, 4)) {
		at += 32;
		len -= 32;
	}
	for (; len >= 8 && words_are(at, pattern, 1); len -= 8)
		at += 8;
	for (; len; at++, len--) {
		if (*at != (u8)byte)
			return (void *)at;
	}
	return NULL;
}
