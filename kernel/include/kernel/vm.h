/*
 * User address spaces. A struct mm owns page tables and a tree of struct vma, ordered by address, disjoint, merged where
 * neighbours are alike. What a page of user memory contains is decided by its page-table entry first, and by the vma only
 * where the entry is empty.
 *
 * Who locks what: mm->lock is held for writing to change the tree or a vma, for reading to look at them. A fault takes neither:
 * it locks its vma alone, for reading, and a writer that holds mm->lock locks each vma that it changes (kernel/mm/vma_lock.h). So
 * faults go on beside mmap, munmap and mprotect of other memory of the same address space. Whoever holds mm->lock for
 * reading keeps all writers out, and may do what a fault does without the vma's lock. A page-table page has its own
 * spinlock for changes of its entries. vmas are freed after an RCU grace period, or
 * with the last user of their mm. FAULT_LOCK_RWSEM (a side option): faults take
 * mm->lock for reading.
 *
 * Freeing user pages: only through struct gather, which flushes the CPUs that may have the translation cached before the
 * reference goes away.
 */
#pragma once

#include <kernel/locks.h>
#include <kernel/rcu.h>
#include <kernel/wait.h>
#include <lib/rbtree.h>
#include <platform/fault.h>
#include <platform/tlb.h>
#include <platform/trap.h>
#include <platform/usercopy.h>
#include <profile/bounds.h>
#include <profile/refcount.h>

struct file;
struct inode;
struct page;
struct mm;
struct vma;

/* vma->flags. The low bits are PROT_* of abi/mman.h. */
#define VM_READ 0x1u
#define VM_WRITE 0x2u
#define VM_EXEC 0x4u
#define VM_MAY_READ 0x10u /* what mprotect may grant */
#define VM_MAY_WRITE 0x20u
#define VM_MAY_EXEC 0x40u
#define VM_SHARED 0x80u
#define VM_STACK 0x100u /* grows down */
#define VM_LOCKED 0x200u
#define VM_NO_FORK 0x400u /* MADV_DONTFORK */
#define VM_WIPE_ON_FORK 0x800u
#define VM_NO_DUMP 0x1000u
#define VM_SPECIAL 0x2000u /* device frames: no struct page behind, not counted */
#define VM_HUGE 0x4000u /* MADV_HUGEPAGE */
#define VM_NO_HUGE 0x8000u
#define VM_ACCOUNT 0x10000u /* counted against overcommit */
#define VM_NO_RESERVE 0x20000u
#define VM_MERGEABLE 0x40000u /* MADV_MERGEABLE: remembered, nothing more */
#define VM_SEQUENTIAL 0x80000u
#define VM_RANDOM 0x100000u
/* With VM_LOCKED: pages are locked as they come, none is made present. */
#define VM_LOCK_ONFAULT 0x200000u

/* Result of filling a page: a frame with a reference for the mapping, or -errno (-ENOMEM, -EFAULT = SIGBUS). */
struct vma_ops {
	/*
	 * Page `index` (in pages from the start of the file) of a file mapping: an up-to-date page with a reference, or
	 * ERR_PTR; -ERANGE beyond end of file (SIGBUS). May sleep. NULL for anonymous memory.
	 */
	struct page *(*fault)(struct vma *vma, u64 index);
	/* First write to a shared file page is about to be mapped: 0 or -errno. Optional. */
	int (*page_mkwrite)(struct vma *vma, struct page *page);
	void (*open)(struct vma *vma); /* a copy of the vma was made (split, fork); optional */
	void (*close)(struct vma *vma); /* one goes away; optional */
	const char *(*name)(struct vma *vma); /* for /proc/<pid>/maps; optional */
};

/*
 * Letters:
 *	[mm]	changes with mm->lock held for writing; read with it held for reading
 *	[vma]	the same, and it changes only after vma_write_lock(): so who has the vma's lock for reading may read it too, and
 *		who looks at the vma without a count, if lock_seq is the same afterwards (kernel/mm/vma_lock.h)
 *	[A]	read without a lock
 *	[I]	does not change while the vma can be found
 */
