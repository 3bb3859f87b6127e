/* mincore and msync. */
#include "internal.h"

#include <abi/mman.h>
#include <kernel/file.h>
#include <kernel/task.h>
#include <kernel/vfs.h>
#include <lib/string.h>

static bool page_resident(struct vma *vma, u64 address)
{
	struct page *page;

	if (!pte_none(pt_entry_peek(vma->mm, address)))
		return true;
	if (!vma->file || !vma->ops)
		return false;
	page = page_cache_find(&vma->file->inode->cache, vma_index(vma, address));
	if (page)
		page_put(page);
	return page;
}

/* One byte for each page of [start, end), all mapped. -ENOMEM: a hole. */
static int mincore_part(struct mm *mm, u64 start, u64 end, u8 *bytes)
{
	struct vma *vma = NULL;
	int error = 0;

	rwsem_read_lock(&mm->lock);
	for (; start < end && !error; start += PAGE_SIZE) {
		if (!vma || start >= vma->end)
			vma = vma_find(mm, start);
		if (vma && vma->start <= start)
			*bytes++ = page_resident(vma, start);
		else
			error = -ENOMEM;
	}
	rwsem_read_unlock(&mm->lock);
	return error;
}

int vm_mincore(u64 start, u64 length, struct user_ptr vec)
{
	u8 bytes[256];
	u64 end;

	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	length = ALIGN_UP(length, (u64)PAGE_SIZE);
	if (length > USER_END || start > USER_END - length)
		return -ENOMEM;
	if (!user_range_ok(vec, length >> PAGE_SHIFT))
		return -EFAULT;
	for (end = start + length; start < end;) {
		u64 part = MIN(end - start, (u64)sizeof(bytes) << PAGE_SHIFT);
		int error = mincore_part(current->mm, start, start + part, bytes);

		/* mm->lock is not held while we write to the program's memory. */
		if (!error)
			error = user_write(vec, bytes, part >> PAGE_SHIFT);
		if (error)
			return error;
		vec = user_ptr_add(vec, part >> PAGE_SHIFT);
		start += part;
	}
	return 0;
}

/*
 * The file of the first shared vma in [*start, end), with a reference; *start moves behind the vma. NULL: none, or *result
 * is -EBUSY: locked memory is in the way. A hole before it: *result is -ENOMEM.
 */
static struct file *msync_next(struct mm *mm, u64 *start, u64 end, int flags, int *result)
{
	struct file *file = NULL;

	rwsem_read_lock(&mm->lock);
	while (*start < end && !file) {
		struct vma *vma = vma_find_range(mm, *start, end);

		if (!vma || vma->start > *start)
			*result = -ENOMEM;
		*start = vma ? vma->end : end;
		if (vma && (flags & MS_INVALIDATE) && (vma->flags & VM_LOCKED)) {
			*result = -EBUSY;
			break;
		}
		if (vma && vma->file && (vma->flags & VM_SHARED))
			file = file_get(vma->file);
	}
	rwsem_read_unlock(&mm->lock);
	return file;
}

int vm_msync(u64 start, u64 length, int flags)
{
	u64 end, at = start;
	struct file *file;
	int error = 0, result = 0;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) ||
	    (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	length = ALIGN_UP(length, (u64)PAGE_SIZE);
	end = start + length;
	if (end < start || end > USER_END)
		return -ENOMEM;
	while (!error && (file = msync_next(current->mm, &at, end, flags, &result))) {
		if ((flags & MS_SYNC) && file->ops->fsync)
			error = file->ops->fsync(file, true);
		file_put(file);
	}
	return error ? error : result;
}
