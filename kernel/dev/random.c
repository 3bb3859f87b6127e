/*
 * The random number generator. A ChaCha20 key stream gives the bytes, and its first block replaces the key after each use,
 * so that a key found later does not tell earlier output. Events (interrupt times, the CPU's own generator) are mixed into
 * a pool, from which each CPU-independent reseed takes.
 */
#include <kernel/random.h>

#include <kernel/locks.h>
#include <kernel/time.h>
#include <lib/chacha20.h>
#include <lib/string.h>
#include <platform/cpu.h>

#define KEY_WORDS (CHACHA20_KEY_SIZE / 8)
#define EVENTS_PER_RESEED 64

static struct spinlock random_lock = SPINLOCK_INIT(RANK_RANDOM);
static u64 key[KEY_WORDS]; /* [random_lock] */
static u64 pool[KEY_WORDS]; /* [A] events mix in without the lock: a lost one is no loss */
static u32 events; /* [A] since the last reseed */

static u64 mix(u64 x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93UL;
	x ^= x >> 29;
	return x * 0x9fb21c651e98df25UL ^ x >> 32;
}

void random_add_event(u64 value)
{
	u32 n = __atomic_fetch_add(&events, 1, __ATOMIC_RELAXED);
	u64 *word = &pool[n % KEY_WORDS];

	WRITE_ONCE(*word, mix(READ_ONCE(*word) ^ value ^ cpu_cycles()));
}

static void reseed_locked(void)
{
	for (unsigned int i = 0; i < KEY_WORDS; i++)
		key[i] ^= mix(READ_ONCE(pool[i]) + i);
	WRITE_ONCE(events, 0);
}

static void refill_locked(struct chacha20 *cipher)
{
	static const u8 nonce[CHACHA20_NONCE_SIZE];
	u8 block[CHACHA20_BLOCK_SIZE];

	if (READ_ONCE(events) >= EVENTS_PER_RESEED)
		reseed_locked();
	chacha20_init(cipher, (const u8 *)key, nonce, 0);
	chacha20_block(cipher, block);
	memcpy(key, block, sizeof(key));
	/* The caller's stream starts with a key that is nobody else's: the second half of the same block. */
	chacha20_init(cipher, block + CHACHA20_KEY_SIZE, nonce, 0);
	memset(block, 0, sizeof(block));
	__asm__ volatile("" : : "r"(block) : "memory");
}

void random_bytes(void *buffer, size_t size)
{
	struct chacha20 cipher;
	u8 block[CHACHA20_BLOCK_SIZE];
	unsigned long flags = spin_lock_irq(&random_lock);
	u8 *to = buffer;

	refill_locked(&cipher);
	spin_unlock_irq(&random_lock, flags);
	while (size) {
		size_t step = MIN(size, sizeof(block));

		chacha20_block(&cipher, block);
		memcpy(to, block, step);
		to += step;
		size -= step;
	}
	memset(block, 0, sizeof(block));
	memset(&cipher, 0, sizeof(cipher));
	__asm__ volatile("" : : "r"(block), "r"(&cipher) : "memory");
}

u64 random_u64(void)
{
	u64 value;

	random_bytes(&value, sizeof(value));
	return value;
}

bool random_ready(void)
{
	return true;
}

void random_init(void)
{
	for (unsigned int i = 0; i < KEY_WORDS; i++) {
		u64 word = 0;

		(void)cpu_random(&word);
		key[i] = mix(word ^ cpu_cycles()) ^ mix(realtime_ns() + i);
	}
	for (unsigned int i = 0; i < EVENTS_PER_RESEED; i++)
		random_add_event(clock_ns());
}
