/*
 * Byte ring over the caller's storage. One producer (put) and one consumer (get, drop) may work at
 * the same time without a lock; several of one kind need the caller's lock.
 *
 * `head` and `tail` count bytes for ever and are reduced only to index, so full and empty need no
 * spare byte.
 */
#pragma once

#include <lib/compiler.h>

struct ring {
	u8 *data;
	/* A power of two. */
	size_t size;
	/* Bytes ever written (the producer's) and read (the consumer's). */
	size_t head;
	size_t tail;
};

static inline void ring_init(struct ring *ring, void *data, size_t size)
{
	ring->data = data;
	ring->size = size;
	ring->head = 0;
	ring->tail = 0;
}

static inline size_t ring_used(const struct ring *ring)
{
	return __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE) -
	       __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

static inline size_t ring_free(const struct ring *ring)
{
	return ring->size - ring_used(ring);
}

static inline bool ring_empty(const struct ring *ring)
{
	return ring_used(ring) == 0;
}

/* Copies as much as fits, or is there, and returns how much that was. */
size_t ring_put(struct ring *ring, const void *from, size_t count);
size_t ring_get(struct ring *ring, void *to, size_t count);
/* As ring_get from `offset` bytes behind the tail on, and consumes nothing. */
size_t ring_peek(const struct ring *ring, size_t offset, void *to, size_t count);

/*
 * The first contiguous piece of free or used storage, its length in *len (0: none), for those who
 * copy by themselves, as to and from user memory. ring_produce or ring_consume then says how much
 * of it was done.
 */
void *ring_free_span(const struct ring *ring, size_t *len);
void *ring_used_span(const struct ring *ring, size_t *len);

/*
 * The release pairs with ring_used's acquire: bytes before the count. `count` is at most ring_free.
 */
static inline void ring_produce(struct ring *ring, size_t count)
{
	__atomic_store_n(&ring->head, ring->head + count, __ATOMIC_RELEASE);
}

/* `count` is at most ring_used. */
static inline void ring_consume(struct ring *ring, size_t count)
{
	__atomic_store_n(&ring->tail, ring->tail + count, __ATOMIC_RELEASE);
}

static inline bool ring_put_byte(struct ring *ring, u8 byte)
{
	return ring_put(ring, &byte, 1) == 1;
}

static inline bool ring_get_byte(struct ring *ring, u8 *byte)
{
	return ring_get(ring, byte, 1) == 1;
}
