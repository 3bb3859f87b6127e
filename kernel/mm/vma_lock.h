/*
 * What a page fault holds. Never leaves kernel/mm.
 *
 * Each vma has a lock of its own: a count of readers, and vma->lock_seq. Faults are its readers. Its writers hold mm->lock for
 * writing. A vma is a writer's from vma_write_lock() until mm->lock is given up, all of them at once, as one comparison tells:
 *
 *	vma->lock_seq < mm->lock_seq	nobody changes the vma
 *	vma->lock_seq == mm->lock_seq	the writer that holds mm->lock may be changing it
 *	vma->lock_seq == VMA_GONE	it has left the tree, for good
 *
 * mm->lock_seq grows whenever a writer gives up mm->lock, so a value of vma->lock_seq that is small enough also says that nothing
 * has changed since it was read, as long as it stays: that is how fault_fast.c, and the page-fault entry, do without the count.
 *
 * What a writer may not do before it has the vma's lock: change its range, flags or fault_pages, take it out of the tree, look
 * at `touched` or `has_anon` and rely on what they say, make a border in it (pt_unshare_border), or change page-table entries of
 * its range in a way that a fault must not see halfway. A vma that comes into the tree is locked already.
 *
 * A reader tries, and never waits: where there is a writer it goes to mm->lock, and waits there. The writer waits for readers,
 * who may sleep, but never want mm->lock while they read. So there is no circle; the order is mm->lock, then a vma's.
 *
 * Memory order. The reader counts itself, then looks at lock_seq; the writer sets lock_seq, then looks at the count. Both count
 * and mark by a locked instruction, a full barrier: one of the two sees the other. A reader that finds the vma free after a
 * writer has read mm->lock_seq as that writer has stored it, with release, after all its changes.
 *
 * Finding it: a vma's memory is freed after an RCU grace period, and the links of the tree may be followed meanwhile (rbtree.c);
 * with the last user of its mm it is freed at once, as faults are the running task's in its own mm.
 * A look that goes astray finds nothing, or a vma that does not hold the address, and the reader goes to mm->lock.
 *
 * Without the count (vma_look). The usual fault only looks at the vma, with interrupts off, and stores one entry, under the
 * lock of the page table:
 *
 *	fault, interrupts off				writer
 *	read vma->lock_seq: small enough		vma->lock_seq = mm->lock_seq
 *	test the vma, walk down to the entry		(full barrier)
 *	set `touched`, `has_anon`			look at these
 *	lock the page table (full barrier)		lock each page table of the range, change its entries
 *	vma->lock_seq has changed: unlock, give up	...
 *	store, unlock					flush, free what was unmapped, and page tables
 *
 * Either the fault sees the new lock_seq in its last look, and has changed nothing; or the writer sees `touched`, and comes to
 * the lock of the table after the fault, as it marked the vma before. So a writer must take the lock of each page table whose
 * entries it wants to stay as they are, once after it has marked the vma, even if it changes none (pt_share).
 *
 * Page tables that a fault may stand on are freed, or become another's, only after a flush that interrupts each CPU that runs in
 * the mm and waits for its answer (gather.c; fork's): with interrupts off a CPU answers when it has left. That is also why such a
 * fault may not wait for the lock of a page table: its holder may wait for such an answer.
 *
 * FAULT_LOCK_RWSEM: faults take mm->lock for reading instead, and none of this is used.
 */
#pragma once

#include <kernel/event.h>
#include <kernel/vm.h>
#include <profile/check.h>
#include <profile/config.h>

#define VMA_GONE (~0ULL)
#define VMA_READER 2u
#define VMA_WAITED 1u /* a writer sleeps until it is the only bit */

/* The writer's sleep: until all who read the vma have left. The order of locks is checked here, and on each reader. */
void vma_wait_readers(struct vma *vma);

static inline bool fault_locks_mm(void)
{
	return config_on(CONFIG_FAULT_LOCK_RWSEM);
}

/* A full barrier: what is read after it of `touched`, `has_anon` and page tables is what the last reader has left. */
static inline void vma_mark(struct vma *vma, u64 sequence)
{
	(void)xchg(&vma->lock_seq, sequence);
	if (unlikely(READ_ONCE(vma->readers)))
		vma_wait_readers(vma);
}

/* mm->lock held for writing, no spinlock. Until it is given up no fault is at this vma. Again for one that is locked: nothing. */
static inline void vma_write_lock(struct vma *vma)
{
	expect(rwsem_is_write_held(&vma->mm->lock));
	if (!fault_locks_mm())
		vma_mark(vma, vma->mm->lock_seq);
}

/* For checks. */
static inline bool vma_is_write_locked(const struct vma *vma)
{
	if (fault_locks_mm())
		return rwsem_is_write_held(&vma->mm->lock);
	return vma->lock_seq == vma->mm->lock_seq;
}

/* The same of one that leaves the tree. */
static inline void vma_write_lock_gone(struct vma *vma)
{
	if (!fault_locks_mm())
		vma_mark(vma, VMA_GONE);
}

