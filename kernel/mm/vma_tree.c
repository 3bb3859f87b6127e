/*
 * The tree of an address space's vmas: ordered by address, each node knowing the largest gap before any vma of its
 * subtree, so that a place for a new mapping is found on one way down. All changes go through vma_insert, vma_erase,
 * vma_set_range and vma_set_flags, which keep the gaps, the counters of the mm and the inode's list of mappings right.
 *
 * A gap counts as GAP_MANY bytes at most: in the large one, where programs map and unmap, nothing changes up the tree then.
 */
#include "internal.h"
#include "vma_lock.h"

#include <profile/check.h>

static inline u64 vma_subtree_gap(const struct vma *vma)
{
	const struct vma *left = rb_entry_or_null(vma->node.left, struct vma, node);
	const struct vma *right = rb_entry_or_null(vma->node.right, struct vma, node);
	u64 gap = vma->gap;

	if (left)
		gap = MAX(gap, left->subtree_gap);
	if (right)
		gap = MAX(gap, right->subtree_gap);
	return gap;
}

RB_AUGMENT(vma_augment, struct vma, node, subtree_gap, vma_subtree_gap);

struct vma *vma_find(struct mm *mm, u64 address)
{
	struct vma *vma = READ_ONCE(mm->cached), *found = NULL;
	struct rb_node *node = mm->vmas.node;

	/* Whoever changes the tree clears the hint, under the lock that we hold for reading. */
	if (vma && address >= vma->start && address < vma->end)
		return vma;
	while (node) {
		vma = rb_entry(node, struct vma, node);
		if (address >= vma->end) {
			node = node->right;
			continue;
		}
		found = vma;
		if (address >= vma->start) {
			WRITE_ONCE(mm->cached, vma);
			break;
		}
		node = node->left;
	}
	return found;
}

struct vma *vma_find_range(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find(mm, start);

	return vma && vma->start < end ? vma : NULL;
}

struct vma *vma_above(struct mm *mm, u64 free)
{
	struct vma *place = mm->place;

	if (likely(place && free < place->start && place->prev && free >= place->prev->end))
		return place;
	return vma_find(mm, free);
}

/* --- Counters and gaps --------------------------------------------------------------------------------------------- */

/* Of the kinds of memory that limits and /proc know, the one of `flags`. */
static void mm_account_kind(struct mm *mm, u32 flags, long pages)
{
	if (flags & VM_LOCKED)
		atomic_add(&mm->pages_locked, pages);
	if (flags & VM_STACK)
		atomic_add(&mm->pages_stack, pages);
	else if (vma_private_writable(flags))
		atomic_add(&mm->pages_data, pages);
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		atomic_add(&mm->pages_exec, pages);
}

static void mm_account(struct mm *mm, u32 flags, long pages)
{
	atomic_add(&mm->pages_total, pages);
	mm_account_kind(mm, flags, pages);
}

#define GAP_MANY (1UL << 40)

/* `end`: of the vma before, or 0. */
static inline u64 gap_before(const struct vma *vma, u64 end)
{
	u64 start = vma_guarded_start(vma);

	return start > end ? MIN(start - end, GAP_MANY) : 0;
}

/* The gap before `vma` (NULL: behind the last one) may have grown, and be the highest now that the next mapping fits into. */
static void gap_update(struct mm *mm, struct vma *vma, u64 end)
{
	if (!vma) {
		mm->place = NULL;
		return;
	}
	vma->gap = gap_before(vma, end);
	vma_augment_propagate(&vma->node, NULL);
	if (mm->place && vma->start > mm->place->start && vma->gap >= mm->place_length)
		mm->place = vma;
}

/* What lookups try first is in the tree: it is `vma`, or NULL. */
static void tree_changed(struct mm *mm, struct vma *vma)
{
	WRITE_ONCE(mm->cached, vma);
}

/* --- Changes. mm->lock held for writing. --------------------------------------------------------------------------- */

/*
 * Between prev and next one link is free: the left one of `next`, or else the right one of `prev`, which then is the last of
 * that left subtree.
 */
