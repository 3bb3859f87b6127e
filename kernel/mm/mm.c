/*
 * The life of an address space. `users` counts the tasks that run in it and those who look in from outside; the last one
 * tears the mappings down. `count` keeps the struct: all users together hold one.
 */
#include "collapse.h"

#include <kernel/file.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <kernel/vfs.h>

static struct slab_cache *mm_slab;

static bool mm_init_tables(struct mm *mm)
{
	unsigned int order = page_root_order();
	struct page *root = page_alloc(order, 0, PAGE_TABLE);

	if (!root)
		return false;
	if (pte_verify())
		atomic_set(&root->table_refs, 1);
	page_table_set_level(root, 4);
	spin_init((struct spinlock *)root->table_lock, RANK_PAGE_TABLE);
	if (mmu_context_init(&mm->mmu, page_virt(root))) {
		page_table_set_level(root, 0);
		page_free(root, order);
		return false;
	}
	return true;
}

struct mm *mm_alloc(void)
{
	struct mm *mm = slab_alloc(mm_slab, SLAB_ZERO);

	if (!mm)
		return NULL;
	rwsem_init(&mm->lock, RANK_MM);
	mm->lock_seq = 1;
	wait_queue_init(&mm->vma_wait);
	ref_init(&mm->users, 1);
	ref_init(&mm->count, 1);
	mm->mmap_base = USER_END - 128 * MIB;
	mm->dumpable = 1;
	if (mm_init_tables(mm))
		return mm;
	slab_free(mm_slab, mm);
	return NULL;
}

void mm_put(struct mm *mm)
{
	void *root = mm->mmu.root.table;

	if (!ref_put(&mm->count))
		return;
	mmu_context_destroy(&mm->mmu);
	page_table_set_level(virt_page(root), 0);
	page_free(virt_page(root), page_root_order());
	slab_free(mm_slab, mm);
}

/* Nobody runs in it or looks into it; truncation may still come to its vmas until they have left their inodes' lists. */
static void mm_tear_down(struct mm *mm)
{
	struct gather gather;
	struct list gone = LIST_INIT(gone);
	struct vma *vma, *next;
	u64 accounted = 0;

	if (unlikely(collapse_is_noted(mm)))
		collapse_forget(mm);
	rwsem_write_lock(&mm->lock);
	mm_note_peak(mm);
	gather_begin(&gather, mm);
	gather.full = true;
	for (vma = vma_first(mm); vma; vma = vma_next(vma)) {
		rmap_remove(vma);
		list_add_tail(&vma->rmap_link,
			      &gone); /* a released one may be freed: no walk through the tree then */
		if (vma->touched)
			vm_zap(&gather, vma, vma->start, vma->end, false);
		if (vma->flags & VM_ACCOUNT)
			accounted += vma_pages(vma);
	}
	pt_free_tables(&gather, &gone, 0, USER_HALF_END);
	gather_end(&gather);
	mm->vmas = RB_ROOT;
	mm->first = mm->last = NULL;
	mm->cached = NULL;
	list_for_each_entry_safe (vma, next, &gone, rmap_link)
		vma_release_unseen(vma);
	mm_write_unlock(mm);
	vm_uncommit(accounted);
	/* Who waited for the process may write to its program at once, whenever the file itself goes. */
	if (mm->exe) {
		inode_allow_write(mm->exe->inode);
		file_put_deferred(mm->exe);
	}
	mm->exe = NULL;
}

void mm_put_user(struct mm *mm)
{
	if (!ref_put(&mm->users))
		return;
	mm_tear_down(mm);
	mm_put(mm);
}

void mm_activate(struct mm *mm)
{
	struct mm *old = current->mm;
	unsigned long flags;

	spin_lock(&current->lock);
	flags = irq_save();
	fault_hint_forget();
	fault_walk_forget();
	WRITE_ONCE(current->mm, mm);
	mmu_switch(old ? &old->mmu : NULL, mm ? &mm->mmu : NULL);
	irq_restore(flags);
	spin_unlock(&current->lock);
}

void mm_switch(struct task *prev, struct task *next)
{
	struct mm *from = prev->mm, *to = next->mm;

	if (from == to)
		return;
	fault_walk_forget();
	mmu_switch(from ? &from->mmu : NULL, to ? &to->mmu : NULL);
}

void mm_slab_init(void)
{
	mm_slab = slab_cache_create("mm_struct", sizeof(struct mm), CACHE_LINE);
}
