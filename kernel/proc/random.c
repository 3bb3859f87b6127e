/*
 * Random bytes. One base key is refreshed from hardware randomness and interrupt timing; each CPU draws blocks from ChaCha20
 * under a key of its own, which is replaced by the first bytes of every batch. So what was handed out cannot be computed
 * from what is in memory later.
 */
#include <kernel/random.h>

#include <kernel/printk.h>
#include <kernel/wait.h>
#include <lib/chacha20.h>
#include <lib/string.h>
#include <platform/cpu.h>
#include <platform/time.h>
#include <profile/bounds.h>

#define SEED_WORDS 8
#define EVENTS_READY                                                                               \
	256 /* interrupts that count as a seed where the CPU has no generator of its own */
#define BATCH_SIZE CHACHA20_BLOCK_SIZE
#define BATCH_USES_MAX 4096 /* then the CPU takes a new key from the base */

static struct spinlock base_lock = SPINLOCK_INIT(RANK_RANDOM); /* interrupts off */
static u8 base_key[CHACHA20_KEY_SIZE]; /* [base_lock] */
static u64 base_generation = 1; /* [A] a CPU's key is stale when it differs */
static bool seeded; /* [A] */
struct wait_queue random_wait = WAIT_QUEUE_INIT(random_wait);

struct random_cpu {
	u8 key[CHACHA20_KEY_SIZE]; /* [C] */
	u64 generation; /* [C] */
	u32 uses; /* [C] */
	u32 words_left; /* [C] of `words`; those handed out are wiped */
	u64 words[4 * CHACHA20_BLOCK_SIZE / sizeof(u64)]; /* [C] drawn ahead for random_u64 */
	u64 events[4]; /* [C] pool of interrupt timing */
	u32 event_count; /* [C] */
};
static DEFINE_PER_CPU(struct random_cpu, random_cpu);

/* Two blocks under `key`: the first half of the first becomes the key, the rest is output. */
static void key_step(u8 key[CHACHA20_KEY_SIZE], u8 out[CHACHA20_KEY_SIZE])
{
	static const u8 nonce[CHACHA20_NONCE_SIZE];
	u8 block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	chacha20_init(&cipher, key, nonce, 0);
	chacha20_block(&cipher, block);
	memcpy(key, block, CHACHA20_KEY_SIZE);
	memcpy(out, block + CHACHA20_KEY_SIZE, CHACHA20_KEY_SIZE);
	memset(block, 0, sizeof(block));
	memset(&cipher, 0, sizeof(cipher));
	barrier(); /* the wiping is not for nothing */
}

/* base_lock held: mixes words into the key; ChaCha20 spreads them. */
static void base_mix(const u64 *words, size_t count)
{
	u8 unused[CHACHA20_KEY_SIZE];

	for (size_t i = 0; i < count; i++) {
		u64 part;
		size_t at = i % 4 * sizeof(part);

		memcpy(&part, base_key + at, sizeof(part));
		part ^= words[i];
		memcpy(base_key + at, &part, sizeof(part));
		if (i % 4 == 3 || i + 1 == count)
			key_step(base_key, unused);
	}
	__atomic_fetch_add(&base_generation, 1, __ATOMIC_RELEASE);
}

static void base_seed(void)
{
	u64 words[SEED_WORDS];
	bool hardware = true;
	unsigned long flags;

	for (size_t i = 0; i < SEED_WORDS; i++) {
		words[i] = 0;
		hardware &= cpu_random(&words[i]);
		words[i] ^= cpu_cycles() ^ clock_ns() << 32;
	}
	flags = spin_lock_irq(&base_lock);
	base_mix(words, SEED_WORDS);
	spin_unlock_irq(&base_lock, flags);
	if (hardware)
		WRITE_ONCE(seeded, true);
}

void random_init(void)
{
	base_seed();
	if (!random_ready())
		pr_notice("random: no generator in the CPU; waiting for interrupts\n");
}

bool random_ready(void)
{
	return READ_ONCE(seeded);
}

/* Interrupts off. */
static void cpu_rekey(struct random_cpu *own)
{
	unsigned long flags = spin_lock_irq(&base_lock);

	own->generation = base_generation;
	own->uses = 0;
	key_step(base_key, own->key);
	spin_unlock_irq(&base_lock, flags);
}

/* One batch; the CPU's key is replaced before the bytes are used. */
static void batch_draw(u8 out[CHACHA20_KEY_SIZE])
{
	unsigned long flags = irq_save();
	struct random_cpu *own = this_cpu_ptr(random_cpu);

	if (own->generation != load_acquire(&base_generation) || own->uses++ >= BATCH_USES_MAX)
		cpu_rekey(own);
	key_step(own->key, out);
	irq_restore(flags);
}

/* More than a few bytes: a key of their own, whole blocks. */
static void bytes_stream(u8 *to, size_t size)
{
	static const u8 nonce[CHACHA20_NONCE_SIZE];
	u8 key[CHACHA20_KEY_SIZE], block[CHACHA20_BLOCK_SIZE];
	struct chacha20 cipher;

	batch_draw(key);
	chacha20_init(&cipher, key, nonce, 0);
	while (size) {
		size_t part = MIN(size, sizeof(block));

		chacha20_block(&cipher, block);
		memcpy(to, block, part);
		to += part;
		size -= part;
	}
	memset(key, 0, sizeof(key));
	memset(block, 0, sizeof(block));
	memset(&cipher, 0, sizeof(cipher));
	barrier();
}

void random_bytes(void *buffer, size_t size)
{
	u8 small[CHACHA20_KEY_SIZE];

	if (size > sizeof(small)) {
		bytes_stream(buffer, size);
		return;
	}
	batch_draw(small);
	memcpy(buffer, small, size);
	memset(small, 0, sizeof(small));
	barrier();
}

/* A draw gives several words. What was drawn under an older base key is not handed out any more. */
u64 random_u64(void)
{
	unsigned long flags = irq_save();
	struct random_cpu *own = this_cpu_ptr(random_cpu);
	u64 value;

	if (!own->words_left || own->generation != load_acquire(&base_generation)) {
		bytes_stream((u8 *)own->words, sizeof(own->words));
		own->words_left = ARRAY_LEN(own->words);
	}
	value = own->words[--own->words_left];
	own->words[own->words_left] = 0;
	irq_restore(flags);
	return value;
}

void random_add_event(u64 value)
{
	unsigned long flags = irq_save();
	struct random_cpu *own = this_cpu_ptr(random_cpu);
	u64 *slot = &AT(own->events, own->event_count % 4);
	bool first = false;

	*slot = (*slot << 7 | *slot >> 57) ^ value ^ cpu_cycles();
	if (++own->event_count % EVENTS_READY == 0) {
		unsigned long unused = spin_lock_irq(&base_lock);

		base_mix(own->events, ARRAY_LEN(own->events));
		spin_unlock_irq(&base_lock, unused);
		first = !xchg(&seeded, true);
	}
	irq_restore(flags);
	if (first)
		wait_wake_all(&random_wait, 0);
}
