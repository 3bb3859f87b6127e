/* ChaCha20: ten double rounds over sixteen words, added to the state (RFC 8439, section 2.3). */
#include <lib/chacha20.h>

#include <lib/string.h>

static u32 rotate_left(u32 word, unsigned int count)
{
	return word << count | word >> (32 - count);
}

static void quarter_round(u32 *x, int a, int b, int c, int d)
{
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 16);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 12);
	x[a] += x[b];
	x[d] = rotate_left(x[d] ^ x[a], 8);
	x[c] += x[d];
	x[b] = rotate_left(x[b] ^ x[c], 7);
}

void chacha20_init(struct chacha20 *cipher, const u8 key[CHACHA20_KEY_SIZE],
		   const u8 nonce[CHACHA20_NONCE_SIZE], u32 counter)
{
	memcpy(&cipher->state[0], "expand 32-byte k", 16);
	memcpy(&cipher->state[4], key, CHACHA20_KEY_SIZE);
	cipher->state[12] = counter;
	memcpy(&cipher->state[13], nonce, CHACHA20_NONCE_SIZE);
}

void chacha20_block(struct chacha20 *cipher, u8 out[CHACHA20_BLOCK_SIZE])
{
	u32 x[16];

	memcpy(x, cipher->state, sizeof(x));
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 4; i++)
			quarter_round(x, i, 4 + i, 8 + i, 12 + i);
		for (int i = 0; i < 4; i++)
			quarter_round(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
	}
	for (int i = 0; i < 16; i++)
		x[i] += cipher->state[i];
	memcpy(out, x, sizeof(x));
	cipher->state[12]++;
}