struct vma {
	struct rb_node node; /* [mm] its links are followed under RCU too (vma_lock.c) */
	union {
		struct fault_range range; /* what the page-fault entry knows of it: these */
		struct {
			u64 start, end; /* [vma] bytes, page aligned, end exclusive */
			u64 pte_bits; /* [vma] of an entry that permits all that `flags` do; 0: none */
			/* [A] changes under mm->lock: what mm->lock_seq was when it was last locked for a change */
			u64 lock_seq;
			u32 fault_kinds; /* [vma] follows from flags, ops, fault_pages: vma_update_fault_kinds() */
			/*
			 * [A] set once, before the first page table is made for it, or left to it by a neighbour: else there is
			 * nothing to unmap.
			 */
			u8 touched;
			u8 has_anon; /* [A] set once: some entry may map a frame that is no file's */
		};
	};
	u64 gap; /* [mm] free bytes before `start`, without the guard gap of a stack; vma_tree.c: up to a bound */
	u64 subtree_gap; /* [mm] largest gap of the subtree (augmented) */
	u32 flags; /* [vma] VM_* */
	struct vma *prev, *next; /* [mm] neighbours by address; NULL at the ends */
	u16 fault_pages; /* [vma] that a fault fills, as the program has asked; 0: it has not */
	u32 readers; /* [A] faults that are at it */
	u64 page_offset; /* [vma] of `start`: in pages within the file; anonymous: start >> PAGE_SHIFT at creation */
	struct file *file; /* [I] a reference, or NULL: anonymous */
	const struct vma_ops *ops; /* [I] NULL: anonymous private */
	struct mm *mm; /* [I] */
	void *private_data; /* [I] of ops */
	struct list rmap_link; /* [inode rmap lock] vmas of one inode, for truncate */
	struct rcu_head rcu;
};
_Static_assert(offsetof(struct vma, start) == offsetof(struct vma, range.start) &&
		       offsetof(struct vma, end) == offsetof(struct vma, range.end) &&
		       offsetof(struct vma, pte_bits) == offsetof(struct vma, range.entry_bits) &&
		       offsetof(struct vma, lock_seq) == offsetof(struct vma, range.sequence) &&
		       offsetof(struct vma, fault_kinds) == offsetof(struct vma, range.kinds) &&
		       offsetof(struct vma, touched) == offsetof(struct vma, range.marks[0]) &&
		       offsetof(struct vma, has_anon) == offsetof(struct vma, range.marks[1]),
	       "two names of one thing");

struct mm {
	/* These are what the page-fault entry knows of it: struct fault_space of platform/fault.h. */
	struct mmu_context mmu;
	u64 lock_seq; /* [lock] bumped when a writer gives up the lock: frees all vmas that it has locked */
	atomic_long_t rss_anon; /* pages resident */

	struct rwsem lock;
	struct wait_queue vma_wait; /* where a writer waits for the faults at a vma */
	struct rb_root vmas; /* [lock; read under RCU] */
	struct vma *first, *last; /* [lock] of the tree */
	struct vma *cached; /* [A] last lookup hit; a hint, checked before use */
	struct refcount users; /* tasks that run in it: the last one tears it down */
	struct refcount count; /* struct itself: lazy users, /proc readers; `users` together hold one */
	u64 mmap_base; /* [I after exec] top of the area where mmap places */
	/*
	 * [lock] Below mmap_base no gap of place_length bytes lies higher than the one before this vma: where a mapping goes next.
	 * NULL: not known.
	 */
	struct vma *place;
	u64 place_length;
	u64 brk_start, brk; /* [lock] */
	u64 code_start, code_end, data_start, data_end, stack_top; /* [I after exec] */
	u64 arg_start, arg_end, env_start, env_end;
	u64 auxv[2 * 24]; /* [I after exec] as on the stack, for /proc/<pid>/auxv */
	struct file *exe; /* [lock] */
	atomic_long_t pages_total, pages_locked, pages_data, pages_stack,
		pages_exec; /* pages mapped by vmas */
	atomic_long_t rss_file, rss_shmem; /* pages resident */
	atomic_long_t table_pages;
	atomic_long_t special_spans; /* directory entries of shared page tables and of huge pages; counted before they are made */
	long rss_peak, total_peak;
	u32 vma_count; /* [lock] */
	u32 default_flags; /* [lock] VM_LOCKED and VM_LOCK_ONFAULT after mlockall(MCL_FUTURE) */
	u16 fault_pages; /* [lock] of new vmas */
	u8 huge; /* [A] set once, before its first huge page is made */
	u8 huge_disabled; /* [A] PR_SET_THP_DISABLE; fork and exec keep it */
	u8 dumpable;
	u8 barrier_registered; /* [A] membarrier: set once; fork keeps it */
	u8 oom_victim; /* [A] its tasks may use the last pages */
	void *vdso; /* user address, or NULL */
	struct list collapse_link; /* [collapse_scan.c's lock] next NULL: in no list */
};
_Static_assert(offsetof(struct mm, mmu) == offsetof(struct fault_space, context) &&
		       offsetof(struct mm, lock_seq) == offsetof(struct fault_space, sequence) &&
		       offsetof(struct mm, rss_anon) == offsetof(struct fault_space, resident),
	       "struct mm begins with struct fault_space");

#define VMA_COUNT_MAX 65530

/* All that the writer has locked. Its changes are seen by whoever sees the new number (load_acquire). */
static inline void mm_release_vmas(struct mm *mm)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
	mm->lock_seq++;
}

