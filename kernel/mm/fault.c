/*
 * Page faults. What a page contains is decided by its entry first, and by the vma only where the entry is empty:
 *
 *	entry			read, exec			write
 *	empty, anonymous	map the zero page		map a frame of zeros
 *	empty, private file	map the cached page, read-only	map a copy of the cached page
 *	empty, shared file	map the cached page		page_mkwrite, map the cached page
 *	zero page		nothing (spurious)		replace it by a frame of zeros
 *	frame, not writable	nothing (spurious)		private: ours alone: make it writable; else replace it by a
 *								copy; shared: page_mkwrite, make it writable
 *	frame, writable		nothing (spurious)		nothing (spurious)
 *
 * A page is copied on write, or made writable, only where the vma permits writing; that was checked before.
 *
 * Phases: find the vma and check what it permits, its lock held for reading (vma_lock.h), or mm->lock, where there is a writer,
 * or no vma, so that a stack may have to grow; look at the entry, without its lock; allocate, read and fill with no spinlock
 * held; then, under the lock of the page table, install if the entry still is what it was. If it is not, another CPU was
 * faster: the access is simply tried again. Where there is no page table of level 1, vm_fault_table() makes one, or deals with
 * a huge page (huge.c).
 */
#include "fault_internal.h"
#include "vma_lock.h"

#include <abi/signal.h>
#include <kernel/event.h>
#include <kernel/preempt.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <lib/err.h>
#include <platform/tlb.h>

/* An entry that other CPUs may have cached changes its frame: they must not see the old one once the new one is written. */
static void entry_replace(const struct fault *f, pte_t value)
{
	pte_write(f->entry, (pte_t){ 0 });
	tlb_flush_range(&f->vma->mm->mmu, f->address, f->address + PAGE_SIZE);
	pte_write(f->entry, value);
}

/* Any permission that the vma has. Only more is permitted than before: other CPUs find out by a spurious fault. */
static void entry_permit_write(const struct fault *f)
{
	pte_write(f->entry, pte_set(f->seen, f->vma->pte_bits));
	tlb_flush_local_page(f->address);
}

/*
 * A reference to `page` becomes the mapping's. -EAGAIN if truncation has taken the page out of its cache meanwhile: it looks
 * at mapcount after it has taken the page out, we look at the cache after we have counted, so one sees the other.
 */
static int install_file_page(const struct fault *f, struct page *page, u64 bits)
{
	int error = 0;

	if (!fault_install_begin(f)) {
		page_put(page);
		return 0;
	}
	atomic_add_return(&page->mapcount, 1);
	if (unlikely(page->owner == PAGE_CACHE && !READ_ONCE(page->cache))) {
		atomic_dec(&page->mapcount);
		error = -EAGAIN;
	} else {
		pte_write(f->entry, pte_make(page_paddr(page), bits));
		mm_count_rss(f->vma->mm, page, 1);
	}
	fault_install_end(f);
	if (error)
		page_put(page);
	return error;
}

/* --- The cases ------------------------------------------------------------------------------------------------------- */

/* `page` is filled, and ours. The entry was empty. */
static int install_new_anon(const struct fault *f, struct page *page)
{
	vma_set_has_anon(f->vma);
	if (!fault_install_begin(f)) {
		page_put(page);
		return 0;
	}
	pte_write(f->entry, pte_make(page_paddr(page), f->vma->pte_bits));
	table_count_anon(f->entry, 1);
	atomic_inc(&f->vma->mm->rss_anon);
	fault_install_end(f);
	return 0;
}

/* A private copy of the file page `from`, whose reference is dropped. */
static int fault_file_copy(const struct fault *f, struct page *from)
{
	struct page *page = page_alloc(0, PAGE_USER, PAGE_ANON);

	if (page)
		page_copy_raw(page_virt(page), page_virt(from));
	page_put(from);
	return page ? install_new_anon(f, page) : -ENOMEM;
}

static int fault_mkwrite(const struct vma *vma, struct page *page)
{
	return vma->ops->page_mkwrite ? vma->ops->page_mkwrite((struct vma *)vma, page) : 0;
}

