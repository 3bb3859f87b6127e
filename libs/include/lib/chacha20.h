/* The ChaCha20 block function of RFC 8439, for the random number generator. */
#pragma once

#include <lib/compiler.h>

#define CHACHA20_KEY_SIZE 32
#define CHACHA20_NONCE_SIZE 12
#define CHACHA20_BLOCK_SIZE 64

struct chacha20 {
	/* Constants, key, block counter (word 12), nonce. */
	u32 state[16];
};

void chacha20_init(struct chacha20 *cipher, const u8 key[CHACHA20_KEY_SIZE],
		   const u8 nonce[CHACHA20_NONCE_SIZE], u32 counter);
/*
 * The next 64 bytes of key stream. The counter goes on and wraps after 256 GiB: rekey long before.
 */
void chacha20_block(struct chacha20 *cipher, u8 out[CHACHA20_BLOCK_SIZE]);
