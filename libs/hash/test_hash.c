/*
 * What tables rely on: equal bytes hash alike at any address, others differ, and buckets fill
 * evenly.
 */
#include <lib/hash.h>

#include <lib/sort.h>

#include <unit.h>

#define BUCKET_BITS 8
#define KEYS (64 << BUCKET_BITS)

static u32 buckets[1 << BUCKET_BITS];

/* 64 on average; a fair hash stays far inside. */
static void expect_even(void)
{
	for (int i = 0; i < 1 << BUCKET_BITS; i++)
		EXPECT(buckets[i] > 24 && buckets[i] < 128);
}

TEST(alignment_does_not_matter)
{
	u8 data[64 + 8], at_zero[64];

	for (size_t len = 0; len <= 64; len++) {
		for (size_t i = 0; i < len; i++)
			at_zero[i] = (u8)unit_random();
		for (size_t shift = 0; shift < 8; shift++) {
			memset(data, (int)shift, sizeof(data));
			memcpy(data + shift, at_zero, len);
			EXPECT_EQ(hash_bytes(data + shift, len, 7), hash_bytes(at_zero, len, 7));
		}
	}
}

TEST(each_bit_and_the_length_matter)
{
	u8 data[40] = { 0 };

	for (size_t len = 1; len <= sizeof(data); len++) {
		u64 plain = hash_bytes(data, len, 1);

		EXPECT(plain != hash_bytes(data, len - 1, 1));
		EXPECT(plain != hash_bytes(data, len, 2));
		for (size_t bit = 0; bit < 8 * len; bit++) {
			data[bit / 8] ^= (u8)(1 << bit % 8);
			EXPECT(hash_bytes(data, len, 1) != plain);
			data[bit / 8] ^= (u8)(1 << bit % 8);
		}
	}
}

TEST(numbers_fill_buckets_evenly)
{
	for (u64 step = 1; step; step = step << 4) {
		memset(buckets, 0, sizeof(buckets));
		/* What is shifted out of the word repeats. */
		if (step > ~0UL / KEYS)
			break;
		for (u64 i = 0; i < KEYS; i++)
			buckets[hash_bucket(hash_u64(i * step), BUCKET_BITS)]++;
		expect_even();
	}
}

TEST(names_fill_buckets_evenly)
{
	char name[32];

	memset(buckets, 0, sizeof(buckets));
	for (int i = 0; i < KEYS; i++) {
		int len = snprintf(name, sizeof(name), "file%d.c", i);

		buckets[hash_bucket(hash_bytes(name, (size_t)len, 42), BUCKET_BITS)]++;
	}
	expect_even();
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

TEST(hash_u64_is_a_bijection)
{
	static u64 hashes[100000];

	for (u64 i = 0; i < 100000; i++)
		hashes[i] = hash_u64(i << (i % 40));
	sort(hashes, 100000, sizeof(u64), compare_u64);
	for (u64 i = 0; i < 10000; i++)
		hashes[i] = hash_u64(i);
	sort(hashes, 10000, sizeof(u64), compare_u64);
	for (int i = 1; i < 10000; i++)
		EXPECT(hashes[i] != hashes[i - 1]);
}