/* Nobody wants to be told of the first write: the page may be mapped writable at once. */
static bool file_writes_untold(const struct vma *vma, const struct page *page)
{
	return !vma->ops->page_mkwrite || (page->flags & PAGE_FLAG_SHMEM);
}

static __noinline int fault_file(const struct fault *f)
{
	struct vma *vma = f->vma;
	u64 bits = vma_read_bits(vma);
	struct page *page;
	int error;

	event_count(EVENT_FAULT_FILE);
	if (!f->write && vm_fault_around(vma, f->address, f->entry))
		return 0;
	page = vma->ops->fault(vma, vma_index(vma, f->address));
	if (IS_ERR(page))
		return (int)PTR_ERR(page);
	if (f->write && !(vma->flags & VM_SHARED))
		return fault_file_copy(f, page);
	if (f->write) {
		error = fault_mkwrite(vma, page);
		if (error) {
			page_put(page);
			return error;
		}
	}
	if ((vma->flags & VM_SHARED) && (f->write || file_writes_untold(vma, page)))
		bits = vma->pte_bits;
	return install_file_page(f, page, bits);
}

/* The first write to a page of a shared mapping: always with a struct page, drivers map their frames writable at once. */
static __noinline int fault_write_shared(const struct fault *f)
{
	struct page *page;
	int error;

	if (pte_has(f->seen, PTE_SOFT_SPECIAL))
		return -EFAULT;
	if (!fault_install_begin(f))
		return 0;
	page = pte_page(f->seen);
	page_get(page);
	fault_install_end(f);
	error = fault_mkwrite(f->vma, page);
	if (!error && fault_install_begin(f)) {
		entry_permit_write(f);
		fault_install_end(f);
	}
	page_put(page);
	return error;
}

/* An anonymous frame that nobody else has: every other mapping of it, and every look at it, would hold a reference. */
static bool fault_reuse(const struct fault *f, const struct page *page)
{
	if (page->owner != PAGE_ANON || atomic_read_acquire(&page->ref) != 1 ||
	    !fault_install_begin(f))
		return false;
	if (atomic_read_acquire(&page->ref) == 1) {
		entry_permit_write(f);
		fault_install_end(f);
		event_count(EVENT_FAULT_REUSE);
		return true;
	}
	fault_install_end(f);
	return false;
}

/* The entry maps `old`, or the zero page if that is NULL; under the lock it is replaced by `page`. */
static void cow_install(const struct fault *f, struct page *page, struct page *old)
{
	struct mm *mm = f->vma->mm;

	/* The lock keeps the old frame: it cannot be unmapped and freed while it is copied. */
	if (old)
		page_copy_raw(page_virt(page), page_virt(old));
	entry_replace(f, pte_make(page_paddr(page), f->vma->pte_bits));
	if (old && old->owner == PAGE_ANON)
		return; /* one for one */
	table_count_anon(f->entry, 1);
	atomic_inc(&mm->rss_anon);
	if (!old)
		return;
	mm_count_rss(mm, old, -1);
	atomic_dec(&old->mapcount);
}

static __noinline int fault_cow(const struct fault *f)
{
	bool special = pte_has(f->seen, PTE_SOFT_SPECIAL);
	struct page *old = special ? NULL : pte_page(f->seen), *page;

	if (special && pte_address(f->seen).raw != page_paddr(zero_page).raw)
		return -EFAULT; /* device memory has no struct page to copy from */
	if (old && fault_reuse(f, old))
		return 0;
	event_count(old ? EVENT_FAULT_COW : EVENT_FAULT_COW_ZERO);
	page = page_alloc(0, PAGE_USER | (special ? PAGE_ZERO : 0), PAGE_ANON);
	if (!page)
		return -ENOMEM;
	vma_set_has_anon(f->vma);
	if (!fault_install_begin(f)) {
		page_put(page);
		return 0;
	}
	cow_install(f, page, old);
	fault_install_end(f);
	if (old)
		page_put(old);
	return 0;
}

