/*
 * Bitmaps over arrays of unsigned long, bit n in word n / 64. Nothing here is atomic: the caller's
 * lock guards the words (lib/atomic.h has the shared forms of single bits). Bits beyond `nbits` in
 * the last word are ignored and kept.
 */
#pragma once

#include <lib/compiler.h>

#define BITMAP_WORD_BITS 64
#define BITMAP_WORDS(nbits) DIV_ROUND_UP(nbits, BITMAP_WORD_BITS)

static inline void bitmap_set(unsigned long *words, size_t bit)
{
	words[bit / BITMAP_WORD_BITS] |= 1UL << (bit % BITMAP_WORD_BITS);
}

static inline void bitmap_clear(unsigned long *words, size_t bit)
{
	words[bit / BITMAP_WORD_BITS] &= ~(1UL << (bit % BITMAP_WORD_BITS));
}

static inline bool bitmap_test(const unsigned long *words, size_t bit)
{
	return (words[bit / BITMAP_WORD_BITS] >> (bit % BITMAP_WORD_BITS)) & 1;
}

/* The bits [first, first + count). */
void bitmap_set_range(unsigned long *words, size_t first, size_t count);
void bitmap_clear_range(unsigned long *words, size_t first, size_t count);
/* True when all bits of the range are 0. */
bool bitmap_range_is_clear(const unsigned long *words, size_t first, size_t count);

/* The lowest such bit >= from, or nbits when there is none. */
size_t bitmap_find_first_set(const unsigned long *words, size_t nbits, size_t from);
size_t bitmap_find_first_zero(const unsigned long *words, size_t nbits, size_t from);
/*
 * The start of the lowest run of `count` zero bits at or after `from`, or nbits. `count` is not 0.
 */
size_t bitmap_find_zero_run(const unsigned long *words, size_t nbits, size_t from, size_t count);

/* How many of the first nbits are set. */
size_t bitmap_weight(const unsigned long *words, size_t nbits);

#define bitmap_for_each_set(bit, words, nbits)                                                     \
	for ((bit) = bitmap_find_first_set(words, nbits, 0); (bit) < (nbits);                      \
	     (bit) = bitmap_find_first_set(words, nbits, (bit) + 1))
