/*
 * test_page_alloc.c - the kernel's page allocator, from the map of RAM on, against an array that says whose each frame is:
 * blocks are whole, aligned and nobody else's, what is free is merged as far as it goes, counts and reserves hold.
 * with: kernel/mm/page_alloc.c kernel/mm/page_verify.c kernel/mm/fault_hint.c kernel/mm/buddy.c kernel/mm/page_zero.c kernel/mm/page_init.c testing/unit/kernel/page_model.c
 */
#include "../../../kernel/mm/internal.h"

#include "../../../kernel/mm/page_internal.h"

#include <kernel/task.h>
#include <lib/string.h>
#include <profile/init.h>

#include "model.h"
#include "page_model.h"

#define BLOCKS 1000
#define STEPS 12000
#define PHASE 1200

struct block {
	struct page *page; /* NULL: not in use */
	unsigned int order, flags;
	int refs;
	enum page_owner owner;
};

static struct block blocks[BLOCKS];
static u64 holder[FRAMES]; /* the oracle: of a frame in use 1 + the index of its block */
static bool usable[FRAMES]; /* given to the allocator */
static u64 owned[PAGE_OWNERS], usable_count;
static u64 lists_at_start[PAGE_MAX_ORDER + 1];
static struct task task;
static unsigned int shrinks, kills, blocks_cleared;
static struct random_state state;

void slab_shrink(void)
{
	shrinks++;
}

/* --- The oracle ---------------------------------------------------------------------------------------------------------- */

static u64 tag_of(u64 frame)
{
	return holder[frame] << 32 | frame;
}

static u64 *frame_words(u64 frame)
{
	return (u64 *)(model_memory + (frame << PAGE_SHIFT));
}

/* Neither in use nor in the CPU's array. */
static bool in_buddy(u64 frame)
{
	return usable[frame] && !holder[frame] && frame_page(frame)->owner != PAGE_FREE_CPU;
}

static bool all_in_buddy(u64 frame, unsigned int order)
{
	for (u64 i = 0; i < 1u << order; i++)
		if (!in_buddy(frame + i))
			return false;
	return true;
}

static bool has_block(unsigned int order)
{
	for (u64 frame = 0; frame < FRAMES; frame += 1u << order)
		if (all_in_buddy(frame, order))
			return true;
	return false;
}

static u64 used_count(void)
{
	u64 sum = 0;

	for (unsigned int owner = 0; owner < PAGE_OWNERS; owner++)
		sum += owned[owner];
	return sum;
}

static void oracle_usable(u64 start, u64 end)
{
	usable_count += end - start;
	for (u64 frame = start; frame < end; frame++)
		usable[frame] = true;
}

static u64 reserve_for(unsigned int flags)
{
	if (task.flags & TASK_FLAG_MEMORY_RESERVE)
		return 0;
	return flags & PAGE_ATOMIC ? buddy.reserve / 4 : buddy.reserve;
}

/* --- The lists of free blocks -------------------------------------------------------------------------------------------- */

/* What is said to be clear is so, at its ends, where whoever has a frame writes; all of a clean block is said to be so. */
static void check_free_frame(u64 frame, enum page_kind kind)
{
	const u64 *words = frame_words(frame);

	if (frame_page(frame)->flags & PAGE_FLAG_ZEROED)
		MODEL_EXPECT(!words[0] && !words[PAGE_SIZE / sizeof(*words) - 1]);
	else
		MODEL_EXPECT(kind == PAGES_DIRTY);
}

/* Free blocks of an order and a kind: how many. Each frame of them is counted in seen[]. */
static u64 check_list(unsigned int order, enum page_kind kind, u8 *seen)
{
	struct page *page;
	u64 count = 0;

	list_for_each_entry (page, &buddy.free[kind][order], link) {
		u64 frame = page_frame(page);

		MODEL_REQUIRE(frame + (1u << order) <= FRAMES);
		MODEL_EXPECT(IS_ALIGNED(frame, 1u << order));
		MODEL_EXPECT(page->owner == PAGE_FREE_BUDDY && page->order == order);
		MODEL_EXPECT(all_in_buddy(frame, order));
		/* Merged, as far as it goes. */
		MODEL_EXPECT(order == PAGE_MAX_ORDER || !all_in_buddy(frame ^ (1u << order), order));
		MODEL_EXPECT(page->kind == kind);
		for (u64 i = 0; i < 1u << order; i++) {
			seen[frame + i]++;
			check_free_frame(frame + i, kind);
		}
		count++;
	}
	return count;
}

