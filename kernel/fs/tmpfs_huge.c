/* tmpfs: which files get 2 MiB of frames at a time. By whom is the page cache's business (kernel/mm/huge_shmem.c). */
#include "tmpfs.h"

#include <abi/errno.h>
#include <kernel/shmem.h>
#include <kernel/vm.h>
#include <lib/string.h>

int shmem_huge_mode = SHMEM_HUGE_NEVER;
const char *const shmem_huge_names[SHMEM_HUGE_MODES] = {
	[SHMEM_HUGE_NEVER] = "never",
	[SHMEM_HUGE_ALWAYS] = "always",
	[SHMEM_HUGE_WITHIN_SIZE] = "within_size",
	[SHMEM_HUGE_ADVISE] = "advise",
	[SHMEM_HUGE_DENY] = "deny",
	[SHMEM_HUGE_FORCE] = "force",
};

/* One of the first `count`, or -EINVAL. */
static int mode_find(const char *name, int count)
{
	for (int mode = 0; mode < count; mode++) {
		if (str_equal(name, shmem_huge_names[mode])) {
			if (mode != SHMEM_HUGE_NEVER && mode != SHMEM_HUGE_DENY)
				WRITE_ONCE(vm_huge_used, true);
			return mode;
		}
	}
	return -EINVAL;
}

bool shmem_huge_set(const char *name)
{
	struct tmpfs *own = shmem_mount->super->private_data;
	const int mode = mode_find(name, SHMEM_HUGE_MODES);

	if (mode < 0)
		return false;
	WRITE_ONCE(shmem_huge_mode, mode);
	if (mode < SHMEM_HUGE_DENY)
		WRITE_ONCE(own->huge, mode);
	return true;
}

int tmpfs_parse_huge(const char *value, int *huge)
{
	const int mode = mode_find(value, SHMEM_HUGE_DENY);

	if (mode < 0)
		return mode;
	*huge = mode;
	return 0;
}

/* The file has all of the 2 MiB that hold `index`. */
static bool size_holds(const struct inode *inode, u64 index)
{
	const u64 pages = HUGE_PAGE_SIZE >> PAGE_SHIFT;

	return ALIGN_UP(index + 1, pages) <= DIV_ROUND_UP(READ_ONCE(inode->size), (u64)PAGE_SIZE);
}

bool tmpfs_is_huge(struct inode *inode, const struct vma *vma, u64 index)
{
	const int mode = READ_ONCE(shmem_huge_mode), huge = READ_ONCE(tmpfs_of(inode)->huge);

	if (!inode_is_regular(inode) || mode == SHMEM_HUGE_DENY)
		return false;
	if (vma && ((vma->flags & VM_NO_HUGE) || READ_ONCE(vma->mm->huge_disabled)))
		return false;
	if (mode == SHMEM_HUGE_FORCE || huge == SHMEM_HUGE_ALWAYS ||
	    (huge == SHMEM_HUGE_WITHIN_SIZE && size_holds(inode, index)))
		return true;
	return huge != SHMEM_HUGE_NEVER && vma && (vma->flags & VM_HUGE);
}

bool shmem_huge_aligns(const struct inode *inode)
{
	const int mode = READ_ONCE(shmem_huge_mode);

	if (inode->cache.ops != &tmpfs_cache_ops || mode == SHMEM_HUGE_DENY)
		return false;
	return mode == SHMEM_HUGE_FORCE || READ_ONCE(tmpfs_of(inode)->huge) != SHMEM_HUGE_NEVER;
}
