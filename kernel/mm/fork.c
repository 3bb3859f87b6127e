/*
 * fork: the child gets copies of the vmas, and shares each anonymous frame read-only with its parent until one of them writes.
 * Where a vma has the whole range of a page table the table itself is shared (pt_share.c), so that fork takes a few instructions
 * for each 2 MiB. Entries of file pages and of the zero page are not copied: the child's faults find them again.
 *
 * The parent's entries lose their write permission, so every CPU that runs it is flushed before the parent goes on: a
 * translation that still permits writing would change the child's memory.
 */
#include "huge.h"
#include "vma_lock.h"

#include <kernel/file.h>
#include <kernel/vfs.h>
#include <lib/string.h>

struct fork {
	struct mm *parent, *child;
	bool protected; /* some entry of the parent changed */
	long anon;
};

/* Both tables locked. An entry of the parent's that is in use: whether it was an anonymous frame. */
static inline bool copy_entry(struct fork *fork, pte_t *from, pte_t *to)
{
	pte_t value = pte_read(from);

	if (!pte_maps_page(value) || pte_page(value)->owner != PAGE_ANON)
		return false;
	if (pte_has(value, PTE_WRITE)) {
		value = pte_unset(value, PTE_WRITE | PTE_DIRTY);
		pte_write(from, value);
		fork->protected = true;
	}
	atomic_inc(&pte_page(value)->ref);
	pte_write(to, value);
	return true;
}

static void copy_table(struct fork *fork, pte_t *from, pte_t *to, u64 count)
{
	struct spinlock *from_lock = page_table_lock(from), *to_lock = page_table_lock(to);
	u64 left = count;
	int copied = 0;

	/* Parent before child; nobody takes the two the other way round, the child is new. */
	spin_lock(from_lock);
	spin_lock_nested(to_lock);
	while ((left = pt_skip_empty(&from, left))) {
		copied += copy_entry(fork, from, to + (count - left));
		from++;
		left--;
	}
	table_count_anon(to, copied);
	spin_unlock(to_lock);
	spin_unlock(from_lock);
	fork->anon += copied;
}

/* With fewer frames in it a table is copied: the first write would do it anyway. */
#define SHARE_MIN 32

/* The vma has all of the table's range, so that both can go on with it as it is. */
static bool table_sharable(const struct vma *vma, u64 start, u64 end, const pte_t *entry)
{
	if (vma->ops || vma->file || end - start != pt_entry_size(2))
		return false;
	return page_table_page(entry)->table_entries >= SHARE_MIN;
}

/* `may_be_huge` is a constant: what few need is kept out of the way of the others. */
static __always_inline int copy_spans(struct fork *fork, const struct vma *vma, bool may_be_huge)
{
	u64 at = vma->start, span_end;
	pte_t *from, *to;

	while ((from = pt_next_table(fork->parent, &at, vma->end, &span_end))) {
		if (may_be_huge && pt_is_huge(fork->parent, at)) {
			if (!huge_share(fork->parent, fork->child, at, &fork->protected))
				return -ENOMEM;
			fork->anon += PT_ENTRIES;
		} else if (table_sharable(vma, at, span_end, from)) {
			if (!pt_share(fork->parent, fork->child, at, &fork->protected))
				return -ENOMEM;
			fork->anon += page_table_page(from)->table_entries;
		} else {
			to = pt_entry_make(fork->child, at, 1);
			if (!to)
				return -ENOMEM;
			copy_table(fork, from, to, (span_end - at) >> PAGE_SHIFT);
		}
		at = span_end;
	}
	return 0;
}

static __noinline int copy_entries_huge(struct fork *fork, const struct vma *vma)
{
	return copy_spans(fork, vma, true);
}

static int copy_entries(struct fork *fork, const struct vma *vma)
{
	if (unlikely(fork->parent->huge))
		return copy_entries_huge(fork, vma);
	return copy_spans(fork, vma, false);
}

