/* mprotect: new flags for whole vmas, then new bits for the entries in use, then one flush. */
#include "huge.h"
#include "vma_lock.h"

#include <abi/mman.h>
#include <kernel/task.h>

#define PROT_ALL (VM_READ | VM_WRITE | VM_EXEC)

/*
 * The entry of a page that is there. Write permission is never handed out here, only kept: a fault will find out whether
 * the page is ours alone, or the first write to a file page must be reported. An entry that permits nothing keeps its frame.
 */
static pte_t entry_protected(const struct vma *vma, pte_t old)
{
	u64 keep = old.raw &
		   (PTE_ADDRESS | PTE_SOFT_SPECIAL | PTE_CACHE_DISABLE | PTE_WRITE_THROUGH);
	u64 bits = pte_has(old, PTE_WRITE) ? vma->pte_bits : vma_read_bits(vma);

	/* Frames of devices get all that the vma permits: no fault will be able to. */
	return (pte_t){ keep | (vma->flags & VM_SPECIAL ? vma->pte_bits : bits) };
}

/* Where CPUs may have entries cached that permit more than the new ones. */
struct changed {
	u64 start, end;
};

/* An entry of 2 MiB, which lies wholly in the vma. */
static void protect_huge(const struct vma *vma, u64 start, struct changed *changed)
{
	pte_t *directory = pt_entry_find(vma->mm, start, 2), old, new;

	spin_lock(page_table_lock(directory));
	old = pte_read(directory);
	new = pte_set(entry_protected(vma, old), PTE_HUGE);
	if (new.raw != old.raw) {
		pte_write(directory, new);
		changed->start = MIN(changed->start, start);
		changed->end = start + HUGE_PAGE_SIZE;
	}
	spin_unlock(page_table_lock(directory));
}

static void protect_table(const struct vma *vma, pte_t *entry, u64 start, u64 end,
			  struct changed *changed)
{
	struct spinlock *lock = page_table_lock(entry);

	spin_lock(lock);
	for (; start < end; start += PAGE_SIZE, entry++) {
		pte_t old = pte_read(entry), new;

		if (pte_none(old))
			continue;
		new = entry_protected(vma, old);
		if (new.raw == old.raw)
			continue;
		pte_write(entry, new);
		if (pte_present(old)) {
			changed->start = MIN(changed->start, start);
			changed->end = start + PAGE_SIZE;
		}
	}
	spin_unlock(lock);
}

/* `may_be_huge` is a constant: what few need is kept out of the way of the others. */
static __always_inline void protect_spans(struct vma *vma, bool may_be_huge)
{
	struct changed changed = { .start = ~0ULL };
	u64 at = vma->start, span_end;
	pte_t *entry;

	while ((entry = pt_next_table(vma->mm, &at, vma->end, &span_end))) {
		if (may_be_huge && pt_is_huge(vma->mm, at))
			protect_huge(vma, at, &changed);
		else
			protect_table(vma, entry, at, span_end, &changed);
		at = span_end;
	}
	tlb_flush_range(&vma->mm->mmu, changed.start, changed.end);
}

static __noinline void protect_entries_huge(struct vma *vma)
{
	/* Truncation takes huge pages of files, which only shared mappings have, out whoever has mm->lock. */
	const bool shared = vma->flags & VM_SHARED;

	if (shared)
		rmap_lock(vma);
	protect_spans(vma, true);
	if (shared)
		rmap_unlock(vma);
}

static void protect_entries(struct vma *vma)
{
	if (!vma->touched)
		return;
	if (unlikely(vma->mm->huge))
		protect_entries_huge(vma);
	else
		protect_spans(vma, false);
}

/* A vma that becomes private and writable is a promise from then on. */
static int protect_commit(struct vma *vma, u32 *flags)
{
	int error;

	if (!vma_private_writable(*flags) || (*flags & (VM_ACCOUNT | VM_NO_RESERVE)))
		return 0;
	if (!vma_private_writable(vma->flags) && !mm_may_grow(vma->mm, *flags, 0))
		return -ENOMEM;
	error = vm_commit(vma_pages(vma));
	if (!error)
		*flags |= VM_ACCOUNT;
	return error;
}

/* `*vma` lies wholly in the range. It may be joined with the one before. */
static int protect_vma(struct vma **vma, u32 prot)
{
	u32 flags = ((*vma)->flags & ~PROT_ALL) | prot;
	int error;

	if (flags == (*vma)->flags)
		return 0;
	vma_write_lock(*vma);
	if (pt_unshare_range((*vma)->mm, (*vma)->start, (*vma)->end, true))
		return -ENOMEM;
	error = protect_commit(*vma, &flags);
	if (error)
		return error;
	vma_set_flags(*vma, flags);
	protect_entries(*vma);
	*vma = vma_merge(*vma);
	return 0;
}

static u32 prot_with_implied(const struct vma *vma, u32 prot)
{
	if (read_implies_exec() && (prot & PROT_READ) && (vma->flags & VM_MAY_EXEC))
		return prot | PROT_EXEC;
	return prot;
}

/* -ENOMEM: a hole, -EACCES: not what the file permits. The part of the range before is done, as on Linux. */
static int protect_range(struct mm *mm, u64 start, u64 end, u32 prot)
{
	while (start < end) {
		struct vma *vma = vma_find(mm, start);
		u64 stop;
		int error;

		if (!vma || vma->start > start)
			return -ENOMEM;
		if (prot & ~(vma->flags >> 4))
			return -EACCES;
		stop = MIN(vma->end, end);
		if (vma->start != start || vma->end != stop) {
			error = vma_split_range(mm, start, stop);
			if (error)
				return error;
			vma = vma_find(mm, start);
		}
		error = protect_vma(&vma, prot_with_implied(vma, prot));
		if (error)
			return error;
		start = stop;
	}
	return 0;
}

/* PROT_GROWSDOWN: from the start of the stack that holds `start`. */
static int grows_down_start(struct mm *mm, u64 *start)
{
	struct vma *vma = vma_find(mm, *start);

	if (!vma || vma->start > *start)
		return -ENOMEM;
	if (!(vma->flags & VM_STACK))
		return -EINVAL;
	*start = vma->start;
	return 0;
}

int vm_mprotect(u64 start, u64 length, u32 prot)
{
	struct mm *mm = current->mm;
	u64 end;
	int error;

	if ((prot & (PROT_GROWSDOWN | PROT_GROWSUP)) == (PROT_GROWSDOWN | PROT_GROWSUP) ||
	    !IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (!length)
		return 0;
	length = ALIGN_UP(length, (u64)PAGE_SIZE);
	end = start + length;
	if (!length || end <= start || end > USER_END)
		return -ENOMEM;
	if (prot & ~(PROT_ALL | PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (prot & PROT_GROWSUP)
		return -EINVAL;
	error = rwsem_write_lock_killable(&mm->lock);
	if (error)
		return error;
	if (prot & PROT_GROWSDOWN)
		error = grows_down_start(mm, &start);
	if (!error)
		error = protect_range(mm, start, end, prot & PROT_ALL);
	mm_write_unlock(mm);
	return error;
}