static __noinline int fault_spurious(const struct fault *f)
{
	event_count(EVENT_FAULT_SPURIOUS);
	tlb_flush_local_page(f->address);
	return 0;
}

static int fault_anonymous(const struct fault *f)
{
	event_count(f->write ? EVENT_FAULT_ANON : EVENT_FAULT_ZERO_PAGE);
	return vm_fault_anonymous(f);
}

/* --- From the vma down ------------------------------------------------------------------------------------------------- */

/* An entry of level 1. */
static __always_inline int fault_entry(struct fault *f)
{
	f->seen = pte_read(f->entry);
	if (pte_none(f->seen))
		return f->vma->ops && f->vma->ops->fault ? fault_file(f) : fault_anonymous(f);
	if (!f->write || pte_has(f->seen, PTE_WRITE))
		return fault_spurious(f);
	return f->vma->flags & VM_SHARED ? fault_write_shared(f) : fault_cow(f);
}

/* What the vma permits; `force`: may be made to permit. */
static inline bool vma_permits(const struct vma *vma, u32 flags)
{
	u32 may = vma->flags;

	if (unlikely(flags & FAULT_FORCE)) {
		may |= (may & (VM_MAY_READ | VM_MAY_EXEC)) >> 4;
		if (!(may & VM_SHARED))
			may |= (may & VM_MAY_WRITE) >> 4;
	}
	if (flags & FAULT_WRITE)
		return may & VM_WRITE;
	if (flags & FAULT_EXEC)
		return may & VM_EXEC;
	return may & (VM_READ | VM_WRITE | VM_EXEC);
}

static __always_inline int fault_vma(struct vma *vma, u64 address, u32 flags)
{
	struct fault f;
	int error;

	if (unlikely(!vma_permits(vma, flags)))
		return -EACCES;
	/* A device maps all its frames in its mmap operation: what is not there is beyond its end. */
	if (unlikely(vma->flags & VM_SPECIAL && !(vma->ops && vma->ops->fault)))
		return -ERANGE;
	f.vma = vma;
	f.address = ALIGN_DOWN(address, PAGE_SIZE);
	f.write = flags & FAULT_WRITE;
	vma_touch(vma);
	f.entry = pt_entry_own(vma->mm, f.address, 1);
	if (unlikely(!f.entry)) {
		f.entry = vm_fault_table(vma, address, flags);
		if (!f.entry || IS_ERR(f.entry))
			return (int)PTR_ERR(f.entry);
	}
	do {
		error = fault_entry(&f);
	} while (unlikely(error == -EAGAIN));
	return error;
}

int vm_fault_vma(struct vma *vma, u64 address, u32 flags)
{
	return fault_vma(vma, address, flags);
}

int vm_grow_stack(struct vma *vma, u64 address)
{
	struct mm *mm = vma->mm;
	struct vma *prev = vma_prev(vma);
	u64 start = ALIGN_DOWN(address, PAGE_SIZE), pages = (vma->start - start) >> PAGE_SHIFT;

	if (start < MMAP_MIN_ADDRESS || vma->end - start > task_limit(current, RLIMIT_STACK))
		return -EFAULT;
	/* Another stack needs no gap: two parts of one, after a hole was made. */
	if (prev && (prev->end > start ||
		     (!(prev->flags & VM_STACK) && (prev->flags & (VM_READ | VM_WRITE | VM_EXEC)) &&
		      start - prev->end < STACK_GUARD_GAP)))
		return -EFAULT;
	if (!mm_may_grow(mm, vma->flags, pages) ||
	    ((vma->flags & VM_LOCKED) && mm_may_lock(mm, pages)))
		return -EFAULT;
	if ((vma->flags & VM_ACCOUNT) && vm_commit(pages))
		return -ENOMEM;
	vma_write_lock(vma);
	vma_set_range(vma, start, vma->end, vma->page_offset - pages);
	return 0;
}

