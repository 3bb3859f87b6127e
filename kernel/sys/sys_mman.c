/* System calls on the address space: arguments are taken apart here, the work is in kernel/mm. */
#include <kernel/syscall.h>

#include <abi/errno.h>
#include <abi/mman.h>
#include <kernel/file.h>
#include <kernel/vm.h>

long sys_mmap(u64 address, size_t length, u32 prot, u32 flags, int fd, s64 offset)
{
	struct mmap_request request = {
		.address = address,
		.length = length,
		.prot = prot,
		.flags = flags,
		.page_offset = (u64)offset >> PAGE_SHIFT,
	};
	struct fd_ref ref = { 0 };
	long result;

	if (!IS_ALIGNED(offset, PAGE_SIZE))
		return -EINVAL;
	if (flags & MAP_ANONYMOUS) {
		/* There are no huge pages in reserve. */
		if (flags & MAP_HUGETLB)
			return length ? -ENOMEM : -EINVAL;
	} else {
		ref = fd_get(fd);
		if (!ref.raw)
			return -EBADF;
		if (flags & MAP_HUGETLB) {
			fd_put(ref);
			return -EINVAL;
		}
		request.file = fd_file(ref);
	}
	result = vm_mmap(&request);
	if (ref.raw)
		fd_put(ref);
	return result;
}

long sys_munmap(u64 address, size_t length)
{
	return vm_munmap(address, length);
}

long sys_mprotect(u64 address, size_t length, u32 prot)
{
	return vm_mprotect(address, length, prot);
}

/* Aramid's own: kernel/vm.h, vm_set_fault_pages. */
long sys_multi_page_alloc(u64 address, size_t length, u32 pages)
{
	return vm_set_fault_pages(address, length, pages);
}

/* Aramid's own: what a system call costs that does nothing. */
long sys_hello_kernel(void)
{
	return 0;
}

long sys_brk(u64 brk)
{
	return vm_brk(brk);
}

long sys_mremap(u64 old_address, size_t old_length, size_t new_length, u32 flags, u64 new_address)
{
	return vm_mremap(old_address, old_length, new_length, flags, new_address);
}

long sys_msync(u64 address, size_t length, u32 flags)
{
	return vm_msync(address, length, (int)flags);
}

long sys_mincore(u64 address, size_t length, struct user_ptr vec)
{
	return vm_mincore(address, length, vec);
}

long sys_madvise(u64 address, size_t length, unsigned int advice)
{
	return vm_madvise(address, length, (int)advice);
}

long sys_mlock(u64 address, size_t length)
{
	return vm_mlock(address, length, VM_LOCKED);
}

long sys_mlock2(u64 address, size_t length, u32 flags)
{
	if (flags & ~(u32)MLOCK_ONFAULT)
		return -EINVAL;
	return vm_mlock(address, length, VM_LOCKED | (flags ? VM_LOCK_ONFAULT : 0));
}

long sys_munlock(u64 address, size_t length)
{
	return vm_mlock(address, length, 0);
}

long sys_mlockall(u32 flags)
{
	return flags ? vm_mlock_all((int)flags) : -EINVAL;
}

long sys_munlockall(void)
{
	return vm_mlock_all(0);
}
