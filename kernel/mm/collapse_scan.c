/*
 * The thread that looks for small pages which can be huge ones, while the mode asks for such. Slowly: pages_to_scan, then it sleeps
 * for a long time.
 *
 * It goes round in a list of address spaces. One comes into the list when it first may get small pages in a vma that the mode is
 * for, or asks for huge ones; and leaves it when it is torn down. So fork and exec know nothing of it, and who never has such a
 * vma is never looked at. The thread has a reference of mm->count, not of mm->users: exit waits for it at mm->lock, for one block
 * at most, and what it finds afterwards is an address space with no vma.
 */
#include "collapse.h"

#include <kernel/sched.h>
#include <kernel/time.h>
#include <kernel/work.h>
#include <profile/check.h>

#define NICE 19

struct collapse_settings vm_collapse_settings = {
	.pages_to_scan = 8 * PT_ENTRIES,
	.scan_sleep_ms = 10000,
	.alloc_sleep_ms = 60000,
	.empty_max = PT_ENTRIES - 1,
};
struct collapse_counts vm_collapse_counts;

static struct {
	struct spinlock lock; /* RANK_COLLAPSE */
	struct list mms; /* [lock] mm->collapse_link */
	struct mm *at; /* [lock] where the scan is, or goes on; NULL: at the first one */
	u64 address; /* [lock] in it */
	struct wait_queue wait; /* the thread's */
	u32 changes; /* [A] of the settings: the thread does not go on sleeping */
	bool started; /* [A] */
} scan = { .lock = SPINLOCK_INIT(RANK_COLLAPSE),
	   .mms = LIST_INIT(scan.mms),
	   .wait = WAIT_QUEUE_INIT(scan.wait) };

/* --- The list ---------------------------------------------------------------------------------------------------------------- */

/* The lock held. From scan.at to the one behind it; false: it was the last. */
static bool scan_advance(void)
{
	struct list *next = scan.at->collapse_link.next;
	const bool more = next != &scan.mms;

	scan.at = more ? list_entry(next, struct mm, collapse_link) : NULL;
	scan.address = 0;
	if (!more)
		WRITE_ONCE(vm_collapse_counts.full_scans, vm_collapse_counts.full_scans + 1);
	return more;
}

void collapse_note(struct mm *mm)
{
	if (collapse_is_noted(mm))
		return;
	spin_lock(&scan.lock);
	/* Or another thread was faster. */
	if (!collapse_is_noted(mm))
		list_add_tail(&mm->collapse_link, &scan.mms);
	spin_unlock(&scan.lock);
	wait_wake(&scan.wait, 0);
}

void collapse_note_vma(const struct vma *vma)
{
	if (!collapse_is_noted(vma->mm) && huge_eligible(vma))
		collapse_note(vma->mm);
}

void collapse_forget(struct mm *mm)
{
	spin_lock(&scan.lock);
	if (scan.at == mm)
		(void)scan_advance();
	list_del(&mm->collapse_link);
	spin_unlock(&scan.lock);
}

/* The address space that is to be scanned, with a reference, and from where on; NULL: there is none. */
static struct mm *scan_begin(u64 *address)
{
	struct mm *mm;

	spin_lock(&scan.lock);
	if (!scan.at && !list_empty(&scan.mms)) {
		scan.at = list_first_entry(&scan.mms, struct mm, collapse_link);
		scan.address = 0;
	}
	mm = scan.at;
	if (mm)
		mm_get(mm);
	*address = scan.address;
	spin_unlock(&scan.lock);
	return mm;
}

/* It was scanned up to `address`, or all of it. False: it was the last one. */
static bool scan_end(struct mm *mm, u64 address, bool all)
{
	bool more = true;

	spin_lock(&scan.lock);
	/* Or it has left the list meanwhile. */
	if (scan.at == mm && all)
		more = scan_advance();
	else if (scan.at == mm)
		scan.address = address;
	spin_unlock(&scan.lock);
	mm_put(mm);
	return more;
}

/* --- One address space ------------------------------------------------------------------------------------------------------------ */