static void tree_link(struct mm *mm, struct vma *vma, struct vma *prev, struct vma *next)
{
	struct rb_node *parent = NULL, **link = &mm->vmas.node;

	if (next && !next->node.left) {
		parent = &next->node;
		link = &parent->left;
	} else if (prev) {
		parent = &prev->node;
		link = &parent->right;
	}
	rb_link(&vma->node, parent, link);
	vma->gap = gap_before(vma, prev ? prev->end : 0);
	vma->subtree_gap = vma->gap;
	if (next)
		next->gap = gap_before(next, vma->end);
	if (parent)
		vma_augment_propagate(parent, NULL);
	if (next && parent != &next->node)
		vma_augment_propagate(&next->node, NULL);
	rb_insert_augmented(&vma->node, &mm->vmas, &vma_augment);
}

/* Makes `prev` and `next` neighbours. */
static void neighbours_link(struct mm *mm, struct vma *prev, struct vma *next)
{
	if (prev)
		prev->next = next;
	else
		mm->first = next;
	if (next)
		next->prev = prev;
	else
		mm->last = prev;
}

void vma_insert_before(struct mm *mm, struct vma *vma, struct vma *next)
{
	struct vma *prev = vma_below(mm, next);

	check(rwsem_is_write_held(&mm->lock));
	vma_write_lock_new(vma);
	tree_link(mm, vma, prev, next);
	neighbours_link(mm, prev, vma);
	neighbours_link(mm, vma, next);
	if (next && next == mm->place && next->gap < mm->place_length)
		mm->place = vma;
	mm->vma_count++;
	mm_account(mm, vma->flags, (long)vma_pages(vma));
	rmap_add(vma);
	tree_changed(mm, vma);
	vma_check_tree(mm);
}

void vma_insert(struct mm *mm, struct vma *vma)
{
	vma_insert_before(mm, vma, vma_find(mm, vma->start));
}

void vma_erase(struct mm *mm, struct vma *vma)
{
	struct vma *next = vma->next, *prev = vma->prev;

	check(rwsem_is_write_held(&mm->lock));
	vma_write_lock_gone(vma);
	rmap_remove(vma);
	if (mm->place == vma)
		mm->place = next;
	/* First, so that the tree has the gap again when it loses this one. */
	gap_update(mm, next, prev ? prev->end : 0);
	rb_erase_augmented(&vma->node, &mm->vmas, &vma_augment);
	neighbours_link(mm, prev, next);
	mm->vma_count--;
	mm_account(mm, vma->flags, -(long)vma_pages(vma));
	tree_changed(mm, NULL);
	vma_check_tree(mm);
}

static inline void range_store(struct vma *vma, u64 start, u64 end, u64 page_offset)
{
	WRITE_ONCE(vma->start, start);
	WRITE_ONCE(vma->end, end);
	vma->page_offset = page_offset;
}

static __noinline void range_store_locked(struct vma *vma, u64 start, u64 end, u64 page_offset)
{
	rmap_lock(vma);
	range_store(vma, start, end, page_offset);
	rmap_unlock(vma);
}

void vma_set_range(struct vma *vma, u64 start, u64 end, u64 page_offset)
{
	struct mm *mm = vma->mm;
	long more = (long)((end - start) >> PAGE_SHIFT) - (long)vma_pages(vma);
	bool low_moves = start != vma->start, high_moves = end != vma->end;

	check(vma_is_write_locked(vma));
	if (unlikely(vma->file))
		range_store_locked(vma, start, end, page_offset);
	else
		range_store(vma, start, end, page_offset);
	mm_account(mm, vma->flags, more);
	if (low_moves)
		gap_update(mm, vma, vma->prev ? vma->prev->end : 0);
	if (high_moves)
		gap_update(mm, vma->next, end);
	tree_changed(mm, vma);
}

void vma_set_flags(struct vma *vma, u32 flags)
{
	check(vma_is_write_locked(vma));
	mm_account_kind(vma->mm, vma->flags, -(long)vma_pages(vma));
	vma->flags = flags;
	vma->pte_bits = pte_protection(flags & (VM_READ | VM_WRITE | VM_EXEC));
	vma_update_fault_kinds(vma);
	mm_account_kind(vma->mm, vma->flags, (long)vma_pages(vma));
}