/* Lock for reading. No vma is at `address`: a stack above may grow, with the lock for writing, which is given up again. */
static __noinline struct vma *fault_find_stack(struct mm *mm, u64 address)
{
	struct vma *vma = vma_find(mm, address);

	if (!vma || !(vma->flags & VM_STACK))
		return NULL;
	rwsem_read_unlock(&mm->lock);
	rwsem_write_lock(&mm->lock);
	vma = vma_find(mm, address);
	if (vma && vma->start > address && (!(vma->flags & VM_STACK) || vm_grow_stack(vma, address)))
		vma = NULL;
	mm_downgrade(mm);
	return vma;
}

/* Not the one of the last fault. */
static __noinline struct vma *fault_find(struct mm *mm, u64 address)
{
	struct vma *vma = vma_find(mm, address);

	return vma && vma->start <= address ? vma : fault_find_stack(mm, address);
}

/* Where there was one fault there is another, and if it is a usual one it need not come here. */
static __always_inline void expect_more(const struct vma *vma)
{
	if (READ_ONCE(vma->fault_kinds))
		vma_expect_faults(vma);
}

/* By way of mm->lock; grows a stack. */
static __noinline int fault_mm_locked(struct mm *mm, u64 address, u32 flags)
{
	struct vma *vma;
	int error;

	rwsem_read_lock(&mm->lock);
	vma = READ_ONCE(mm->cached);
	if (unlikely(!vma || !vma_holds(vma, address)))
		vma = fault_find(mm, address);
	error = likely(vma) ? vm_fault_vma(vma, address, flags) : -EFAULT;
	if (likely(!error))
		expect_more(vma);
	rwsem_read_unlock(&mm->lock);
	return error;
}

/* With mm->lock not held. All of a fault is inlined here, once for the entry code. */
static __always_inline int fault_mm(struct mm *mm, u64 address, u32 flags)
{
	struct vma *vma = fault_locks_mm() ? NULL : vma_fault_lock(mm, address);
	int error;

	if (unlikely(!vma))
		return fault_mm_locked(mm, address, flags);
	error = fault_vma(vma, address, flags);
	expect_more(vma);
	vma_read_unlock(vma, mm);
	return error;
}

/* --- What the entry code asks for, but for the usual fault ------------------------------------------------------------- */

/* Memory ran out in a fault of a program: somebody must die for it, or else the one who asked. */
static void fault_no_memory(void)
{
	if (!signal_is_fatal_pending(current) && !oom_kill())
		signal_force_kill(current);
}

static void fault_signal(int error, u64 address)
{
	switch (error) {
	case -EFAULT:
		signal_fault(SIGSEGV, SEGV_MAPERR, address);
		break;
	case -EACCES:
		signal_fault(SIGSEGV, SEGV_ACCERR, address);
		break;
	case -ENOMEM:
		fault_no_memory();
		break;
	default:
		signal_fault(SIGBUS, BUS_ADRERR, address);
	}
}

static inline u32 fault_flags(u32 fault)
{
	_Static_assert(FAULT_WRITE << 1 == TRAP_FAULT_WRITE && FAULT_EXEC << 3 == TRAP_FAULT_EXEC,
		       "two shifts");
	return (fault & TRAP_FAULT_WRITE) >> 1 | (fault & TRAP_FAULT_EXEC) >> 3;
}

bool vm_fault_trap(u64 address, u32 fault)
{
	bool user_mode = fault & TRAP_FAULT_USER;
	struct mm *mm = current->mm;
	int error = -EFAULT;

	if (!user_mode && (!mm || !preemptible()))
		return false;
	event_count(EVENT_PAGE_FAULT);
	/* The fault may come to mm->lock, or not, by what else happens: no lock that the kernel holds may come behind it. */
	if (!user_mode) {
		lock_rank_enter(RANK_MM, false);
		lock_rank_exit(RANK_MM);
	}
	if (likely(address < USER_END))
		error = fault_mm(mm, address, fault_flags(fault));
	if (likely(!error)) {
		current->head.faults_minor++;
		return true;
	}
	if (!user_mode)
		return false;
	signal_note_page_fault(fault | (address >= USER_END ? TRAP_FAULT_PRESENT : 0));
	fault_signal(error, address);
	return true;
}
