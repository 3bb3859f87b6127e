/* Byte ring: at most two copies a call, before and behind the end of the storage. */
#include <lib/ring.h>

#include <lib/string.h>

static size_t index_of(const struct ring *ring, size_t position)
{
	return position & (ring->size - 1);
}

size_t ring_put(struct ring *ring, const void *from, size_t count)
{
	size_t at = index_of(ring, ring->head), first;

	count = MIN(count, ring_free(ring));
	first = MIN(count, ring->size - at);
	memcpy(ring->data + at, from, first);
	memcpy(ring->data, (const u8 *)from + first, count - first);
	ring_produce(ring, count);
	return count;
}

size_t ring_peek(const struct ring *ring, size_t offset, void *to, size_t count)
{
	size_t used = ring_used(ring), at = index_of(ring, ring->tail + offset), first;

	if (offset >= used)
		return 0;
	count = MIN(count, used - offset);
	first = MIN(count, ring->size - at);
	memcpy(to, ring->data + at, first);
	memcpy((u8 *)to + first, ring->data, count - first);
	return count;
}

size_t ring_get(struct ring *ring, void *to, size_t count)
{
	count = ring_peek(ring, 0, to, count);
	ring_consume(ring, count);
	return count;
}

void *ring_free_span(const struct ring *ring, size_t *len)
{
	size_t at = index_of(ring, ring->head);

	*len = MIN(ring_free(ring), ring->size - at);
	return ring->data + at;
}

void *ring_used_span(const struct ring *ring, size_t *len)
{
	size_t at = index_of(ring, ring->tail);

	*len = MIN(ring_used(ring), ring->size - at);
	return ring->data + at;
}
