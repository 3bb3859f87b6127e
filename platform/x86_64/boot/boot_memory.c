/*
 * Memory before the page allocator: which physical ranges there are, and which of them are taken. Two sorted lists of
 * disjoint ranges. Allocation is from the top down and remembers nothing but the reservation; there is no free.
 */
#include <platform/memory.h>

#include <lib/compiler.h>
#include <lib/string.h>
#include <x86/setup.h>

/* What an operation on a list may add; each list grows before it has less room than that. */
#define ROOM 4

struct range_list {
	struct memory_range *ranges;
	size_t count, capacity;
	bool growing;
};

static struct memory_range memory_first[64], reserved_first[64];
static struct range_list memory = { memory_first, 0, ARRAY_LEN(memory_first), false };
static struct range_list reserved = { reserved_first, 0, ARRAY_LEN(reserved_first), false };

static u64 limit = 4 * GIB; /* the early page tables map that much */
/* The rest of the page that the last small block came from. */
static char *small_next;
static size_t small_left;

static void list_grow(struct range_list *list)
{
	size_t capacity = list->capacity * 2;
	struct memory_range *ranges;

	/* The allocation reserves its block, for which there is room. */
	if (list->growing || list->capacity - list->count > ROOM)
		return;
	list->growing = true;
	ranges = boot_memory_alloc(capacity * sizeof(*ranges));
	memcpy(ranges, list->ranges, list->count * sizeof(*ranges));
	list->ranges = ranges;
	list->capacity = capacity;
	list->growing = false;
}

static void list_insert(struct range_list *list, size_t at, struct memory_range range)
{
	memmove(&list->ranges[at + 1], &list->ranges[at], (list->count - at) * sizeof(range));
	list->ranges[at] = range;
	list->count++;
}

static void list_delete(struct range_list *list, size_t at)
{
	list->count--;
	memmove(&list->ranges[at], &list->ranges[at + 1],
		(list->count - at) * sizeof(*list->ranges));
}

/* Nothing of the list lies in [start, end) any more. Returns where a range that begins at `start` belongs. */
static size_t list_carve(struct range_list *list, u64 start, u64 end)
{
	size_t i = 0;

	while (i < list->count && list->ranges[i].end <= start)
		i++;
	if (i < list->count && list->ranges[i].start < start) {
		struct memory_range tail = list->ranges[i];

		list->ranges[i++].end = start;
		tail.start = end;
		if (tail.start < tail.end)
			list_insert(list, i, tail);
	}
	while (i < list->count && list->ranges[i].end <= end)
		list_delete(list, i);
	if (i < list->count && list->ranges[i].start < end)
		list->ranges[i].start = end;
	return i;
}

static void list_set(struct range_list *list, struct memory_range range)
{
	size_t at;

	list_grow(list);
	at = list_carve(list, range.start, range.end);
	list_insert(list, at, range);
	if (at + 1 < list->count && list->ranges[at + 1].start == range.end &&
	    list->ranges[at + 1].kind == range.kind) {
		list->ranges[at].end = list->ranges[at + 1].end;
		list_delete(list, at + 1);
	}
	if (at > 0 && list->ranges[at - 1].end == range.start &&
	    list->ranges[at - 1].kind == range.kind) {
		list->ranges[at - 1].end = list->ranges[at].end;
		list_delete(list, at);
	}
}

/* Whole pages: of usable memory those that are wholly in the range, else all that it touches. */
void boot_memory_add(u64 start, u64 end, enum memory_kind kind)
{
	end = MIN(end, (u64)DIRECT_MAP_SIZE);
	if (kind == MEMORY_USABLE) {
		start = ALIGN_UP(MIN(start, end), PAGE_SIZE);
		end = ALIGN_DOWN(end, PAGE_SIZE);
	} else {
		start = ALIGN_DOWN(start, PAGE_SIZE);
		end = ALIGN_UP(end, PAGE_SIZE);
	}
	if (start < end)
		list_set(&memory, (struct memory_range){ start, end, kind });
}

