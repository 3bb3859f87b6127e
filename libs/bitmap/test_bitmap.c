/* Bitmap functions against an array of bytes. */
#include <lib/bitmap.h>

#include <unit.h>

#define BITS 300

static unsigned long words[BITMAP_WORDS(BITS)];
static bool model[BITS];

static void randomize(unsigned int ones_in_16)
{
	for (size_t i = 0; i < BITS; i++) {
		model[i] = unit_random_below(16) < ones_in_16;
		if (model[i])
			bitmap_set(words, i);
		else
			bitmap_clear(words, i);
	}
	/* Bits beyond the end may be anything. */
	words[BITMAP_WORDS(BITS) - 1] |= unit_random() << (BITS % 64);
}

static size_t model_find(size_t nbits, size_t from, bool value)
{
	while (from < nbits && model[from] != value)
		from++;
	return from < nbits ? from : nbits;
}

static size_t model_find_run(size_t nbits, size_t from, size_t count)
{
	for (size_t start = from; start + count <= nbits; start++) {
		size_t end = start;

		while (end < start + count && !model[end])
			end++;
		if (end == start + count)
			return start;
	}
	return nbits;
}

static void expect_model(void)
{
	for (size_t i = 0; i < BITS; i++)
		EXPECT_EQ(bitmap_test(words, i), model[i]);
}

TEST(search)
{
	for (int round = 0; round < 3000; round++) {
		size_t nbits = unit_random_below(BITS + 1), from = unit_random_below(BITS + 1);
		size_t weight = 0;

		randomize(round % 17);
		for (size_t i = 0; i < nbits; i++)
			weight += model[i];
		EXPECT_EQ(bitmap_weight(words, nbits), weight);
		EXPECT_EQ(bitmap_find_first_set(words, nbits, from), model_find(nbits, from, true));
		EXPECT_EQ(bitmap_find_first_zero(words, nbits, from),
			  model_find(nbits, from, false));
	}
}

TEST(runs)
{
	for (int round = 0; round < 3000; round++) {
		size_t nbits = unit_random_below(BITS + 1), from = unit_random_below(BITS + 1);
		size_t count = 1 + unit_random_below(1UL << unit_random_below(8));

		randomize(round % 4);
		EXPECT_EQ(bitmap_find_zero_run(words, nbits, from, count),
			  model_find_run(nbits, from, count));
	}
	EXPECT_EQ(bitmap_find_zero_run(words, BITS, 0, SIZE_MAX), BITS);
}

TEST(ranges)
{
	for (int round = 0; round < 3000; round++) {
		size_t first = unit_random_below(BITS), count = unit_random_below(BITS - first + 1);
		bool value = round & 1, clear = true;

		randomize(8);
		for (size_t i = first; i < first + count; i++)
			clear &= !model[i];
		EXPECT_EQ(bitmap_range_is_clear(words, first, count), clear);
		for (size_t i = first; i < first + count; i++)
			model[i] = value;
		if (value)
			bitmap_set_range(words, first, count);
		else
			bitmap_clear_range(words, first, count);
		expect_model();
		EXPECT_EQ(bitmap_range_is_clear(words, first, count), !value || !count);
	}
}

TEST(iteration)
{
	size_t bit, expected = 0;

	randomize(5);
	expected = model_find(BITS, 0, true);
	bitmap_for_each_set (bit, words, BITS) {
		EXPECT_EQ(bit, expected);
		expected = model_find(BITS, bit + 1, true);
	}
	EXPECT_EQ(expected, BITS);
}

/* Nothing beyond the last word is touched: the allocation ends there. */
TEST(whole_words)
{
	unsigned long *two = calloc(2, sizeof(*two));

	bitmap_set_range(two, 0, 128);
	EXPECT_EQ(two[0] & two[1], ~0UL);
	EXPECT_EQ(bitmap_find_first_zero(two, 128, 0), 128);
	bitmap_clear_range(two, 64, 64);
	EXPECT_EQ(two[1], 0);
	EXPECT_EQ(bitmap_find_zero_run(two, 128, 0, 64), 64);
	EXPECT_EQ(bitmap_weight(two, 128), 64);
	free(two);
}
