/*
 * A hash of bytes: words folded by a 64 x 64 -> 128 bit multiplication, whose high half carries the
 * mixing.
 */
#include <lib/hash.h>

#include <lib/string.h>

#define MIX_A 0xa0761d6478bd642fUL
#define MIX_B 0xe7037ed1a0b428dbUL

static u64 fold(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

static u64 load_word(const u8 *from)
{
	u64 word;

	memcpy(&word, from, sizeof(word));
	return word;
}

/* 1 to 8 bytes; the length is hashed apart, so overlap and padding make no collisions. */
static u64 load_tail(const u8 *from, size_t len)
{
	u32 low, high;

	if (len >= 4) {
		memcpy(&low, from, 4);
		memcpy(&high, from + len - 4, 4);
		return (u64)high << 32 | low;
	}
	return (u64)from[0] << 16 | (u64)from[len / 2] << 8 | from[len - 1];
}

u64 hash_bytes(const void *data, size_t len, u64 seed)
{
	const u8 *from = data;
	size_t left = len;
	u64 hash = seed ^ MIX_A;

	for (; left > 8; left -= 8, from += 8)
		hash = fold(hash ^ load_word(from), MIX_B);
	if (left)
		hash = fold(hash ^ load_tail(from, left), MIX_B);
	return fold(hash ^ len, MIX_A ^ seed);
}
