/* Pages made present before they are touched, and the memory of other processes. */
#include "huge.h"

#include <kernel/signal.h>
#include <kernel/task.h>
#include <lib/string.h>

/* Pages of [start, end) of one vma. Lock held for reading. */
static int populate_vma(struct vma *vma, u64 start, u64 end, bool write)
{
	if (vma->flags & VM_LOCK_ONFAULT)
		return 0;
	for (; start < end; start += PAGE_SIZE) {
		int error;
		pte_t value = pt_entry_peek(vma->mm, start);

		if (pte_present(value) && (!write || pte_has(value, PTE_WRITE)))
			continue;
		error = vm_fault_vma(vma, start, write ? FAULT_WRITE : 0);
		if (error)
			return error;
		if (signal_is_fatal_pending(current))
			return -EINTR;
	}
	return 0;
}

int vm_populate(struct mm *mm, u64 start, u64 length, bool write)
{
	u64 end = start + ALIGN_UP(length, (u64)PAGE_SIZE);
	int error = 0;

	while (start < end && !error) {
		struct vma *vma;
		u64 stop;

		/* The lock is given up between vmas and every 2 MiB, for those who want to change something. */
		rwsem_read_lock(&mm->lock);
		vma = vma_find_range(mm, start, end);
		if (!vma) {
			rwsem_read_unlock(&mm->lock);
			break;
		}
		start = MAX(start, vma->start);
		stop = table_span_end(start, 2, MIN(vma->end, end));
		error = populate_vma(vma, start, stop,
				     write && (vma->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
		rwsem_read_unlock(&mm->lock);
		start = stop;
	}
	return error;
}

/* --- Another process's memory -------------------------------------------------------------------------------------- */

/*
 * A debugger may write where the program may not: into a frame that is the program's own. Where the program may write, the
 * entry must permit it: else its first write would find our reference, and copy the page before we have written.
 */
static bool may_write_through(const struct vma *vma, pte_t value)
{
	const struct page *page = pte_page(value);

	if (pte_has(value, PTE_WRITE))
		return true;
	return !(vma->flags & VM_WRITE) && page->owner == PAGE_ANON && atomic_read(&page->ref) == 1;
}

/* The page of an entry, with a reference, if the access is possible at once. */
static struct page *entry_get_page(const struct vma *vma, pte_t *entry, bool write)
{
	struct spinlock *lock = page_table_lock(entry);
	struct page *page = NULL;
	pte_t value;

	spin_lock(lock);
	value = pte_read(entry);
	if (!pte_none(value) && (!pte_has(value, PTE_SOFT_SPECIAL) ||
				 pte_address(value).raw == page_paddr(zero_page).raw)) {
		page = write && !may_write_through(vma, value) ? NULL : pte_page(value);
		if (page)
			page_get(page);
	}
	spin_unlock(lock);
	return page;
}

/* The same for an entry of 2 MiB; not where a write would have to split it. */
static struct page *huge_get_page(pte_t *directory, u64 address, bool write)
{
	struct page *page = NULL;
	pte_t value;

	spin_lock(page_table_lock(directory));
	value = pte_read(directory);
	if (pte_is_huge(value) && (!write || pte_has(value, PTE_WRITE))) {
		page = pte_page(huge_part(value, address));
		page_get(page);
	}
	spin_unlock(page_table_lock(directory));
	return page;
}

/* NULL: a fault has to make it accessible; or -ENOMEM. */
static struct page *lookup_page(const struct vma *vma, u64 address, bool write)
{
	pte_t *directory = pt_entry_find(vma->mm, address, 2),
	      value = directory ? pte_read(directory) : (pte_t){ 0 };

	if (pte_none(value))
		return NULL;
	if (pte_is_huge(value))
		return huge_get_page(directory, address, write);
	if (pte_table_is_shared(value) && pt_unshare(vma->mm, address))
		return ERR_PTR(-ENOMEM);
	value = pte_read(directory);
	return entry_get_page(vma, &pte_table_of(value)[pt_index(address, 1)], write);
}

/* Lock held for reading. The page at `address`, with a reference, or ERR_PTR. */
static struct page *remote_page(struct mm *mm, u64 address, bool write)
{
	u32 flags = FAULT_FORCE | (write ? FAULT_WRITE : 0);
	struct vma *vma = vma_find(mm, address);
	struct page *page = NULL;

	if (!vma || vma->start > address)
		return ERR_PTR(-EFAULT);
	do {
		int error;

		page = lookup_page(vma, address, write);
		if (page)
			break;
		error = vm_fault_vma(vma, address, flags);
		if (error)
			return ERR_PTR(error);
	} while (!signal_is_fatal_pending(current));
	return page ? page : ERR_PTR(-EINTR);
}

/* A first access below a stack makes it grow: exec writes its arguments this way. */
static void remote_grow_stack(struct mm *mm, u64 address)
{
	struct vma *vma;

	rwsem_write_lock(&mm->lock);
	vma = vma_find(mm, address);
	if (vma && vma->start > address && (vma->flags & VM_STACK))
		(void)vm_grow_stack(vma, address);
	mm_write_unlock(mm);
}

static struct page *remote_page_locked(struct mm *mm, u64 address, bool write)
{
	struct page *page;

	rwsem_read_lock(&mm->lock);
	page = remote_page(mm, address, write);
	rwsem_read_unlock(&mm->lock);
	return page;
}

ssize_t vm_access_remote(struct mm *mm, u64 address, void *buffer, size_t size, bool write)
{
	size_t done = 0;

	while (done < size) {
		u64 at = address + done, offset = at & (PAGE_SIZE - 1);
		size_t part = MIN(size - done, (size_t)(PAGE_SIZE - offset));
		struct page *page;
		char *memory;

		if (at >= USER_END)
			break;
		page = remote_page_locked(mm, at - offset, write);
		if (PTR_ERR(page) == -EFAULT && write) {
			remote_grow_stack(mm, at - offset);
			page = remote_page_locked(mm, at - offset, write);
		}
		if (IS_ERR(page))
			break;
		memory = (char *)page_virt(page) + offset;
		if (write)
			memcpy(memory, (char *)buffer + done, part);
		else
			memcpy((char *)buffer + done, memory, part);
		if (write && page->owner == PAGE_CACHE)
			page_cache_dirty(page);
		page_put(page);
		done += part;
	}
	return (ssize_t)done;
}