/* --- Gaps ------------------------------------------------------------------------------------------------------------ */

/* The highest place in the gap before `vma` that lies in [low, high), or 0. */
static u64 gap_fit(const struct vma *vma, u64 length, u64 low, u64 high)
{
	u64 start = MAX(vma->prev ? vma->prev->end : 0, low);
	u64 end = MIN(vma_guarded_start(vma), high);

	return end > start && end - start >= length ? end - length : 0;
}

/*
 * The vma before which is the highest gap that has a place. Recursion to the right only, into subtrees that begin below
 * `high`: the depth is that of the tree, which VMA_COUNT_MAX bounds. A subtree wholly between the limits that promises a gap
 * has it (of more than GAP_MANY there are few), so the way is one descent along each limit.
 */
static struct vma *gap_search(const struct rb_node *node, u64 length, u64 low, u64 high)
{
	const u64 least = MIN(length, GAP_MANY);

	while (node) {
		struct vma *vma = rb_entry(node, struct vma, node), *found = NULL;

		if (vma->subtree_gap < least)
			return NULL;
		if (node->right && vma->end + length <= high)
			found = gap_search(node->right, length, low, high);
		if (!found && vma->gap >= least && gap_fit(vma, length, low, high))
			found = vma;
		if (found)
			return found;
		if (vma->start < low + length)
			return NULL;
		node = node->left;
	}
	return NULL;
}

u64 vma_find_gap(struct mm *mm, u64 length, u64 low, u64 high)
{
	bool usual = high == mm->mmap_base;
	struct vma *vma = mm->place;
	u64 start, at;

	if (likely(usual && vma && length >= mm->place_length)) {
		at = gap_fit(vma, length, low, high);
		if (likely(at))
			return at;
	}
	if (high < low || high - low < length)
		return 0;
	start = MAX(mm->last ? mm->last->end : 0, low);
	if (start < high && high - start >= length)
		return high - length;
	vma = gap_search(mm->vmas.node, length, low, high);
	if (usual && length <= GAP_MANY) {
		mm->place = vma;
		mm->place_length = length;
	}
	return vma ? gap_fit(vma, length, low, high) : 0;
}

/* --- The checker ------------------------------------------------------------------------------------------------------ */

static void vma_check(const struct mm *mm, const struct vma *vma, const struct vma *prev)
{
	expect(vma->mm == mm);
	expect(vma->start < vma->end && vma->end <= USER_END);
	expect(IS_ALIGNED(vma->start | vma->end, PAGE_SIZE));
	expect(vma->prev == prev && (prev ? prev->next : mm->first) == vma);
	expect(vma->node.left == NULL || rb_prev(&vma->node) == &prev->node);
	expect(!prev || prev->end <= vma->start);
	expect(vma->gap == gap_before(vma, prev ? prev->end : 0));
	expect(vma->subtree_gap == vma_subtree_gap(vma));
	expect(vma->lock_seq <= mm->lock_seq);
	expect(vma->fault_kinds == vma_fault_kinds(vma));
	expect(vma->pte_bits == pte_protection(vma->flags & (VM_READ | VM_WRITE | VM_EXEC)));
}

/* No gap above the remembered place has room. */
static void place_check(const struct mm *mm)
{
	const struct vma *vma = mm->place;

	while (vma && (vma = vma->next))
		expect(!gap_fit(vma, mm->place_length, 0, mm->mmap_base));
}

void vma_check_tree(struct mm *mm)
{
	const struct vma *prev = NULL;
	struct vma *vma;
	u64 count = 0, pages = 0;

	/* Quadratic otherwise where a test makes as many as it can. */
	if (!config_on(CONFIG_KERNEL_TESTS) || (mm->vma_count > 256 && mm->lock_seq % 256))
		return;
	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		vma_check(mm, vma, prev);
		prev = vma;
		count++;
		pages += vma_pages(vma);
	}
	expect(prev == mm->last);
	expect(count == mm->vma_count);
	expect(pages == (u64)atomic_read(&mm->pages_total));
	place_check(mm);
}
