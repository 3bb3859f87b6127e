/*
 * Page tables: four levels of 512 entries (SDM vol. 3, 4.5). An entry is a struct, so that it is never mixed up with an
 * address. Reads and writes of live entries go through these functions only: they are single 8-byte accesses.
 *
 * Levels are numbered as in the manual: 1 = page table (entry maps 4 KiB), 2 = directory (2 MiB), 3 (1 GiB), 4 = root.
 */
#pragma once

#include <lib/atomic.h>
#include <platform/memory.h>
#include <profile/pte.h>

typedef struct {
	u64 raw;
} pte_t;

#define PTE_PRESENT (1ULL << 0)
#define PTE_WRITE (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_WRITE_THROUGH (1ULL << 3)
#define PTE_CACHE_DISABLE (1ULL << 4)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_HUGE (1ULL << 7) /* levels 2 and 3 */
#define PTE_GLOBAL (1ULL << 8)
#define PTE_SOFT_SPECIAL                                                                           \
	(1ULL << 9) /* no struct page behind it, or not to be counted: zero page, device memory */
#define PTE_SOFT_SHARED_TABLE                                                                      \
	(1ULL << 10) /* directory entry: the page table below is shared copy-on-write */
#define PTE_NX (1ULL << 63) /* only set through pte_protection: the CPU may lack it */
#define PTE_ADDRESS 0x000ffffffffff000ULL

#define PT_ENTRIES 512

static inline unsigned int pt_index(u64 address, unsigned int level)
{
	return (address >> (PAGE_SHIFT + 9 * (level - 1))) & (PT_ENTRIES - 1);
}

/* Bytes that one entry of `level` maps. */
static inline u64 pt_entry_size(unsigned int level)
{
	return 1ULL << (PAGE_SHIFT + 9 * (level - 1));
}

static inline pte_t pte_read(const pte_t *entry)
{
	return (pte_t){ READ_ONCE(entry->raw) };
}

/* Plain: for the kernel's own tables. Those of programs are edited by kernel/mm/pt_edit.h. */
static inline void pte_store(pte_t *entry, pte_t value)
{
	WRITE_ONCE(entry->raw, value.raw);
}

/* Installs `value` if the entry still is `expected`. The CPU may set A and D bits meanwhile: then this fails. */
static inline bool pte_try_store(pte_t *entry, pte_t expected, pte_t value)
{
	return try_cmpxchg(&entry->raw, &expected.raw, value.raw);
}

/* The kernel provides (PTE_VERIFY): the entry is not what was written to it. Stops the kernel. */
void __cold __noreturn pte_lost(const pte_t *entry, pte_t value);

/* After an edit of an entry that nobody else may change. */
static __always_inline void pte_read_again(pte_t *entry, pte_t value)
{
	if (!pte_verify())
		return;
	__asm__ volatile("" : "+m"(entry->raw)); /* the compiler must not know what is there */
	if (unlikely(entry->raw != value.raw))
		pte_lost(entry, value);
}

/* Clears the entry and returns what it was, D bit included. */
static inline pte_t pte_clear(pte_t *entry)
{
	return (pte_t){ xchg(&entry->raw, 0) };
}

static inline bool pte_present(pte_t pte)
{
	return pte.raw & PTE_PRESENT;
}

static inline bool pte_none(pte_t pte)
{
	return pte.raw == 0;
}

static inline bool pte_has(pte_t pte, u64 bits)
{
	return (pte.raw & bits) == bits;
}

static inline paddr_t pte_address(pte_t pte)
{
	return paddr(pte.raw & PTE_ADDRESS);
}

static inline pte_t pte_make(paddr_t address, u64 bits)
{
	return (pte_t){ address.raw | bits };
}

static inline pte_t pte_set(pte_t pte, u64 bits)
{
	return (pte_t){ pte.raw | bits };
}

static inline pte_t pte_unset(pte_t pte, u64 bits)
{
	return (pte_t){ pte.raw & ~bits };
}

/* Bits for a user page of PROT_READ/WRITE/EXEC (abi/mman.h values): 0 if none. Includes ACCESSED, and DIRTY if writable. */
#define PTE_PROTECTIONS 8
extern u64 pte_protections[PTE_PROTECTIONS]; /* [I] */
static inline u64 pte_protection(unsigned int prot)
{
	return pte_protections[prot % PTE_PROTECTIONS];
}

/* Entry of an intermediate level: always permissive, the leaf decides. */
static inline pte_t pte_table(paddr_t table)
{
	return pte_make(table, PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED);
}

static inline pte_t *pte_table_of(pte_t entry)
{
	return paddr_to_virt(pte_address(entry));
}

enum memory_type { MEMORY_TYPE_CACHED, MEMORY_TYPE_UNCACHED, MEMORY_TYPE_WRITE_COMBINING };

/*
 * Kernel mappings (VMAP region and boot time). `alloc_table` returns a zeroed page for a missing level, or NULL.
 * 0 or -ENOMEM; on failure the entries made so far stay (the caller unmaps the range). The caller serialises.
 */
int kernel_map(u64 address, paddr_t to, size_t size, u64 bits, enum memory_type type);
/* Clears the entries; the caller flushes with tlb_flush_kernel before it reuses address or memory. */
void kernel_unmap(u64 address, size_t size);
/* The kernel provides: one zeroed page frame for a kernel page table, or raw 0. Boot memory while that is all there is. */
paddr_t page_table_frame_alloc(void);
/* Takes it back. The kernel provides it as well. */
void page_table_frame_free(paddr_t frame);

/* The root of a new user address space: shares the kernel half. With pti=on the user-visible root is beside it. */
struct page_root {
	pte_t *table; /* level 4, the kernel's view */
};
#define PAGE_ROOT_ORDER_MAX 1 /* frames of a root: 2 with pti=on, see page_root_order */
unsigned int page_root_order(void);
void page_root_init(struct page_root *root,
		    void *frames); /* 2^page_root_order() of them, which it fills */
/* Writes a level-4 entry of the user half, in both roots. PTE_VERIFY: reads both again, the rules are the caller's. */
void page_root_set(struct page_root *root, unsigned int index, pte_t entry);
/* The root that maps only the kernel: idle and kernel threads run on it. */
extern struct page_root kernel_root;
bool pti_enabled(void);
