/* Heap sort: in place, O(n log n) always, not stable. */
#pragma once

#include <lib/compiler.h>

/* `compare` returns less than, equal to or greater than 0. */
void sort(void *base, size_t count, size_t size, int (*compare)(const void *a, const void *b));
