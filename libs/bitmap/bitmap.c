/* Ranges and searches of bitmaps, a word at a time. */
#include <lib/bitmap.h>

/* The bits of one word from `first` on, and those before `end`, both 0 to 63. */
static unsigned long mask_from(size_t first)
{
	return ~0UL << (first % BITMAP_WORD_BITS);
}

static unsigned long mask_before(size_t end)
{
	return ~mask_from(end);
}

/* A range falls into a head, whole words and a tail. */
enum range_op { RANGE_SET, RANGE_CLEAR };

static void word_apply(unsigned long *word, unsigned long mask, enum range_op op)
{
	if (op == RANGE_SET)
		*word |= mask;
	else
		*word &= ~mask;
}

static inline void range_apply(unsigned long *words, size_t first, size_t count, enum range_op op)
{
	size_t end = first + count;
	size_t word = first / BITMAP_WORD_BITS, last = end / BITMAP_WORD_BITS;

	if (!count)
		return;
	if (word == last) {
		word_apply(&words[word], mask_from(first) & mask_before(end), op);
		return;
	}
	word_apply(&words[word++], mask_from(first), op);
	while (word < last)
		words[word++] = op == RANGE_SET ? ~0UL : 0;
	if (end % BITMAP_WORD_BITS)
		word_apply(&words[last], mask_before(end), op);
}

void bitmap_set_range(unsigned long *words, size_t first, size_t count)
{
	range_apply(words, first, count, RANGE_SET);
}

void bitmap_clear_range(unsigned long *words, size_t first, size_t count)
{
	range_apply(words, first, count, RANGE_CLEAR);
}

/* `flip` is ~0 to look for zeros. */
static inline size_t find_first(const unsigned long *words, size_t nbits, size_t from,
				unsigned long flip)
{
	size_t word = from / BITMAP_WORD_BITS;
	unsigned long bits;
	size_t found;

	if (from >= nbits)
		return nbits;
	bits = (words[word] ^ flip) & mask_from(from);
	while (!bits) {
		if (++word >= BITMAP_WORDS(nbits))
			return nbits;
		bits = words[word] ^ flip;
	}
	found = word * BITMAP_WORD_BITS + (size_t)__builtin_ctzl(bits);
	return MIN(found, nbits);
}

size_t bitmap_find_first_set(const unsigned long *words, size_t nbits, size_t from)
{
	return find_first(words, nbits, from, 0);
}

size_t bitmap_find_first_zero(const unsigned long *words, size_t nbits, size_t from)
{
	return find_first(words, nbits, from, ~0UL);
}

bool bitmap_range_is_clear(const unsigned long *words, size_t first, size_t count)
{
	return find_first(words, first + count, first, 0) == first + count;
}

size_t bitmap_find_zero_run(const unsigned long *words, size_t nbits, size_t from, size_t count)
{
	while (from < nbits) {
		size_t start = bitmap_find_first_zero(words, nbits, from);
		size_t end;

		if (start >= nbits || count > nbits - start)
			break;
		end = bitmap_find_first_set(words, start + count, start);
		if (end == start + count)
			return start;
		from = end;
	}
	return nbits;
}

/*
 * Bits per byte, then summed by one multiplication: there is no popcnt in the base instruction set.
 */
static size_t word_weight(unsigned long bits)
{
	bits -= (bits >> 1) & 0x5555555555555555UL;
	bits = (bits & 0x3333333333333333UL) + ((bits >> 2) & 0x3333333333333333UL);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (bits * 0x0101010101010101UL) >> 56;
}

size_t bitmap_weight(const unsigned long *words, size_t nbits)
{
	size_t weight = 0, word;

	for (word = 0; word < nbits / BITMAP_WORD_BITS; word++)
		weight += word_weight(words[word]);
	if (nbits % BITMAP_WORD_BITS)
		weight += word_weight(words[word] & mask_before(nbits));
	return weight;
}