void boot_memory_reserve(u64 start, u64 end)
{
	start = ALIGN_DOWN(start, PAGE_SIZE);
	end = ALIGN_UP(end, PAGE_SIZE);
	if (start < end)
		list_set(&reserved, (struct memory_range){ start, end, MEMORY_RESERVED });
}

/* The reservation that reaches lowest into [start, end), or NULL. */
static const struct memory_range *reserved_find(u64 start, u64 end)
{
	size_t i;

	for (i = 0; i < reserved.count && reserved.ranges[i].start < end; i++)
		if (reserved.ranges[i].end > start)
			return &reserved.ranges[i];
	return NULL;
}

/* The highest free block in `range` below `top`: its address, or 0. */
static u64 range_fit(const struct memory_range *range, size_t size, size_t align, u64 top)
{
	u64 end = MIN(range->end, top);

	while (end >= size && end - size >= range->start) {
		u64 start = ALIGN_DOWN(end - size, align);
		const struct memory_range *taken;

		if (start < range->start)
			return 0;
		taken = reserved_find(start, start + size);
		if (!taken)
			return start;
		end = taken->start;
	}
	return 0;
}

void *boot_memory_alloc_aligned(size_t size, size_t align, u64 below)
{
	size_t i, whole = ALIGN_UP(size, PAGE_SIZE);

	align = MAX(align, (size_t)PAGE_SIZE);
	for (i = memory.count; i-- > 0;) {
		u64 at;

		if (memory.ranges[i].kind != MEMORY_USABLE)
			continue;
		at = range_fit(&memory.ranges[i], whole, align, MIN(below, limit));
		if (!at)
			continue;
		boot_memory_reserve(at, at + whole);
		return memset(paddr_to_virt(paddr(at)), 0, whole);
	}
	boot_fail("not enough memory: no block of %zu KiB left at boot, %llu MiB usable",
		  whole / KIB, (unsigned long long)(boot_memory_usable() / MIB));
}

void *boot_memory_alloc(size_t size)
{
	void *block;

	if (size >= PAGE_SIZE)
		return boot_memory_alloc_aligned(size, PAGE_SIZE, ~0ULL);
	size = ALIGN_UP(size, 16);
	if (size > small_left) {
		small_next = boot_memory_alloc_aligned(PAGE_SIZE, PAGE_SIZE, ~0ULL);
		small_left = PAGE_SIZE;
	}
	block = small_next;
	small_next += size;
	small_left -= size;
	return block;
}

void boot_memory_limit_set(u64 new_limit)
{
	limit = new_limit;
}

size_t boot_memory_ranges(const struct memory_range **ranges)
{
	*ranges = memory.ranges;
	return memory.count;
}

bool boot_memory_next_free(u64 *cursor, u64 *start, u64 *end)
{
	size_t i;

	for (i = 0; i < memory.count; i++) {
		const struct memory_range *range = &memory.ranges[i], *taken;
		u64 from = MAX(*cursor, range->start);

		if (range->kind != MEMORY_USABLE)
			continue;
		while (from < range->end) {
			taken = reserved_find(from, range->end);
			if (!taken || taken->start > from) {
				*start = from;
				*end = *cursor = taken ? taken->start : range->end;
				return true;
			}
			from = taken->end;
		}
	}
	return false;
}

u64 boot_memory_end(void)
{
	size_t i;

	for (i = memory.count; i-- > 0;)
		if (memory.ranges[i].kind == MEMORY_USABLE)
			return memory.ranges[i].end;
	return 0;
}

u64 boot_memory_usable(void)
{
	u64 sum = 0;
	size_t i;

	for (i = 0; i < memory.count; i++)
		if (memory.ranges[i].kind == MEMORY_USABLE)
			sum += memory.ranges[i].end - memory.ranges[i].start;
	return sum;
}
