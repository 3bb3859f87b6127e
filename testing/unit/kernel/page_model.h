/* page_model.h - the memory of the machine that test_page_alloc.c has. */
#pragma once

#include <lib/types.h>

#define FRAMES 12288u
#define BOOT_FREE_RANGES 4

extern const u64 boot_free[BOOT_FREE_RANGES][2]; /* frames, [start, end) */
/* Frames that boot gives back. */
#define BOOT_RANGE_START 2901
#define BOOT_RANGE_END 2999

/* From now on no struct page may be touched that kernel_map has not mapped. */
void model_pages_unmap(void);
