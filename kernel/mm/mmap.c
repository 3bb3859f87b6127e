/* mmap: everything is checked first, in the order in which Linux checks it; then what lies in the way is unmapped. */
#include "internal.h"
#include "vma_lock.h"

#include <abi/capability.h>
#include <abi/fcntl.h>
#include <abi/mman.h>
#include <abi/mount.h>
#include <kernel/cred.h>
#include <kernel/file.h>
#include <kernel/shmem.h>
#include <kernel/task.h>
#include <kernel/vfs.h>

#define AREA_32BIT_LOW 0x40000000UL
#define AREA_32BIT_HIGH 0x80000000UL

/*
 * Memory that fills whole page tables gets them for itself: fork can share them, munmap drop them, and huge pages take their
 * place. 0: nowhere. (Stacks of threads would all begin in the same cache lines.)
 */
static u64 place_on_tables(struct mm *mm, u64 length)
{
	const u64 spare = HUGE_PAGE_SIZE - PAGE_SIZE;
	u64 at = vma_find_gap(mm, length + spare, MMAP_MIN_ADDRESS, mm->mmap_base);

	return at ? ALIGN_DOWN(at + spare, HUGE_PAGE_SIZE) : 0;
}

long vm_place(struct mm *mm, u64 hint, u64 length, u32 map_flags)
{
	u64 at;

	if (length > USER_END)
		return -ENOMEM;
	hint = ALIGN_UP(MIN(hint, (u64)USER_END), (u64)PAGE_SIZE);
	if (hint && hint <= USER_END - length && !(map_flags & MAP_32BIT)) {
		struct vma *next, *prev;

		hint = MAX(hint, MMAP_MIN_ADDRESS);
		next = vma_find(mm, hint);
		prev = next ? vma_prev(next) : NULL;
		if ((!next || hint + length <= vma_guarded_start(next)) &&
		    (!prev || prev->end <= hint))
			return (long)hint;
	}
	if (unlikely(length >= HUGE_PAGE_SIZE) &&
	    (map_flags & (MAP_ANONYMOUS | MAP_STACK | MAP_32BIT)) == MAP_ANONYMOUS &&
	    (IS_ALIGNED(length, HUGE_PAGE_SIZE) || READ_ONCE(vm_huge_mode))) {
		at = place_on_tables(mm, length);
		if (at)
			return (long)at;
	}
	if (map_flags & MAP_32BIT) {
		at = vma_find_gap(mm, length, AREA_32BIT_LOW, AREA_32BIT_HIGH);
	} else {
		at = vma_find_gap(mm, length, MMAP_MIN_ADDRESS, mm->mmap_base);
		if (!at)
			at = vma_find_gap(mm, length, mm->mmap_base, USER_END);
	}
	return at ? (long)at : -ENOMEM;
}

/*
 * A file in memory that may have 2 MiB pages: it would lie at `at`, and should lie in 2 MiB as its part of the file does. As on
 * Linux a hint that was taken counts more.
 */
static __noinline long place_as_file(struct mm *mm, const struct mmap_request *request, long at)
{
	const u64 offset = (request->page_offset << PAGE_SHIFT) & (HUGE_PAGE_SIZE - 1);
	const u64 length = request->length, spare = HUGE_PAGE_SIZE - PAGE_SIZE;
	u64 gap;

	if (at < 0 || (u64)at == request->address || !request->file || !request->file->inode ||
	    request->flags & MAP_32BIT || !shmem_huge_aligns(request->file->inode))
		return at;
	if (((u64)at & (HUGE_PAGE_SIZE - 1)) == offset ||
	    (offset && offset + length < 2 * HUGE_PAGE_SIZE))
		return at;
	gap = vma_find_gap(mm, length + spare, MMAP_MIN_ADDRESS, mm->mmap_base);
	return gap ? (long)(ALIGN_DOWN(gap + spare - offset, (u64)HUGE_PAGE_SIZE) + offset) : at;
}

