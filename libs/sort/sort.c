/* Heap sort over elements of any size. */
#include <lib/sort.h>

typedef int compare_fn(const void *a, const void *b);

static void swap_elements(u8 *a, u8 *b, size_t size)
{
	while (size--) {
		u8 byte = *a;

		*a++ = *b;
		*b++ = byte;
	}
}

/* Lets the element at `parent` sink to its place in the heap of `count` elements. */
static void sift_down(u8 *base, size_t parent, size_t count, size_t size, compare_fn *compare)
{
	for (;;) {
		size_t child = 2 * parent + 1;

		if (child >= count)
			return;
		if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + parent * size, base + child * size) >= 0)
			return;
		swap_elements(base + parent * size, base + child * size, size);
		parent = child;
	}
}

void sort(void *base, size_t count, size_t size, compare_fn *compare)
{
	u8 *first = base;

	for (size_t parent = count / 2; parent-- > 0;)
		sift_down(first, parent, count, size, compare);
	while (count > 1) {
		count--;
		swap_elements(first, first + count * size, size);
		sift_down(first, 0, count, size, compare);
	}
}