static void check_lists(void)
{
	static u8 seen[FRAMES];
	u64 free = 0, clean = 0, wrong = 0;

	memset(seen, 0, sizeof(seen));
	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		free += check_list(order, PAGES_DIRTY, seen) << order;
		clean += check_list(order, PAGES_CLEAN, seen) << order;
	}
	for (u64 frame = 0; frame < FRAMES; frame++)
		wrong += seen[frame] != (usable[frame] && in_buddy(frame));
	MODEL_EXPECT(wrong == 0);
	MODEL_EXPECT(free + clean == buddy.free_pages);
	MODEL_EXPECT(clean == buddy.clean_pages);
	MODEL_EXPECT(!buddy.being_zeroed);
}

static void check_counts(void)
{
	MODEL_EXPECT(page_free_count() + used_count() == usable_count);
	MODEL_EXPECT(page_managed_count() == usable_count);
	for (unsigned int owner = PAGE_KERNEL; owner < PAGE_TAIL; owner++)
		MODEL_EXPECT(page_owned((enum page_owner)owner) == owned[owner]);
}

static void lists_count(u64 *counts)
{
	struct page *page;

	for (unsigned int order = 0; order <= PAGE_MAX_ORDER; order++) {
		counts[order] = 0;
		for (unsigned int kind = 0; kind < PAGE_KINDS; kind++)
			list_for_each_entry (page, &buddy.free[kind][order], link)
				counts[order]++;
	}
}

/* --- Steps --------------------------------------------------------------------------------------------------------------- */

static struct block *free_slot(void)
{
	for (unsigned int i = random_below(&state, BLOCKS), n = 0; n < BLOCKS; n++, i++)
		if (!blocks[i % BLOCKS].page)
			return &blocks[i % BLOCKS];
	return NULL;
}

static struct block *used_slot(void)
{
	for (unsigned int i = random_below(&state, BLOCKS), n = 0; n < BLOCKS; n++, i++)
		if (blocks[i % BLOCKS].page)
			return &blocks[i % BLOCKS];
	return NULL;
}

static void take_frame(struct block *block, u64 frame, bool zero)
{
	u64 *words = frame_words(frame);

	MODEL_REQUIRE(frame < FRAMES);
	MODEL_EXPECT(usable[frame] && !holder[frame]);
	MODEL_EXPECT(!zero || mem_is_zero(words, PAGE_SIZE));
	holder[frame] = (u64)(block - blocks) + 1;
	words[0] = words[PAGE_SIZE / sizeof(*words) - 1] = tag_of(frame);
}

/* The block is new: it is what was asked for, and nobody else's. */
static void block_begin(struct block *block)
{
	struct page *page = block->page;
	u64 frame = page_frame(page), size = 1u << block->order;
	bool zero = (block->flags & PAGE_ZERO) || (init_on_alloc() && block->owner == PAGE_KERNEL);

	MODEL_EXPECT(IS_ALIGNED(frame, size));
	MODEL_EXPECT(atomic_read(&page->ref) == 1 && !atomic_read(&page->mapcount));
	MODEL_EXPECT(page->owner == block->owner && page->order == block->order);
	for (u64 i = 0; i < size; i++) {
		MODEL_EXPECT(!(page[i].flags & PAGE_FLAG_ZEROED));
		MODEL_EXPECT(!(block->flags & PAGE_COMPOUND) || page_head(page + i) == page);
		take_frame(block, frame + i, zero);
	}
	owned[block->owner] += size;
	block->refs = 1;
}

/* Its last reference is about to go: what is in its frames is still what was put there. */
static void block_end(struct block *block, bool clear)
{
	u64 frame = page_frame(block->page);

	for (u64 i = frame; i < frame + (1u << block->order); i++) {
		u64 *words = frame_words(i);

		MODEL_EXPECT(words[0] == tag_of(i));
		MODEL_EXPECT(words[PAGE_SIZE / sizeof(*words) - 1] == tag_of(i));
		if (clear)
			memset(words, 0, PAGE_SIZE);
		holder[i] = 0;
	}
	owned[block->owner] -= 1u << block->order;
}

