/* Physical memory as the kernel sees it: typed addresses, the direct map, the boot loader's memory map. */
#pragma once

#include <lib/types.h>
#include <platform/layout.h>

/* A physical address in bytes. A struct, so that it is never mistaken for a pointer. */
typedef struct {
	u64 raw;
} paddr_t;

static inline paddr_t paddr(u64 raw)
{
	return (paddr_t){ raw };
}

/* RAM only; device registers are mapped by vmap_device (kernel/vmap.h). */
static inline void *paddr_to_virt(paddr_t p)
{
	return (void *)(DIRECT_MAP_BASE + p.raw);
}

/* Of a pointer into the direct map or the kernel image. */
static inline paddr_t virt_to_paddr(const void *v)
{
	u64 a = (u64)v;

	return paddr(a >= KERNEL_BASE ? a - KERNEL_BASE : a - DIRECT_MAP_BASE);
}

enum memory_kind { MEMORY_USABLE, MEMORY_RESERVED, MEMORY_ACPI, MEMORY_NVS, MEMORY_BAD };

struct memory_range {
	u64 start; /* bytes, inclusive */
	u64 end; /* exclusive */
	enum memory_kind kind;
};

/*
 * Boot memory: everything before the page allocator runs. Ranges are kept sorted and disjoint in an array that grows in
 * boot memory itself, so that no number of ranges is too many. Boot CPU only.
 */
void boot_memory_add(u64 start, u64 end,
		     enum memory_kind kind); /* later calls win where ranges overlap */
void boot_memory_reserve(u64 start, u64 end); /* kernel image, initramfs, boot tables, trampoline */
/* Zeroed, direct-mapped, page aligned where size >= PAGE_SIZE, else 16. Does not fail: prints one line and halts. */
void *boot_memory_alloc(size_t size);
/* Like boot_memory_alloc, but the whole block below `limit` and aligned to `align` (a power of two). */
void *boot_memory_alloc_aligned(size_t size, size_t align, u64 limit);
size_t boot_memory_ranges(const struct memory_range **ranges);
/* Walks the usable ranges that nothing has reserved: false at the end. Start with *cursor = 0. */
bool boot_memory_next_free(u64 *cursor, u64 *start, u64 *end);
u64 boot_memory_end(void); /* end of the highest usable byte */

/* Zeroes or copies one page with 8-byte string stores (rep stosq/movsq); both addresses page aligned. */
void page_zero_raw(void *page);
/* The same for a page that will not be used soon: past the caches. Other CPUs see it before what the caller stores next. */
void page_zero_stream(void *page);
void page_copy_raw(void *to, const void *from);