static bool vma_has_private_pages(const struct vma *vma)
{
	return READ_ONCE(vma->has_anon) && !(vma->flags & (VM_SHARED | VM_WIPE_ON_FORK));
}

static inline void copy_raw(pte_t *to, const pte_t *from, u64 count)
{
	if (!pte_verify()) {
		memcpy(to, from, count << 3);
		return;
	}
	for (; count--; from++, to++)
		if (!pte_none(pte_read(from)))
			pte_write(to, pte_read(from));
}

/* Frames of a device are in the entries and nowhere else. Nobody else has the child's table. */
static int copy_special(struct fork *fork, const struct vma *vma)
{
	u64 at = vma->start, span_end;
	pte_t *from, *to;

	while ((from = pt_next_table(fork->parent, &at, vma->end, &span_end))) {
		to = pt_entry_make(fork->child, at, 1);
		if (!to)
			return -ENOMEM;
		copy_raw(to, from, (span_end - at) >> PAGE_SHIFT);
		at = span_end;
	}
	return 0;
}

/* One vma. Both locks held for writing. */
static int copy_vma(struct fork *fork, struct vma *vma)
{
	struct vma *copy;

	if (vma->flags & VM_NO_FORK)
		return 0;
	if ((vma->flags & VM_ACCOUNT) && vm_commit(vma_pages(vma)))
		return -ENOMEM;
	vma_write_lock(vma);
	copy = vma_copy(vma, fork->child);
	if (!copy) {
		if (vma->flags & VM_ACCOUNT)
			vm_uncommit(vma_pages(vma));
		return -ENOMEM;
	}
	copy->flags &= ~(VM_LOCKED | VM_LOCK_ONFAULT);
	copy->has_anon = vma_has_private_pages(vma);
	if (copy->ops && copy->ops->open)
		copy->ops->open(copy);
	/* Before its entries: truncation finds the parent's first, and then these. */
	vma_insert_before(fork->child, copy, NULL);
	if (vma->flags & VM_SPECIAL)
		return copy_special(fork, vma);
	return copy->has_anon ? copy_entries(fork, vma) : 0;
}

static int copy_vmas(struct fork *fork)
{
	struct vma *vma;
	int error = 0;

	for (vma = vma_first(fork->parent); vma && !error; vma = vma_next(vma))
		error = copy_vma(fork, vma);
	atomic_add(&fork->child->rss_anon, fork->anon);
	if (fork->protected)
		tlb_flush_all(&fork->parent->mmu);
	return error;
}

static void copy_description(struct mm *child, const struct mm *parent)
{
	child->mmap_base = parent->mmap_base;
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	child->code_start = parent->code_start;
	child->code_end = parent->code_end;
	child->data_start = parent->data_start;
	child->data_end = parent->data_end;
	child->stack_top = parent->stack_top;
	child->arg_start = parent->arg_start;
	child->arg_end = parent->arg_end;
	child->env_start = parent->env_start;
	child->env_end = parent->env_end;
	memcpy(child->auxv, parent->auxv, sizeof(child->auxv));
	if (parent->exe) {
		child->exe = file_get(parent->exe);
		(void)inode_deny_write(parent->exe->inode); /* as it is denied: cannot fail */
	}
	child->dumpable = parent->dumpable;
	child->barrier_registered = parent->barrier_registered;
	child->huge_disabled = parent->huge_disabled;
	child->fault_pages = parent->fault_pages;
	child->vdso = parent->vdso;
}

struct mm *mm_fork(struct mm *parent)
{
	struct fork fork = { .parent = parent, .child = mm_alloc() };
	int error;

	if (!fork.child)
		return ERR_PTR(-ENOMEM);
	rwsem_write_lock(&parent->lock);
	rwsem_write_lock_nested(&fork.child->lock);
	copy_description(fork.child, parent);
	error = copy_vmas(&fork);
	mm_write_unlock(fork.child);
	mm_write_unlock(parent);
	if (!error)
		return fork.child;
	mm_put_user(fork.child);
	return ERR_PTR(error);
}