/* Whoever holds mm->lock for writing gives it up, or goes on as a reader, by these. */
static inline void mm_write_unlock(struct mm *mm)
{
	mm_release_vmas(mm);
	rwsem_write_unlock(&mm->lock);
}

static inline void mm_downgrade(struct mm *mm)
{
	mm_release_vmas(mm);
	rwsem_downgrade(&mm->lock);
}

struct mm *mm_alloc(void); /* users 1; NULL */
struct mm *
mm_fork(struct mm *parent); /* copy on write; ERR_PTR(-ENOMEM) leaves the parent as it was */
static inline void mm_get_user(struct mm *mm)
{
	ref_get(&mm->users);
}
void mm_put_user(struct mm *mm); /* may sleep: tears down */
static inline void mm_get(struct mm *mm)
{
	ref_get(&mm->count);
}
void mm_put(struct mm *mm);
/* Makes `mm` (NULL: kernel) the running task's, and drops nothing. exec and exit. */
void mm_activate(struct mm *mm);
/* For the scheduler: address space of `next`; keeps the old one loaded for kernel threads never (lessons). Interrupts off. */
void mm_switch(struct task *prev, struct task *next);

/* --- Mapping. All return 0/address or -errno. `_locked`: mm->lock held for writing. ------------------------ */

struct mmap_request {
	u64 address; /* hint, or fixed address */
	u64 length;
	u32 prot; /* PROT_* */
	u32 flags; /* MAP_* */
	struct file *file; /* NULL: anonymous; borrowed */
	u64 page_offset;
};
long vm_mmap(const struct mmap_request *request); /* current->mm; checks rlimits, permissions, overcommit */
long vm_mmap_locked(struct mm *mm, const struct mmap_request *request);
long vm_munmap(u64 start, u64 length);
int vm_munmap_locked(struct mm *mm, u64 start, u64 length);
long vm_brk(u64 brk); /* the new break, or the old one */
int vm_mprotect(u64 start, u64 length, u32 prot);
long vm_mremap(u64 old, u64 old_length, u64 new_length, u32 flags, u64 new_address);
int vm_madvise(u64 start, u64 length, int advice);
int vm_msync(u64 start, u64 length, int flags);
/* `lock`: VM_LOCKED, with VM_LOCK_ONFAULT or not; 0: unlock. */
int vm_mlock(u64 start, u64 length, u32 lock);
int vm_mlock_all(int flags); /* MCL_*; 0: unlock */
/* Read of `length` pages' residence into a byte each. */
int vm_mincore(u64 start, u64 length, struct user_ptr vec);

/* The vma that holds `address`, or the first above it; NULL. Lock held for reading or writing. */
struct vma *vma_find(struct mm *mm, u64 address);
static inline struct vma *vma_first(const struct mm *mm)
{
	return mm->first;
}

static inline struct vma *vma_next(const struct vma *vma)
{
	return vma->next;
}

static inline struct vma *vma_prev(const struct vma *vma)
{
	return vma->prev;
}

/*
 * Faults of user and kernel code arrive through trap_page_fault (fault_fast.c). Populates the mapped parts of [start, start +
 * length) as by faults; mm->lock is not held. 0, or the first error: -EFAULT, -EACCES, -ERANGE, -ENOMEM.
 */
int vm_populate(struct mm *mm, u64 start, u64 length, bool write);

/*
 * How many pages one write fault in anonymous memory fills. Where the program has not asked for a number, up to
 * vm_fault_pages, by what lies around.
 */
#define VM_FAULT_PAGES_MAX 512
/*
 * The program asks for `pages`, at most VM_FAULT_PAGES_MAX, in the mappings of [start, start + length), or, with a length of 0,
 * in all that it has or makes; 0: no wish. 0, -EINVAL, -ENOMEM (a hole, or no memory to split a vma).
 */
int vm_set_fault_pages(u64 start, u64 length, unsigned int pages);

/* /sys/kernel/mm/transparent_hugepage/enabled: where private memory is mapped by 2 MiB pages. */
enum huge_mode { HUGE_NEVER, HUGE_MADVISE, HUGE_ALWAYS, HUGE_MODES };
extern int vm_huge_mode;
extern const char *const vm_huge_mode_names[HUGE_MODES];
/* False: no such mode. */
bool vm_huge_set_mode(const char *name);
u64 vm_huge_pages(void); /* that are mapped as such, in pages of 4 KiB */
/* Set once, before anything asks for huge pages, of private or of shared memory: until then nobody looks for them. */
extern bool vm_huge_used;
u64 vm_shmem_huge_pages(
	void); /* of files in memory, in pages of 4 KiB; and those that some directory entry maps */
