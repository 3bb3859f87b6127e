/* Seals (F_ADD_SEALS): what a file in memory promises never to permit again, for programs that share it without trust. */
#include "internal.h"

#include <abi/errno.h>

#define SEALS_ALL (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)
#define SEALS_NO_WRITE (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)

static bool is_sealable(const struct inode *inode)
{
	return inode_is_regular(inode) && inode->super->magic == TMPFS_MAGIC;
}

/* --- Writable shared mappings: n > 0 of them, or n < 0: sealed ----------------------------------------------------------- */

int inode_map_writable(struct inode *inode)
{
	s32 old = READ_ONCE(inode->writable_maps);

	do {
		if (old < 0)
			return -EPERM;
	} while (!try_cmpxchg(&inode->writable_maps, &old, old + 1));
	return 0;
}

/* While the caller knows of another one. */
void inode_map_writable_again(struct inode *inode)
{
	__atomic_fetch_add(&inode->writable_maps, 1, __ATOMIC_SEQ_CST);
}

void inode_unmap_writable(struct inode *inode)
{
	__atomic_fetch_sub(&inode->writable_maps, 1, __ATOMIC_SEQ_CST);
}

static int deny_writable_maps(struct inode *inode)
{
	s32 none = 0;

	return try_cmpxchg(&inode->writable_maps, &none, -1) ? 0 : -EBUSY;
}

/* --- The calls ------------------------------------------------------------------------------------------------------------ */

static int add_locked(struct inode *inode, u32 seals)
{
	int error = 0;

	if (inode->seals & F_SEAL_SEAL)
		return -EPERM;
	if ((seals & F_SEAL_WRITE) && !(inode->seals & F_SEAL_WRITE))
		error = deny_writable_maps(inode);
	if (!error)
		WRITE_ONCE(inode->seals, inode->seals | seals);
	return error;
}

int file_add_seals(struct file *file, u64 seals)
{
	struct inode *inode = file->inode;
	int error;

	if (seals > ~0u)
		return -EINVAL;
	if (!(file->mode & FILE_WRITE))
		return -EPERM;
	if ((seals & ~(u64)SEALS_ALL) || !is_sealable(inode))
		return -EINVAL;
	rwsem_write_lock(&inode->lock);
	error = add_locked(inode, (u32)seals);
	rwsem_write_unlock(&inode->lock);
	return error;
}

int file_get_seals(const struct file *file)
{
	return is_sealable(file->inode) ? (int)READ_ONCE(file->inode->seals) : -EINVAL;
}

/* --- Enforcing. inode->lock held for writing. ------------------------------------------------------------------------------ */

s64 seals_allow_write(const struct inode *inode, u64 position, size_t size)
{
	u64 whole;

	if (likely(!(inode->seals & (SEALS_NO_WRITE | F_SEAL_GROW))))
		return (s64)size;
	if (inode->seals & SEALS_NO_WRITE)
		return -EPERM;
	if (position + size <= inode->size)
		return (s64)size;
	/* As Linux writes, page by page: those that lie wholly in the file. */
	whole = ALIGN_DOWN(inode->size, (u64)PAGE_SIZE);
	return whole > position ? (s64)(whole - position) : -EPERM;
}

int seals_allow_size(const struct inode *inode, u64 size)
{
	if (size < inode->size && (inode->seals & F_SEAL_SHRINK))
		return -EPERM;
	return size > inode->size && (inode->seals & F_SEAL_GROW) ? -EPERM : 0;
}

int seals_allow_hole(const struct inode *inode)
{
	return inode->seals & SEALS_NO_WRITE ? -EPERM : 0;
}
