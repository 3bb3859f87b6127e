/*
 * model_layout.h - where the kernel's fixed ranges are in a test's process: included first in each of the kernel's files. A
 * test that has struct pages or memory of frames defines these arrays, and so every access beyond is the sanitizer's.
 */
#pragma once

#include <platform/layout.h>

extern char model_page_array[], model_memory[];

#undef PAGE_ARRAY_BASE
#define PAGE_ARRAY_BASE ((unsigned long)model_page_array)
#undef DIRECT_MAP_BASE
#define DIRECT_MAP_BASE ((unsigned long)model_memory)