/* Lock held. The next 2 MiB with a page table from `at` on that lie in the vma, which may be of another kind; its end: none. */
static u64 next_block(struct vma *vma, u64 at)
{
	const u64 end = ALIGN_DOWN(vma->end, HUGE_PAGE_SIZE);
	u64 span_end;

	at = ALIGN_UP(MAX(at, vma->start), HUGE_PAGE_SIZE);
	if (!READ_ONCE(vma->touched) || !huge_eligible(vma) ||
	    !pt_next_table(vma->mm, &at, end, &span_end))
		return vma->end;
	return at;
}

enum found { FOUND_BLOCK, FOUND_NONE, FOUND_END };

/* From *at on: a block, which becomes *at; none in this vma, and *at becomes its end; or no more vmas. */
static enum found find_block(struct mm *mm, u64 *at)
{
	enum found found = FOUND_END;
	struct vma *vma;

	rwsem_read_lock(&mm->lock);
	vma = ref_read(&mm->users) ? vma_find(mm, *at) : NULL;
	if (vma) {
		*at = next_block(vma, *at);
		found = *at < vma->end ? FOUND_BLOCK : FOUND_NONE;
	}
	rwsem_read_unlock(&mm->lock);
	return found;
}

static int scan_block(struct mm *mm, u64 address)
{
	const struct collapse c = {
		.mm = mm,
		.address = address,
		.empty_max = READ_ONCE(vm_collapse_settings.empty_max),
	};
	bool made;
	int error = collapse_block(&c, &made);

	if (made)
		WRITE_ONCE(vm_collapse_counts.collapsed, vm_collapse_counts.collapsed + 1);
	return error;
}

/* From *at on, as long as there is something of the budget. 0: it goes on there; 1: that was all; -ENOMEM: no block is free. */
static int scan_mm(struct mm *mm, u64 *at, s64 *budget)
{
	while (*budget > 0) {
		enum found found = find_block(mm, at);

		if (found == FOUND_END)
			return 1;
		*budget -= found == FOUND_BLOCK ? PT_ENTRIES : 1;
		if (found != FOUND_BLOCK)
			continue;
		if (scan_block(mm, *at) == -ENOMEM)
			return -ENOMEM;
		*at += HUGE_PAGE_SIZE;
	}
	return 0;
}

/* --- The thread ------------------------------------------------------------------------------------------------------------------- */

/* Up to the end of the list. 0 or -ENOMEM. */
static int scan_some(void)
{
	s64 budget = READ_ONCE(vm_collapse_settings.pages_to_scan);
	bool more = true;
	int result = 0;

	while (more && budget > 0 && result >= 0) {
		u64 address;
		struct mm *mm = scan_begin(&address);

		if (!mm)
			return 0;
		result = scan_mm(mm, &address, &budget);
		more = scan_end(mm, address, result > 0);
		budget--;
	}
	return MIN(result, 0);
}

static bool scan_is_wanted(void)
{
	return READ_ONCE(vm_huge_mode) != HUGE_NEVER && !list_empty(&scan.mms);
}

static void scan_sleep(unsigned int ms, u32 changes)
{
	(void)wait_event_until(&scan.wait, READ_ONCE(scan.changes) != changes,
			       SLEEP_UNINTERRUPTIBLE, deadline_after(ms * NSEC_PER_MSEC));
}

static void scan_thread(void *arg)
{
	(void)arg;
	(void)sched_set_nice(current, NICE);
	for (;;) {
		const u32 changes = READ_ONCE(scan.changes);
		int error;

		wait_event(&scan.wait, scan_is_wanted());
		error = scan_some();
		scan_sleep(error ? READ_ONCE(vm_collapse_settings.alloc_sleep_ms)
				 : READ_ONCE(vm_collapse_settings.scan_sleep_ms),
			   changes);
	}
}

/* In a work thread: a new thread has the root and working directory of the one that makes it. */
static void scan_start(struct work *work)
{
	(void)work;
	if (!xchg(&scan.started, true) && IS_ERR(kthread_run(scan_thread, NULL, "khugepaged")))
		WRITE_ONCE(scan.started, false); /* the next change tries again */
}

static struct work start_work = { .link = LIST_INIT(start_work.link), .fn = scan_start };

void vm_collapse_changed(void)
{
	if (READ_ONCE(vm_huge_mode) != HUGE_NEVER && !READ_ONCE(scan.started))
		(void)work_queue(&start_work);
	__atomic_fetch_add(&scan.changes, 1, __ATOMIC_RELEASE);
	wait_wake(&scan.wait, 0);
}
