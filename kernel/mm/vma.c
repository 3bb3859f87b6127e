/* The life of a vma, splitting, and joining with neighbours that are alike. */
#include "internal.h"
#include "vma_lock.h"

#include <kernel/file.h>
#include <kernel/slab.h>

static struct slab_cache *vma_slab;

void __init vm_init(void)
{
	if (pte_verify())
		pt_verify_init();
	mm_slab_init();
	page_cache_init_slab();
	vma_slab = slab_cache_create("vm_area_struct", sizeof(struct vma), 0);
}

struct vma *vma_alloc(struct mm *mm, u64 start, u64 end, u32 flags)
{
	struct vma *vma = slab_alloc(vma_slab, SLAB_ZERO);

	if (!vma)
		return NULL;
	vma->mm = mm;
	vma->start = start;
	vma->end = end;
	vma->flags = flags;
	vma->pte_bits = pte_protection(flags & (VM_READ | VM_WRITE | VM_EXEC));
	vma->page_offset = start >> PAGE_SHIFT;
	vma->fault_pages = mm->fault_pages;
	vma_update_fault_kinds(vma);
	return vma;
}

struct vma *vma_copy(const struct vma *vma, struct mm *mm)
{
	struct vma *copy = slab_alloc(vma_slab, 0);

	if (!copy)
		return NULL;
	/* Its place in the tree and in lists is set where it gets one. */
	*copy = *vma;
	copy->mm = mm;
	copy->readers = 0;
	if (copy->file)
		(void)file_get(copy->file);
	return copy;
}

static void vma_free(struct rcu_head *head)
{
	slab_free(vma_slab, container_of(head, struct vma, rcu));
}

/* What it refers to. */
static void vma_let_go(struct vma *vma)
{
	/* The last reference to a file may need locks that are taken before mm->lock. */
	if (vma->file)
		file_put_deferred(vma->file);
}

static void vma_close(struct vma *vma)
{
	if (vma->ops && vma->ops->close)
		vma->ops->close(vma);
}

void vma_discard(struct vma *vma)
{
	vma_let_go(vma);
	rcu_call(&vma->rcu, vma_free);
}

void vma_release(struct vma *vma)
{
	vma_close(vma);
	vma_discard(vma);
}

void vma_release_unseen(struct vma *vma)
{
	vma_close(vma);
	vma_let_go(vma);
	slab_free(vma_slab, vma);
}

/* --- Splitting --------------------------------------------------------------------------------------------------- */

int vma_split(struct vma *vma, u64 at)
{
	struct mm *mm = vma->mm;
	struct vma *upper;

	/* First: or else a fault could map a huge page across the border. */
	vma_write_lock(vma);
	if (mm->vma_count >= VMA_COUNT_MAX || pt_unshare_border(mm, at))
		return -ENOMEM;
	upper = vma_copy(vma, mm);
	if (!upper)
		return -ENOMEM;
	upper->start = at;
	upper->page_offset = vma_index(vma, at);
	if (upper->ops && upper->ops->open)
		upper->ops->open(upper);
	/*
	 * Only the lowest part of a stack grows; which is why the upper half loses nothing by keeping the flag: there is no
	 * room below it.
	 */
	vma_set_range(vma, vma->start, at, vma->page_offset);
	vma_insert_before(mm, upper, vma->next);
	return 0;
}

int vma_split_range(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find(mm, start);
	int error;

	if (vma && vma->start < start) {
		error = vma_split(vma, start);
		if (error)
			return error;
	}
	vma = vma_find(mm, end - 1);
	if (vma && vma->start < end && vma->end > end)
		return vma_split(vma, end);
	return 0;
}

/* --- Joining ----------------------------------------------------------------------------------------------------- */

static bool vma_alike(const struct vma *vma, u32 flags, const struct file *file)
{
	return vma->flags == flags && vma->file == file && !(flags & VM_SPECIAL) &&
	       !(vma->ops && vma->ops->close);
}

static bool vma_continues(const struct vma *vma, u64 page_offset)
{
	return !vma->file || vma->page_offset + vma_pages(vma) == page_offset;
}

/* `upper` begins where `lower` ends, and may become part of it. */
static bool vma_joinable(const struct vma *lower, const struct vma *upper)
{
	return lower->end == upper->start && vma_alike(lower, upper->flags, upper->file) &&
	       lower->fault_pages == upper->fault_pages && lower->ops == upper->ops &&
	       lower->private_data == upper->private_data && (upper->file || !upper->ops) &&
	       vma_continues(lower, upper->page_offset);
}

/* The struct of `upper` goes away. */
static struct vma *vma_join(struct vma *lower, struct vma *upper)
{
	u64 end = upper->end;

	vma_write_lock(lower);
	vma_erase(lower->mm, upper);
	lower->has_anon |= upper->has_anon;
	lower->touched |= upper->touched;
	vma_set_range(lower, lower->start, end, lower->page_offset);
	vma_discard(upper);
	return lower;
}

struct vma *vma_merge(struct vma *vma)
{
	struct vma *prev = vma_prev(vma), *next;

	if (prev && vma_joinable(prev, vma))
		vma = vma_join(prev, vma);
	next = vma_next(vma);
	if (next && vma_joinable(vma, next))
		vma = vma_join(vma, next);
	return vma;
}

struct vma *vma_extend(struct mm *mm, struct vma *next, u64 start, u64 end, u32 flags,
		       struct file *file, u64 page_offset)
{
	struct vma *prev = vma_below(mm, next);

	/* Memory that a driver fills is never extended: its operation has not seen the new part. */
	if (prev && prev->end == start && prev->fault_pages == mm->fault_pages &&
	    vma_alike(prev, flags, file) && (file || !prev->ops) &&
	    vma_continues(prev, page_offset)) {
		vma_write_lock(prev);
		vma_set_range(prev, prev->start, end, prev->page_offset);
		return vma_merge(prev);
	}
	if (next && next->start == end && next->fault_pages == mm->fault_pages &&
	    vma_alike(next, flags, file) && (file || !next->ops) &&
	    (!file || page_offset + ((end - start) >> PAGE_SHIFT) == next->page_offset)) {
		vma_write_lock(next);
		vma_set_range(next, start, next->end, page_offset);
		return next;
	}
	return NULL;
}