/* MAP_FIXED: the address is the program's choice. 0 or -errno. */
static int check_fixed(struct mm *mm, const struct mmap_request *request)
{
	u64 start = request->address;

	if (request->length > USER_END || start > USER_END - request->length)
		return -ENOMEM;
	if (!IS_ALIGNED(start, PAGE_SIZE))
		return -EINVAL;
	if (start < MMAP_MIN_ADDRESS && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	if ((request->flags & MAP_FIXED_NOREPLACE) &&
	    vma_find_range(mm, start, start + request->length))
		return -EEXIST;
	return 0;
}

static u32 prot_vm_flags(u32 prot)
{
	return prot & (PROT_READ | PROT_WRITE |
		       PROT_EXEC); /* VM_READ, VM_WRITE, VM_EXEC have their values */
}

static int file_vm_flags(const struct mmap_request *request, u32 *flags)
{
	const struct file *file = request->file;

	switch (request->flags & MAP_TYPE) {
	case MAP_SHARED_VALIDATE:
		if (request->flags & MAP_SYNC)
			return -EOPNOTSUPP;
		/* fall through */
	case MAP_SHARED:
		if ((request->prot & PROT_WRITE) && !(file->mode & FILE_WRITE))
			return -EACCES;
		if (!(file->mode & FILE_WRITE))
			*flags &= ~VM_MAY_WRITE;
		*flags |= VM_SHARED;
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (!(file->mode & FILE_READ))
		return -EACCES;
	if (file->mount && (file->mount->flags & MS_NOEXEC)) {
		if (request->prot & PROT_EXEC)
			return -EPERM;
		*flags &= ~VM_MAY_EXEC;
	}
	if (!file->ops->mmap)
		return -ENODEV;
	return request->flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int anonymous_vm_flags(const struct mmap_request *request, u32 *flags)
{
	switch (request->flags & MAP_TYPE) {
	case MAP_SHARED:
		if (request->flags & MAP_GROWSDOWN)
			return -EINVAL;
		*flags |= VM_SHARED;
		return 0;
	case MAP_PRIVATE:
		if (request->flags & MAP_GROWSDOWN)
			*flags |= VM_STACK;
		return 0;
	default:
		return -EINVAL;
	}
}

static bool file_may_exec(const struct file *file)
{
	return !file || !file->mount || !(file->mount->flags & MS_NOEXEC);
}

static int request_vm_flags(struct mm *mm, const struct mmap_request *request, u32 *flags)
{
	u32 prot = request->prot;
	int error;

	/* exec maps into another mm: that program is none of the old kind. */
	if (read_implies_exec() && (prot & PROT_READ) && mm == current->mm &&
	    file_may_exec(request->file))
		prot |= PROT_EXEC;
	*flags = prot_vm_flags(prot) | VM_MAY_READ | VM_MAY_WRITE | VM_MAY_EXEC | mm->default_flags;
	if (request->flags & MAP_LOCKED) {
		if (!capable(CAP_IPC_LOCK) && !task_limit(current, RLIMIT_MEMLOCK))
			return -EPERM;
		*flags |= VM_LOCKED;
	}
	if (*flags & VM_LOCKED) {
		error = mm_may_lock(mm, request->length >> PAGE_SHIFT);
		if (error)
			return error;
	}
	if ((request->flags & MAP_NORESERVE) && vm_overcommit_memory != OVERCOMMIT_NEVER)
		*flags |= VM_NO_RESERVE;
	return request->file ? file_vm_flags(request, flags) : anonymous_vm_flags(request, flags);
}

/* Private writable memory is a promise that may have to be kept. (Of shared memory the file system promises it.) */
static int map_commit(u32 *flags, u64 pages)
{
	if (!vma_private_writable(*flags) || (*flags & VM_NO_RESERVE))
		return 0;
	*flags |= VM_ACCOUNT;
	return vm_commit(pages);
}

/* The file's operation fills in the rest; the vma is not in the tree. */
static int map_file(struct vma *vma, struct file *file, u64 page_offset)
{
	int error;

	vma->page_offset = page_offset;
	vma->file = file_get(file);
	error = file->ops->mmap(file, vma);
	vma_update_fault_kinds(vma);
	return error;
}

/* A free range becomes mapped. */
static int map_range_unsealed(struct mm *mm, u64 start, u64 end, u32 flags,
			      const struct mmap_request *request)
{
	struct file *file = request->file;
	u64 pages = (end - start) >> PAGE_SHIFT;
	struct vma *vma, *next;
	int error = map_commit(&flags, pages);

	if (error)
		return error;
	next = vma_above(mm, start);
	if (vma_extend(mm, next, start, end, flags, file, request->page_offset))
		return 0;
	error = -ENOMEM;
	vma = vma_alloc(mm, start, end, flags);
	if (!vma)
		goto uncommit;
	if (file) {
		error = map_file(vma, file, request->page_offset);
		if (error)
			goto discard;
	}
	vma_insert_before(mm, vma, next);
	if (file)
		vma_merge(vma); /* its operation may have made it like a neighbour */
	else if (likely(mm == current->mm)) /* exec maps in the next one */
		vma_expect_faults(vma);
	return 0;
discard:
	vma_discard(vma);
uncommit:
	if (flags & VM_ACCOUNT)
		vm_uncommit(pages);
	return error;
}

/* A shared mapping that is or may become writable; counted, as a seal must not meet one. */
static bool is_writable_map(u32 flags)
{
	return (flags & (VM_SHARED | VM_MAY_WRITE)) == (VM_SHARED | VM_MAY_WRITE);
}

/* Sealed against writing, the file can still be mapped to be read, for good. */
static int map_range(struct mm *mm, u64 start, u64 end, u32 flags,
		     const struct mmap_request *request)
{
	struct inode *inode = request->file ? request->file->inode : NULL;
	int error;

	if (!inode || !is_writable_map(flags))
		return map_range_unsealed(mm, start, end, flags, request);
	if ((READ_ONCE(inode->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) ||
	    inode_map_writable(inode)) {
		if (flags & VM_WRITE)
			return -EPERM;
		return map_range_unsealed(mm, start, end, flags & ~VM_MAY_WRITE, request);
	}
	error = map_range_unsealed(mm, start, end, flags, request);
	inode_unmap_writable(inode);
	return error;
}

int vm_map_anonymous(struct mm *mm, u64 start, u64 end, u32 flags)
{
	const struct mmap_request request = { .page_offset = start >> PAGE_SHIFT };

	if (mm->vma_count >= VMA_COUNT_MAX)
		return -ENOMEM;
	return map_range(mm, start, end, flags | VM_MAY_READ | VM_MAY_WRITE | VM_MAY_EXEC, &request);
}

/* Of what lies in the way, the part that counts against the limits now and will be gone. */
static u64 pages_replaced(struct mm *mm, u64 start, u64 end)
{
	struct vma *vma = vma_find_range(mm, start, end);
	u64 pages = 0;

	for (; vma && vma->start < end; vma = vma_next(vma))
		pages += (MIN(vma->end, end) - MAX(vma->start, start)) >> PAGE_SHIFT;
	return pages;
}

/* `request` is complete: whole pages, a page offset that does not overflow. */
static long map_checked(struct mm *mm, const struct mmap_request *request)
{
	u64 start = request->address, pages = request->length >> PAGE_SHIFT, gone = 0;
	u32 flags;
	int error;

	if (request->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
		error = check_fixed(mm, request);
		if (error)
			return error;
		gone = pages_replaced(mm, start, start + request->length);
	} else {
		long place = vm_place(mm, start, request->length, request->flags);

		if (unlikely(request->length >= HUGE_PAGE_SIZE) && READ_ONCE(vm_huge_used))
			place = place_as_file(mm, request, place);
		if (place < 0)
			return place;
		start = (u64)place;
	}
	error = request_vm_flags(mm, request, &flags);
	if (error)
		return error;
	if (!mm_may_grow(mm, flags, pages - MIN(gone, pages)))
		return -ENOMEM;
	if (gone) {
		error = vm_unmap_locked(mm, start, start + request->length);
		if (error)
			return error;
	}
	error = map_range(mm, start, start + request->length, flags, request);
	return error ? error : (long)start;
}

long vm_mmap_locked(struct mm *mm, const struct mmap_request *request)
{
	u64 length = ALIGN_UP(request->length, (u64)PAGE_SIZE);

	if (!request->length)
		return -EINVAL;
	if (!length)
		return -ENOMEM;
	if (request->page_offset + (length >> PAGE_SHIFT) < request->page_offset)
		return -EOVERFLOW;
	if (mm->vma_count >= VMA_COUNT_MAX)
		return -ENOMEM;
	if (unlikely(length != request->length)) {
		struct mmap_request whole = *request;

		whole.length = length;
		return map_checked(mm, &whole);
	}
	return map_checked(mm, request);
}

/* Shared memory without a file gets one. */
static bool request_is_shared_anonymous(const struct mmap_request *request)
{
	return !request->file && (request->flags & MAP_TYPE) == MAP_SHARED && request->length &&
	       request->length <= USER_END;
}

static bool request_populates(const struct mm *mm, const struct mmap_request *request)
{
	return (request->flags & MAP_LOCKED) || (mm->default_flags & VM_LOCKED) ||
	       (request->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
}

static long map_and_populate(const struct mmap_request *request)
{
	struct mm *mm = current->mm;
	bool populate;
	long at = rwsem_write_lock_killable(&mm->lock);

	if (at)
		return at;
	at = vm_mmap_locked(mm, request);
	populate = at > 0 && request_populates(mm, request);
	mm_write_unlock(mm);
	/* What cannot be populated now will fault later. */
	if (populate && (request->prot & (PROT_READ | PROT_WRITE | PROT_EXEC)))
		(void)vm_populate(mm, (u64)at, request->length, (request->prot & PROT_WRITE) != 0);
	return at;
}

static __noinline long map_shared_anonymous(const struct mmap_request *request)
{
	struct mmap_request with_file = *request;
	bool reserve = !(request->flags & MAP_NORESERVE) ||
		       READ_ONCE(vm_overcommit_memory) == OVERCOMMIT_NEVER;
	struct file *file =
		shmem_file_create("dev/zero", ALIGN_UP(request->length, (u64)PAGE_SIZE), reserve);
	long at;

	if (IS_ERR(file))
		return PTR_ERR(file);
	with_file.file = file;
	with_file.page_offset = 0;
	at = map_and_populate(&with_file);
	file_put(file);
	return at;
}

long vm_mmap(const struct mmap_request *request)
{
	if (unlikely(request_is_shared_anonymous(request)))
		return map_shared_anonymous(request);
	return map_and_populate(request);
}

/* --- Mappings of the kernel's own making ---------------------------------------------------------------------------- */

int vm_setup_stack(struct mm *mm, u64 top, u64 size, u32 extra_flags)
{
	u32 flags = VM_READ | VM_WRITE | VM_STACK | extra_flags;
	int error;

	rwsem_write_lock(&mm->lock);
	error = vma_find_range(mm, top - size, top) ? -ENOMEM
						    : vm_map_anonymous(mm, top - size, top, flags);
	if (!error)
		mm->stack_top = top;
	mm_write_unlock(mm);
	return error;
}

static int map_part(struct mm *mm, u64 start, const struct vm_special_part *part)
{
	struct vma *vma = vma_alloc(mm, start, start + part->length, part->flags);

	if (!vma)
		return -ENOMEM;
	vma->page_offset = 0;
	vma->ops = part->ops;
	vma_update_fault_kinds(vma);
	vma->private_data = part->private_data;
	vma_insert(mm, vma);
	return 0;
}

long vm_map_special(struct mm *mm, u64 address, const struct vm_special_part *parts,
		    unsigned int count)
{
	u64 length = 0, to;
	int error = 0;
	long at;

	for (unsigned int i = 0; i < count; i++)
		length += parts[i].length;
	rwsem_write_lock(&mm->lock);
	at = vm_place(mm, address, length, 0);
	to = (u64)at;
	for (unsigned int i = 0; at > 0 && !error && i < count; to += parts[i++].length)
		error = map_part(mm, to, &parts[i]);
	mm_write_unlock(mm);
	return error ? error : at;
}

/* The vma is not in the tree: nobody has used its addresses, there is nothing to flush. */
static void unmap_frames(struct vma *vma)
{
	u64 at = vma->start, span_end;
	pte_t *entry;

	while ((entry = pt_next_table(vma->mm, &at, vma->end, &span_end)))
		for (; at < span_end; at += PAGE_SIZE)
			pte_write(entry++, (pte_t){ 0 });
}

int vm_map_frames(struct vma *vma, paddr_t to, u64 size, enum memory_type type)
{
	u64 bits = vma->pte_bits | PTE_SOFT_SPECIAL;

	if (type == MEMORY_TYPE_UNCACHED)
		bits |= PTE_CACHE_DISABLE | PTE_WRITE_THROUGH;
	else if (type == MEMORY_TYPE_WRITE_COMBINING)
		bits |= PTE_WRITE_THROUGH;
	vma->flags |= VM_SPECIAL | VM_NO_DUMP;
	vma_touch(vma);
	for (u64 done = 0; done < size && vma->start + done < vma->end; done += PAGE_SIZE) {
		pte_t *entry = pt_entry_make(vma->mm, vma->start + done, 1);

		if (!entry) {
			unmap_frames(vma);
			return -ENOMEM;
		}
		pte_write(entry, pte_make(paddr(to.raw + done), bits));
	}
	return 0;
}
