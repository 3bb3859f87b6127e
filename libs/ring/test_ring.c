/* The byte ring against a queue that never wraps. */
#include <lib/ring.h>

#include <unit.h>

#define SIZE 64
#define ROUNDS 20000

static u8 storage[SIZE];
static u8 model[ROUNDS * SIZE];
static size_t model_head, model_tail;

static void do_put(struct ring *ring)
{
	u8 bytes[2 * SIZE];
	size_t count = unit_random_below(sizeof(bytes) + 1), room = SIZE - (model_head - model_tail);
	size_t expected = count < room ? count : room;

	for (size_t i = 0; i < count; i++)
		bytes[i] = (u8)unit_random();
	EXPECT_EQ(ring_put(ring, bytes, count), expected);
	memcpy(model + model_head, bytes, expected);
	model_head += expected;
}

static void do_peek(struct ring *ring)
{
	u8 bytes[2 * SIZE];
	size_t used = model_head - model_tail, offset = unit_random_below(SIZE + 2);
	size_t count = unit_random_below(sizeof(bytes) + 1), expected = 0;

	if (offset < used)
		expected = count < used - offset ? count : used - offset;
	EXPECT_EQ(ring_peek(ring, offset, bytes, count), expected);
	EXPECT(memcmp(bytes, model + model_tail + offset, expected) == 0);
}

static void do_get(struct ring *ring)
{
	u8 bytes[2 * SIZE];
	size_t used = model_head - model_tail, count = unit_random_below(sizeof(bytes) + 1);
	size_t expected = count < used ? count : used;

	EXPECT_EQ(ring_get(ring, bytes, count), expected);
	EXPECT(memcmp(bytes, model + model_tail, expected) == 0);
	model_tail += expected;
}

static void do_spans(struct ring *ring)
{
	size_t len, done;
	u8 *span = ring_free_span(ring, &len);

	EXPECT(len <= ring_free(ring) && (len > 0 || ring_free(ring) == 0));
	done = unit_random_below(len + 1);
	for (size_t i = 0; i < done; i++)
		span[i] = model[model_head++] = (u8)unit_random();
	ring_produce(ring, done);

	span = ring_used_span(ring, &len);
	EXPECT(len <= ring_used(ring) && (len > 0 || ring_empty(ring)));
	done = unit_random_below(len + 1);
	EXPECT(memcmp(span, model + model_tail, done) == 0);
	ring_consume(ring, done);
	model_tail += done;
}

static void run_model(size_t start)
{
	struct ring ring;

	ring_init(&ring, storage, SIZE);
	/* The counts wrap round. */
	ring.head = ring.tail = start;
	model_head = model_tail = 0;
	for (int round = 0; round < ROUNDS / 4; round++) {
		do_put(&ring);
		do_peek(&ring);
		do_get(&ring);
		do_spans(&ring);
		EXPECT_EQ(ring_used(&ring), model_head - model_tail);
		EXPECT_EQ(ring_free(&ring), SIZE - (model_head - model_tail));
	}
}

TEST(model)
{
	run_model(0);
}

TEST(counts_wrap)
{
	run_model(SIZE_MAX - 1000);
}

TEST(bytes)
{
	struct ring ring;
	u8 byte;

	ring_init(&ring, storage, 4);
	EXPECT(!ring_get_byte(&ring, &byte));
	for (int i = 0; i < 4; i++)
		EXPECT(ring_put_byte(&ring, (u8)(10 + i)));
	EXPECT(!ring_put_byte(&ring, 1));
	EXPECT(ring_get_byte(&ring, &byte));
	EXPECT_EQ(byte, 10);
	EXPECT(ring_put_byte(&ring, 14));
}
