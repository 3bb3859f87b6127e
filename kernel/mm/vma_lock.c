/* Locks of vmas: finding one without mm->lock, and the writer's wait. vma_lock.h has the rules. */
#include "vma_lock.h"

#include "internal.h"

#include <kernel/rcu.h>

/* A tree of VMA_COUNT_MAX is not as deep. Who meets rotations all the way down gives up. */
#define STEPS_MAX 48

/* Under RCU, no lock: the vma that holds `address`, or perhaps did; NULL: none, or changes were in the way. */
static struct vma *find_lockless(const struct mm *mm, u64 address)
{
	const struct rb_node *node = READ_ONCE(mm->vmas.node);

	for (unsigned int steps = 0; node && steps < STEPS_MAX; steps++) {
		struct vma *vma = rb_entry(node, struct vma, node);

		if (address >= READ_ONCE(vma->end))
			node = READ_ONCE(node->right);
		else if (address >= READ_ONCE(vma->start))
			return vma;
		else
			node = READ_ONCE(node->left);
	}
	return NULL;
}

struct vma *vma_find_read_lock(struct mm *mm, u64 address)
{
	struct vma *vma;

	rcu_read_lock();
	vma = find_lockless(mm, address);
	if (vma && !vma_try_read_lock(vma, mm))
		vma = NULL;
	rcu_read_unlock();
	if (!vma)
		return NULL;
	if (unlikely(!vma_holds(vma, address))) {
		vma_read_unlock(vma, mm);
		return NULL;
	}
	/* It stays in the tree for as long as we read it, and whoever takes it out clears mm->cached afterwards. */
	WRITE_ONCE(mm->cached, vma);
	return vma;
}

/*
 * Not to be interrupted: the writer may be in the midst of its change. The wait ends without it: readers wait for memory, where a
 * fatal signal ends that, and for pages of files, which are all in memory too. Where a file's pages are read from somewhere that
 * may never answer, the fault has to give up the vma before it waits for them, and come again.
 */
void vma_wait_readers(struct vma *vma)
{
	sleep_check();
	lock_rank_enter(RANK_VMA, true);
	event_count(EVENT_VMA_WAIT);
	__atomic_fetch_or(&vma->readers, VMA_WAITED, __ATOMIC_SEQ_CST);
	/* The last reader finds the bit, or left before it was set: then the count is seen without a sleep. */
	wait_event(&vma->mm->vma_wait, load_acquire(&vma->readers) == VMA_WAITED);
	__atomic_fetch_and(&vma->readers, ~VMA_WAITED, __ATOMIC_SEQ_CST);
	lock_rank_exit(RANK_VMA);
}

void vma_wake_writer(struct mm *mm)
{
	wait_wake(&mm->vma_wait, 0);
}
