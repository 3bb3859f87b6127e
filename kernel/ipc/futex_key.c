/* Which memory a futex address means, and the hash of waiters. */
#include <abi/errno.h>
#include <kernel/file.h>
#include <kernel/sched.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/hash.h>

#include "futex_internal.h"

#define BUCKET_BITS 8

static struct futex_bucket buckets[1 << BUCKET_BITS];
static bool buckets_ready; /* [A] */
static struct spinlock buckets_lock = SPINLOCK_INIT(RANK_FUTEX);

static void buckets_init(void)
{
	spin_lock(&buckets_lock);
	for (size_t i = 0; !buckets_ready && i < ARRAY_LEN(buckets); i++) {
		spin_init(&buckets[i].lock, RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
	store_release(&buckets_ready, true);
	spin_unlock(&buckets_lock);
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
	const void *owner = key->mm ? (const void *)key->mm : key->inode;

	if (unlikely(!load_acquire(&buckets_ready)))
		buckets_init();
	return &AT(buckets, hash_bucket(hash_u64((u64)owner ^ (key->place >> 2)), BUCKET_BITS));
}

bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->mm == b->mm && a->inode == b->inode && a->place == b->place;
}

void futex_key_put(struct futex_key *key)
{
	if (key->inode)
		inode_put(key->inode);
	key->inode = NULL;
}

int futex_key_get(struct futex_key *key, struct user_ptr address, bool shared)
{
	struct mm *mm = current->mm;
	struct vma *vma;
	int error = 0;

	if (address.addr % sizeof(u32))
		return -EINVAL;
	if (!user_range_ok(address, sizeof(u32)))
		return -EFAULT;
	*key = (struct futex_key){ .mm = mm, .place = address.addr };
	if (!shared)
		return 0;
	rwsem_read_lock(&mm->lock);
	vma = vma_find(mm, address.addr);
	if (!vma || vma->start > address.addr) {
		error = -EFAULT;
	} else if ((vma->flags & VM_SHARED) && vma->file) {
		key->mm = NULL;
		key->inode = inode_get(vma->file->inode);
		key->place = address.addr - vma->start + (vma->page_offset << PAGE_SHIFT);
	} else {
		key->place |= FUTEX_PLACE_SHARED;
	}
	rwsem_read_unlock(&mm->lock);
	return error;
}