/* One of the references goes, in one of the ways. */
static void block_put(struct block *block)
{
	struct page *page = block->page;
	bool compound = block->flags & PAGE_COMPOUND;
	bool clear = block->order == 0 && random_below(&state, 3) == 0;

	if (--block->refs == 0)
		block_end(block, clear);
	else
		clear = false;
	if (clear)
		page_free_zeroed(page);
	else if (block->refs == 0 && random_below(&state, 2))
		page_free(page, block->order);
	else if (!this_cpu(irq_depth) && random_below(&state, 2))
		page_put_many(&page, 1);
	else
		page_put(page + (compound ? random_below(&state, 1u << block->order) : 0));
	if (block->refs)
		return;
	block->page = NULL;
	MODEL_EXPECT(page->owner == PAGE_TAIL || !page_try_get(page));
	if (init_on_free())
		MODEL_EXPECT(mem_is_zero(page_virt(page), (size_t)PAGE_SIZE << block->order));
}

/* A victim gives back what it has; at times there is none. */
bool oom_kill(void)
{
	struct block *victim = used_slot();

	kills++;
	if (!victim || random_below(&state, 4) == 0)
		return false;
	while (victim->page)
		block_put(victim);
	return true;
}

/* There is nothing for whoever gets nothing. */
static void check_refused(unsigned int order, unsigned int flags)
{
	MODEL_EXPECT(buddy.free_pages < reserve_for(flags) + (1u << order) || !has_block(order));
	if (!(flags & PAGE_ATOMIC))
		MODEL_EXPECT(page_free_count() == buddy.free_pages);
	if (order == 0 && !this_cpu(irq_depth))
		MODEL_EXPECT(page_free_count() == buddy.free_pages);
}

static void step_alloc(void)
{
	static const unsigned int flag_sets[] = { 0, PAGE_ATOMIC, PAGE_NO_RECLAIM, PAGE_USER };
	struct block *block = free_slot();
	unsigned int a = random_below(&state, 11), b = random_below(&state, 11);
	unsigned int order = random_below(&state, 2) ? MIN(a, b) : 0;
	u64 before = buddy.free_pages;

	if (!block)
		return;
	block->flags = flag_sets[random_below(&state, ARRAY_LEN(flag_sets))];
	block->flags |= random_below(&state, 2) ? PAGE_ZERO : 0;
	block->flags |= order && random_below(&state, 2) ? PAGE_COMPOUND : 0;
	this_cpu(irq_depth) = block->flags & PAGE_ATOMIC && random_below(&state, 2);
	task.flags = random_below(&state, 8) ? 0 : TASK_FLAG_MEMORY_RESERVE;
	block->order = order;
	block->owner =
		(enum page_owner)(PAGE_KERNEL + random_below(&state, PAGE_TAIL - PAGE_KERNEL));
	block->page = page_alloc(order, block->flags, block->owner);
	if (block->page) {
		MODEL_EXPECT(buddy.free_pages == before ||
			     buddy.free_pages >= reserve_for(block->flags));
		block_begin(block);
	} else {
		check_refused(order, block->flags);
	}
	this_cpu(irq_depth) = 0;
}

static void step_batch(void)
{
	struct page *pages[48];
	unsigned int want = random_below(&state, ARRAY_LEN(pages) + 1);
	unsigned int flags = random_below(&state, 2) ? PAGE_ZERO : 0, got;

	got = page_alloc_batch(pages, want, flags, PAGE_ANON);
	MODEL_EXPECT(got <= want);
	for (unsigned int i = 0; i < got; i++) {
		struct block *block = free_slot();

		if (!block) {
			page_put(pages[i]);
			continue;
		}
		*block = (struct block){ pages[i], 0, flags, 1, PAGE_ANON };
		block_begin(block);
	}
}

static void step_free(void)
{
	struct block *block = used_slot();

	if (!block)
		return;
	this_cpu(irq_depth) = random_below(&state, 4) == 0;
	block_put(block);
	this_cpu(irq_depth) = 0;
}