/* Of one that comes into the tree, where nobody has seen it. */
static inline void vma_write_lock_new(struct vma *vma)
{
	vma->lock_seq = vma->mm->lock_seq;
}

/* A reader has left, and a writer waits for all of them. */
void vma_wake_writer(struct mm *mm);

static inline void vma_read_drop(struct vma *vma, struct mm *mm)
{
	/* From here on the vma may be gone, but not the mm: it is the task's own. */
	if (unlikely(__atomic_sub_fetch(&vma->readers, VMA_READER, __ATOMIC_SEQ_CST) == VMA_WAITED))
		vma_wake_writer(mm);
}

static inline void vma_read_unlock(struct vma *vma, struct mm *mm)
{
	lock_rank_exit(RANK_VMA);
	vma_read_drop(vma, mm);
}

/* Its fields may be read: it is locked, or what was read is checked afterwards. */
static inline bool vma_holds(const struct vma *vma, u64 address)
{
	const u64 start = READ_ONCE(vma->start);

	return address - start < READ_ONCE(vma->end) - start;
}

/* Under RCU, of a vma that was in the tree of the running task's mm. False: a writer has it, or it is gone. */
static inline bool vma_try_read_lock(struct vma *vma, struct mm *mm)
{
	(void)__atomic_fetch_add(&vma->readers, VMA_READER, __ATOMIC_SEQ_CST);
	if (likely(READ_ONCE(vma->lock_seq) < load_acquire(&mm->lock_seq))) {
		lock_rank_try(RANK_VMA);
		return true;
	}
	vma_read_drop(vma, mm);
	event_count(EVENT_FAULT_LOCKED);
	return false;
}

/* The vma that holds `address`, by way of the tree. NULL: none, or a writer is in the way. */
struct vma *vma_find_read_lock(struct mm *mm, u64 address);

/* The same, where mm->cached mostly is the one. */
static __always_inline struct vma *vma_fault_lock(struct mm *mm, u64 address)
{
	struct vma *vma;

	rcu_read_lock();
	vma = READ_ONCE(mm->cached);
	if (unlikely(!vma || !vma_holds(vma, address) || !vma_try_read_lock(vma, mm))) {
		rcu_read_unlock();
		return vma_find_read_lock(mm, address);
	}
	rcu_read_unlock();
	if (likely(vma_holds(vma, address)))
		return vma;
	vma_read_unlock(vma, mm);
	return NULL;
}

/*
 * This CPU's next faults are rather there: the range that vma_look() and the entry code look at. The vma is in the tree of the
 * running task's mm, and cannot leave it now. RCU keeps it until the CPU has passed a quiescent state, which
 * forgets it, and the end of the mm comes after that.
 */
static inline void vma_expect_faults(const struct vma *vma)
{
	if (!fault_locks_mm())
		fault_hint_set(&vma->range);
}

/* --- Without the count. Interrupts off from vma_look() on, until all is done or vma_look_lock(). ------------------------ */

/* The vma of this CPU's last fault, if no writer has it: what it says holds if vma_look_holds() afterwards. */
static __always_inline bool vma_look(struct mm *mm, struct vma **vma, u64 *sequence)
{
	if (!fault_locks_mm()) {
		*vma = container_of(this_cpu(fault_hint), struct vma, range);
		*sequence = load_acquire(&(*vma)->lock_seq);
		return likely(*sequence < load_acquire(&mm->lock_seq));
	}
	if (unlikely(!rwsem_try_read_lock_inline(&mm->lock)))
		return false;
	*sequence = 0;
	*vma = READ_ONCE(mm->cached);
	if (likely(*vma))
		return true;
	rwsem_read_unlock_inline(&mm->lock);
	return false;
}

/* After what was read of the vma and below it, and after a full barrier. */
static __always_inline bool vma_look_holds(const struct vma *vma, u64 sequence)
{
	return fault_locks_mm() || likely(READ_ONCE(vma->lock_seq) == sequence);
}

static __always_inline void vma_look_end(struct mm *mm)
{
	if (fault_locks_mm())
		rwsem_read_unlock_inline(&mm->lock);
}

/* From here on the vma is locked for reading, as it was when the look began. False: it no longer is so, and nothing is held. */
static inline bool vma_look_lock(struct vma *vma, struct mm *mm, u64 sequence)
{
	if (fault_locks_mm())
		return true;
	(void)__atomic_fetch_add(&vma->readers, VMA_READER, __ATOMIC_SEQ_CST);
	if (likely(vma_look_holds(vma, sequence))) {
		lock_rank_try(RANK_VMA);
		return true;
	}
	vma_read_drop(vma, mm);
	return false;
}

static inline void vma_look_unlock(struct vma *vma, struct mm *mm)
{
	if (fault_locks_mm())
		rwsem_read_unlock_inline(&mm->lock);
	else
		vma_read_unlock(vma, mm);
}
