/* The VMAP region: kernel stacks with guard pages, device registers, large kernel buffers. */
#pragma once

#include <platform/page_table.h>

void *vmap_stack_alloc(
	void); /* KERNEL_STACK_SIZE above an unmapped guard page; lowest address, or NULL. Cached per CPU. */
void vmap_stack_free(void *stack);
/* Takes a stack back if there is room for it in this CPU's cache. Any context. */
bool vmap_stack_cache(void *stack);
/* Maps registers uncached; NULL if out of space. `phys` need not be aligned. Never unmapped at run time. */
void *vmap_device(paddr_t phys, size_t size, enum memory_type type);
void *vmalloc(size_t size); /* page-granular zeroed memory, not contiguous; NULL */
void vfree(void *address);
void vmap_init(void);
u64 vmap_stack_count(void); /* in use: those kept for the next task do not count */
