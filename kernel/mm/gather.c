/*
 * The gather: pages and page tables that were unmapped wait here until no CPU can have them cached any more. The order is
 * always the same: entries change, CPUs flush, references go.
 */
#include "internal.h"

#include <platform/tlb.h>
#include <profile/bounds.h>
#include <profile/check.h>

void gather_begin(struct gather *gather, struct mm *mm)
{
	gather->mm = mm;
	gather->start = ~0ULL;
	gather->end = 0;
	gather->full = false;
	gather->page_count = 0;
	gather->table_count = 0;
}

bool gather_add_table(struct gather *gather, struct page *table)
{
	AT(gather->tables, gather->table_count) = table;
	return ++gather->table_count == ARRAY_LEN(gather->tables);
}

void gather_flush(struct gather *gather)
{
	unsigned int i;

	check(irq_enabled());
	if (gather->full)
		tlb_flush_all(&gather->mm->mmu);
	else if (gather->start < gather->end)
		tlb_flush_range(&gather->mm->mmu, gather->start, gather->end);
	page_put_many(gather->pages, gather->page_count);
	for (i = 0; i < gather->table_count; i++)
		pt_table_put(gather->tables[i]);
	gather->start = ~0ULL;
	gather->end = 0;
	gather->page_count = 0;
	gather->table_count = 0;
}

void gather_end(struct gather *gather)
{
	/* What was unmapped has a range; nothing at all is a usual case. */
	if (gather->full || gather->start < gather->end)
		gather_flush(gather);
}