/* References of several blocks, some of them of the same: single frames, blocks, parts of compound ones; for some it is the last. */
static void step_free_many(void)
{
	struct page *pages[16], *ended[ARRAY_LEN(pages)];
	unsigned int want = random_below(&state, ARRAY_LEN(pages) + 1), count = 0, gone = 0;
	struct block *block;

	while (count < want && (block = used_slot())) {
		bool compound = block->flags & PAGE_COMPOUND;

		pages[count++] =
			block->page + (compound ? random_below(&state, 1u << block->order) : 0);
		if (--block->refs)
			continue;
		block_end(block, false);
		ended[gone++] = block->page;
		block->page = NULL;
	}
	page_put_many(pages, count);
	while (gone--)
		MODEL_EXPECT(ended[gone]->owner == PAGE_TAIL || !page_try_get(ended[gone]));
}

static void step_get(void)
{
	struct block *block = used_slot();
	struct page *page;

	if (!block)
		return;
	page = block->page;
	if (block->flags & PAGE_COMPOUND)
		page += random_below(&state, 1u << block->order);
	if (random_below(&state, 2))
		page_get(page);
	else
		MODEL_EXPECT(page_try_get(page));
	block->refs++;
	MODEL_EXPECT(atomic_read(&block->page->ref) == block->refs);
}

/* The machine is idle for a while: no more than some steps, or until there is enough. */
static void step_idle(void)
{
	u64 clean = buddy.clean_pages, free = page_free_count();

	for (unsigned int n = random_below(&state, 64); n && page_zero_wanted(); n--)
		page_zero_some();
	MODEL_EXPECT(page_free_count() == free);
	if (buddy.clean_pages > clean)
		blocks_cleared++;
}

/* Memory fills up and empties by turns. */
static void step(unsigned int number)
{
	unsigned int which = random_below(&state, 16), full = number / PHASE % 2 ? 4 : 11;

	if (page_zero_ahead() && random_below(&state, 16) == 0)
		step_idle();
	if (which < full)
		step_alloc();
	else if (which < 13)
		step_free();
	else if (which == 13)
		step_free_many();
	else if (which == 14)
		step_get();
	else
		step_batch();
}

/* --- The start and the end ----------------------------------------------------------------------------------------------- */

static void start(void)
{
	u64 at = (u64)BOOT_RANGE_START << PAGE_SHIFT, end = (u64)BOOT_RANGE_END << PAGE_SHIFT;

	this_cpu(current_task) = &task;
	model_pages_unmap();
	page_init();
	MODEL_EXPECT(page_frames_end() == FRAMES);
	for (unsigned int i = 0; i < BOOT_FREE_RANGES; i++)
		oracle_usable(boot_free[i][0], boot_free[i][1]);
	blocks[0] = (struct block){ zero_page, 0, PAGE_ZERO, 1, PAGE_KERNEL };
	block_begin(&blocks[0]);
	check_lists();
	/* Only whole frames of what is given back. */
	page_free_boot_range(paddr(at + 1), paddr(end + PAGE_SIZE - 1));
	oracle_usable(BOOT_RANGE_START + 1, BOOT_RANGE_END);
	block_put(&blocks[0]);
	page_drain_cpu_list();
	check_lists();
	check_counts();
	lists_count(lists_at_start);
}

static void finish(void)
{
	u64 counts[PAGE_MAX_ORDER + 1];
	struct block *block;

	while ((block = used_slot()))
		block_put(block);
	page_drain_cpu_list();
	check_lists();
	check_counts();
	lists_count(counts);
	MODEL_EXPECT(memcmp(counts, lists_at_start, sizeof(counts)) == 0);
	MODEL_EXPECT(shrinks && kills);
	MODEL_EXPECT(!page_zero_ahead() || blocks_cleared);
}

int main(int argc, char **argv)
{
	model_seed(&state, argc, argv);
	start();
	for (unsigned int i = 0; i < STEPS; i++) {
		step(i);
		if (i % 16 == 0)
			check_counts();
		if (i % 128 == 0)
			check_lists();
	}
	finish();
	return model_end();
}