u64 vm_shmem_huge_mapped(void);

/*
 * Small pages become huge ones: those that a thread finds (collapse_scan.c), as the mode and these say, which are files of
 * /sys/kernel/mm/transparent_hugepage/khugepaged.
 */
struct collapse_settings {
	unsigned int pages_to_scan, scan_sleep_ms, alloc_sleep_ms;
	unsigned int empty_max; /* entries of a page table that may map nothing */
};
extern struct collapse_settings vm_collapse_settings;
struct collapse_counts {
	unsigned int collapsed, full_scans;
};
extern struct collapse_counts vm_collapse_counts;
/* After one of these or the mode was changed, and once in boot when threads can be made. */
void vm_collapse_changed(void);
/* Those of [start, end), whatever the mode: 0, -EINVAL, -EAGAIN, -ENOMEM (no memory, or a hole), -EINTR. No lock held. */
int vm_collapse(struct mm *mm, u64 start, u64 end);

/* Another process's memory (ptrace, /proc/<pid>/mem, cmdline, exec's argument pages): bytes copied. */
ssize_t vm_access_remote(struct mm *mm, u64 address, void *buffer, size_t size, bool write);

/* Exec: maps the initial stack at the top of a fresh mm, [top - size, top) zeroed on demand. */
int vm_setup_stack(struct mm *mm, u64 top, u64 size, u32 extra_flags);

/*
 * Mappings of the kernel's own making in a fresh mm (the vDSO), side by side: at or, if that is taken, near `address`, which
 * is returned. -ENOMEM: the mm is of no use any more.
 */
struct vm_special_part {
	u64 length; /* whole pages */
	u32 flags; /* VM_* */
	const struct vma_ops *ops; /* fills it */
	void *private_data;
};
long vm_map_special(struct mm *mm, u64 address, const struct vm_special_part *parts,
		    unsigned int count);

/* For a device's mmap operation: maps `size` bytes from frame `to` at vma->start, counted nowhere. 0 or -ENOMEM. */
int vm_map_frames(struct vma *vma, paddr_t to, u64 size, enum memory_type type);

/* Truncation or invalidation of a file: unmaps pages [from, to) of the inode everywhere (private copies too if `all`). */
void vm_unmap_inode(struct inode *inode, u64 from_index, u64 to_index, bool all);

/* What a file's mmap operation calls for an ordinary page-cache file: sets vma->ops. */
int vm_file_mmap(struct file *file, struct vma *vma);
extern const struct vma_ops vm_page_cache_ops;

/* --- Gather: unmapped pages wait here until the flush ------------------------------------------------------ */
#define GATHER_BATCH 64
struct gather {
	struct mm *mm;
	u64 start, end; /* range to flush; start > end: nothing */
	bool full; /* the whole mm goes away */
	unsigned int page_count, table_count;
	struct page *pages[GATHER_BATCH];
	struct page *tables[16];
};
void gather_begin(struct gather *gather, struct mm *mm);
static inline void gather_range(struct gather *gather, u64 start, u64 end)
{
	if (start < gather->start)
		gather->start = start;
	if (end > gather->end)
		gather->end = end;
}
/* Takes over the mapping's reference. Flushes by itself when full: no spinlock of a page table may be held then, see add. */
static inline bool gather_add_page(struct gather *gather, struct page *page)
{
	AT(gather->pages, gather->page_count) = page;
	return ++gather->page_count == GATHER_BATCH; /* full: gather_flush before the next add */
}
bool gather_add_table(struct gather *gather, struct page *table);
void gather_flush(struct gather *gather); /* interrupts on, no spinlock held */
void gather_end(struct gather *gather);

void vm_init(void);
struct seq_file;
void vm_show_maps(struct seq_file *out, struct mm *mm); /* /proc/<pid>/maps */
void vm_show_smaps(struct seq_file *out, struct mm *mm);
/* Words of /proc/<pid>/pagemap for `count` pages from `address` on; `frames`: with frame numbers. */
void vm_pagemap(struct mm *mm, u64 address, u64 *words, unsigned int count, bool frames);

/* Overcommit (vm.overcommit_memory 0, 1, 2). */
extern int vm_overcommit_memory;
extern unsigned long vm_overcommit_ratio, vm_overcommit_kbytes; /* percent; counts if not 0 */
u64 vm_commit_limit(void); /* of mode 2, in pages */
u64 vm_committed_pages(void);
/* 0 or -ENOMEM: `pages` more of private writable or shared memory are promised. */
int vm_commit(u64 pages);
void vm_uncommit(u64 pages);
/* As /proc tells it: 0 (never killed) to 1333 and a little. */
long oom_score(struct task *task);
/* Out of memory: kills the task with the largest score; true if someone was killed or is dying. */
bool oom_kill(void);
