/* The vectors of RFC 8439: section 2.3.2 and appendix A.1. */
#include <lib/chacha20.h>

#include <unit.h>

static void expect_hex(const u8 *bytes, const char *hex)
{
	char text[2 * CHACHA20_BLOCK_SIZE + 1];

	for (int i = 0; i < CHACHA20_BLOCK_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	EXPECT_STR(text, hex);
}

TEST(block_of_section_2_3_2)
{
	static const u8 nonce[CHACHA20_NONCE_SIZE] = { 0, 0, 0, 9, 0, 0, 0, 0x4a, 0, 0, 0, 0 };
	u8 key[CHACHA20_KEY_SIZE], out[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	for (u8 i = 0; i < CHACHA20_KEY_SIZE; i++)
		key[i] = i;
	chacha20_init(&cipher, key, nonce, 1);
	chacha20_block(&cipher, out);
	expect_hex(out, "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
			"d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
	EXPECT_EQ(cipher.state[12], 2);
}

TEST(two_blocks_of_appendix_a_1)
{
	static const u8 key[CHACHA20_KEY_SIZE], nonce[CHACHA20_NONCE_SIZE];
	u8 out[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	chacha20_init(&cipher, key, nonce, 0);
	chacha20_block(&cipher, out);
	expect_hex(out, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
			"da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
	chacha20_block(&cipher, out);
	expect_hex(out, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
			"29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}
