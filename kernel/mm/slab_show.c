/* What slabs tell of themselves: /proc/slabinfo, and how much memory they take. */
#include "slab_internal.h"

#include <kernel/seq_file.h>

typedef unsigned long long ull;

void slab_cache_set_reclaimable(struct slab_cache *cache)
{
	cache->reclaimable = true;
}

u64 slab_pages_reclaimable(void)
{
	u64 sum = 0;

	for (u32 i = 0; i < READ_ONCE(slab_cache_count); i++)
		if (slab_caches[i].reclaimable)
			sum += READ_ONCE(slab_caches[i].slabs) << slab_caches[i].order;
	return sum;
}

static void slab_show_cache(struct seq_file *out, struct slab_cache *cache)
{
	u64 slabs, in_use;
	unsigned long flags = spin_lock_irq(&cache->lock);

	slabs = cache->slabs;
	in_use = cache->in_use;
	spin_unlock_irq(&cache->lock, flags);
	seq_printf(
		out,
		"%-17s %6llu %6llu %6u %4u %4u : tunables %4u %4u %4u : slabdata %6llu %6llu %6u\n",
		cache->name, (ull)in_use, (ull)slabs * cache->objects, cache->stride, cache->objects,
		1u << cache->order, cache->cpu_limit, cache->batch, 0u, (ull)slabs, (ull)slabs, 0u);
}

void slab_show(struct seq_file *out)
{
	seq_puts(out,
		 "slabinfo - version: 2.1\n"
		 "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
		 " : tunables <limit> <batchcount> <sharedfactor>"
		 " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (u32 i = 0; i < READ_ONCE(slab_cache_count); i++)
		slab_show_cache(out, &slab_caches[i]);
}
