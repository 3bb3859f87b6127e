/* Page tables: entries for user pages, roots, and mappings of the kernel half. */
#include <platform/page_table.h>

#include <lib/string.h>
#include <abi/errno.h>
#include <abi/mman.h>
#include <platform/cpu.h>
#include <x86/pti.h>
#include <x86/setup.h>

#define KERNEL_HALF (PT_ENTRIES / 2)

struct page_root kernel_root;

u64 pte_protections[PTE_PROTECTIONS];

static u64 __init protection_bits(unsigned int prot)
{
	u64 bits = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

	if (!(prot & (PROT_READ | PROT_WRITE | PROT_EXEC)))
		return 0;
	if (prot & PROT_WRITE)
		bits |= PTE_WRITE | PTE_DIRTY;
	if (!(prot & PROT_EXEC) && cpu_has(CPU_NX))
		bits |= PTE_NX;
	return bits;
}

void __init pte_protections_init(void)
{
	for (unsigned int prot = 0; prot < PTE_PROTECTIONS; prot++)
		pte_protections[prot] = protection_bits(prot);
}

/* Those of a kernel leaf. A and D are set at once: the CPU need not do it later. */
static u64 kernel_leaf_bits(u64 bits, enum memory_type type)
{
	static const u64 type_bits[] = {
		[MEMORY_TYPE_CACHED] = 0,
		[MEMORY_TYPE_UNCACHED] = PTE_CACHE_DISABLE | PTE_WRITE_THROUGH,
		/* As cpu_init_this programs the page attribute table. */
		[MEMORY_TYPE_WRITE_COMBINING] = PTE_WRITE_THROUGH,
	};

	bits |= PTE_ACCESSED | type_bits[type];
	if (bits & PTE_WRITE)
		bits |= PTE_DIRTY;
	if (cpu_has(CPU_PGE) && !pti_enabled())
		bits |= PTE_GLOBAL;
	if (!cpu_has(CPU_NX))
		bits &= ~PTE_NX;
	return bits;
}

/* The entry of `level` for `address`, with the tables above it made as needed. NULL: no memory, or a huge page is there. */
static pte_t *kernel_entry_make(u64 address, unsigned int level)
{
	pte_t *table = kernel_root.table;
	unsigned int at;

	for (at = 4; at > level; at--) {
		pte_t *entry = &table[pt_index(address, at)];

		if (!pte_present(pte_read(entry))) {
			paddr_t frame = page_table_frame_alloc();

			if (!frame.raw)
				return NULL;
			pte_store(entry, pte_table(frame));
		} else if (pte_has(pte_read(entry), PTE_HUGE)) {
			return NULL;
		}
		table = pte_table_of(pte_read(entry));
	}
	return &table[pt_index(address, level)];
}

/* The leaf that maps `address` and its level, or NULL. */
static pte_t *kernel_entry_find(u64 address, unsigned int *level)
{
	pte_t *table = kernel_root.table;

	for (*level = 4;; (*level)--) {
		pte_t *entry = &table[pt_index(address, *level)];
		pte_t value = pte_read(entry);

		if (!pte_present(value))
			return NULL;
		if (*level == 1 || (*level < 4 && pte_has(value, PTE_HUGE)))
			return entry;
		table = pte_table_of(value);
	}
}

static unsigned int leaf_level(u64 address, u64 to, size_t size, unsigned int highest)
{
	unsigned int level;

	for (level = highest; level > 1; level--)
		if (IS_ALIGNED(address | to, pt_entry_size(level)) && size >= pt_entry_size(level))
			break;
	return level;
}

int kernel_map_pages(u64 address, paddr_t to, size_t size, u64 bits, enum memory_type type,
		     unsigned int highest_level)
{
	bits = kernel_leaf_bits(bits, type);
	while (size) {
		unsigned int level = leaf_level(address, to.raw, size, highest_level);
		u64 step = pt_entry_size(level);
		pte_t *entry = kernel_entry_make(address, level);

		if (!entry)
			return -ENOMEM;
		pte_store(entry, pte_make(to, bits | (level > 1 ? PTE_HUGE : 0)));
		address += step;
		to.raw += step;
		size -= MIN(size, step);
	}
	return 0;
}

int kernel_map(u64 address, paddr_t to, size_t size, u64 bits, enum memory_type type)
{
	return kernel_map_pages(address, to, size, bits, type, cpu_has(CPU_1GB_PAGES) ? 3 : 2);
}

/* Calls `edit` with each leaf in the range. The range consists of whole leaves. */
static void kernel_leaves_edit(u64 address, size_t size, void (*edit)(pte_t *entry, u64 bits),
			       u64 bits)
{
	u64 end = address + size;

	while (address < end) {
		unsigned int level;
		pte_t *entry = kernel_entry_find(address, &level);

		if (entry)
			edit(entry, bits);
		address = ALIGN_DOWN(address, pt_entry_size(level)) + pt_entry_size(level);
		if (!address)
			return;
	}
}

static void leaf_clear(pte_t *entry, u64 bits __unused)
{
	pte_clear(entry);
}

static void leaf_unset(pte_t *entry, u64 bits)
{
	pte_store(entry, pte_unset(pte_read(entry), bits));
}

void kernel_unmap(u64 address, size_t size)
{
	kernel_leaves_edit(address, size, leaf_clear, 0);
}

void kernel_unset(u64 address, size_t size, u64 bits)
{
	kernel_leaves_edit(address, size, leaf_unset, bits);
}

bool kernel_mapped(u64 address)
{
	unsigned int level;

	return kernel_entry_find(address, &level) != NULL;
}

unsigned int page_root_order(void)
{
	return pti_enabled() ? 1 : 0;
}

/* With pti=on the root of user mode is the page behind the kernel's. */
static pte_t *root_user_table(struct page_root *root)
{
	return root->table + PT_ENTRIES;
}

void page_root_init(struct page_root *root, void *frames)
{
	const size_t half = KERNEL_HALF * sizeof(pte_t);

	root->table = frames;
	memset(root->table, 0, half);
	memcpy(root->table + KERNEL_HALF, kernel_root.table + KERNEL_HALF, half);
	if (pti_enabled()) {
		memset(root_user_table(root), 0, half);
		memcpy(root_user_table(root) + KERNEL_HALF, pti_user_root + KERNEL_HALF, half);
	}
}

void page_root_set(struct page_root *root, unsigned int index, pte_t entry)
{
	pte_store(&root->table[index], entry);
	pte_read_again(&root->table[index], entry);
	if (!pti_enabled())
		return;
	pte_store(&root_user_table(root)[index], entry);
	pte_read_again(&root_user_table(root)[index], entry);
}
