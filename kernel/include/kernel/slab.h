/*
 * Kernel objects. A slab_cache hands out objects of one size from per-CPU free lists; kmalloc picks a cache by size, and
 * whole pages above SLAB_SIZE_MAX. What is checked (red zones, poison, quarantine, hidden free list, double free) is
 * the profile's choice, in kernel/mm/slab.c.
 */
#pragma once

#include <lib/list.h>
#include <platform/layout.h>

struct slab_cache;

#define SLAB_ZERO (1u << 0) /* this allocation is zeroed (always, with INIT_ON_ALLOC) */
#define SLAB_ATOMIC (1u << 1) /* must not sleep */
#define SLAB_SIZE_MAX 8192

/* `align` 0: 16. Caches live for ever; creating one at boot does not fail (halts with a line). */
struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align);
void *slab_alloc(struct slab_cache *cache, unsigned int flags); /* NULL: out of memory */
void slab_free(struct slab_cache *cache, void *object); /* NULL is allowed; any context */

void *kmalloc(size_t size, unsigned int flags); /* NULL: out of memory or size 0 */
void *kzalloc(size_t size);
void *kmalloc_array(size_t count, size_t size, unsigned int flags); /* NULL also on overflow */
void *krealloc(void *object, size_t size,
	       unsigned int flags); /* grows or shrinks; on NULL the old object stays */
char *kstrdup(const char *s);
void kfree(const void *object); /* NULL is allowed */
size_t kmalloc_usable_size(const void *object);

void slab_init(void);
void slab_init_cpu(void);
/* Most of its objects only remember what could be found again. At boot. */
void slab_cache_set_reclaimable(struct slab_cache *cache);
u64 slab_pages_reclaimable(void); /* frames of such caches */
struct seq_file;
void slab_show(struct seq_file *out); /* /proc/slabinfo */
