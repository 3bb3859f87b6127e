/*
 * test_vma_tree.c - the kernel's tree of vmas against an array with an entry for each page: lookups, gaps and counters after
 * each of many random changes.
 * with: kernel/mm/vma_tree.c
 */
#include "../../../kernel/mm/internal.h"
#include "../../../kernel/mm/vma_lock.h"

#include "model.h"

#define PAGES 400
#define STEPS 20000
#define LOW 0x10000UL

static struct mm mm = { .lock_seq = 1 };
static struct vma *owner[PAGES]; /* the oracle: whose each page is */
static struct random_state state;

/* --- What the tree asks of others ------------------------------------------------------------------------------------- */

void rmap_add(struct vma *vma)
{
	(void)vma;
}

void rmap_remove(struct vma *vma)
{
	(void)vma;
}

void rmap_lock(struct vma *vma)
{
	(void)vma;
}

void rmap_unlock(struct vma *vma)
{
	(void)vma;
}

bool rwsem_is_write_held(const struct rwsem *sem)
{
	(void)sem;
	return true;
}

/* There are no faults. */
void vma_wait_readers(struct vma *vma)
{
	(void)vma;
}

u64 pte_protections[PTE_PROTECTIONS];

/* --- The oracle -------------------------------------------------------------------------------------------------------- */

static u64 address_of(unsigned int page)
{
	return LOW + page * PAGE_SIZE;
}

static unsigned int page_of(u64 address)
{
	return (unsigned int)((address - LOW) / PAGE_SIZE);
}

static void oracle_set(u64 start, u64 end, struct vma *vma)
{
	for (u64 at = start; at < end; at += PAGE_SIZE)
		owner[page_of(at)] = vma;
}

/* The first vma that ends above the page, by looking at all. */
static struct vma *oracle_find(unsigned int page)
{
	while (page < PAGES && !owner[page])
		page++;
	return page < PAGES ? owner[page] : NULL;
}

/* The highest free place. */
static u64 oracle_gap(unsigned int pages, u64 low, u64 high)
{
	unsigned int free = 0;

	for (unsigned int page = PAGES; page-- > 0;) {
		if (owner[page] || address_of(page) + PAGE_SIZE > high || address_of(page) < low)
			free = 0;
		else if (++free == pages)
			return address_of(page);
	}
	return 0;
}

/* --- Steps --------------------------------------------------------------------------------------------------------------- */

static const u32 flag_sets[] = { VM_READ, VM_READ | VM_WRITE, VM_READ | VM_EXEC,
				 VM_READ | VM_WRITE | VM_SHARED, VM_READ | VM_WRITE | VM_LOCKED };

static void step_insert(void)
{
	unsigned int page = random_below(&state, PAGES), count = 1;
	struct vma *vma;

	if (owner[page])
		return;
	while (count < 12 && page + count < PAGES && !owner[page + count] && random_below(&state, 4))
		count++;
	vma = model_alloc(sizeof(*vma));
	vma->mm = &mm;
	vma->start = address_of(page);
	vma->end = address_of(page + count);
	vma->flags = flag_sets[random_below(&state, ARRAY_LEN(flag_sets))];
	vma->pte_bits = pte_protection(vma->flags & (VM_READ | VM_WRITE | VM_EXEC));
	vma_update_fault_kinds(vma);
	vma_insert(&mm, vma);
	oracle_set(vma->start, vma->end, vma);
}

static void step_erase(void)
{
	struct vma *vma = owner[random_below(&state, PAGES)];

	if (!vma)
		return;
	oracle_set(vma->start, vma->end, NULL);
	vma_erase(&mm, vma);
	MODEL_EXPECT(vma->lock_seq == VMA_GONE);
	model_free(vma);
}

/* Either end moves: as a split, a merge or the growth of a heap move it. */
static void step_resize(void)
{
	struct vma *vma = owner[random_below(&state, PAGES)];
	u64 start, end;

	if (!vma)
		return;
	start = vma->start;
	end = vma->end;
	if (random_below(&state, 2)) {
		if (end - start > PAGE_SIZE)
			end -= PAGE_SIZE;
	} else if (page_of(end) < PAGES && !owner[page_of(end)]) {
		end += PAGE_SIZE;
	}
	if (random_below(&state, 2)) {
		if (end - start > PAGE_SIZE)
			start += PAGE_SIZE;
	} else if (start > LOW && !owner[page_of(start) - 1]) {
		start -= PAGE_SIZE;
	}
	oracle_set(vma->start, vma->end, NULL);
	vma_write_lock(vma);
	vma_set_range(vma, start, end, vma->page_offset);
	oracle_set(start, end, vma);
}

static void step_flags(void)
{
	struct vma *vma = owner[random_below(&state, PAGES)];

	if (!vma)
		return;
	vma_write_lock(vma);
	vma_set_flags(vma, flag_sets[random_below(&state, ARRAY_LEN(flag_sets))]);
}

static void check_lookups(void)
{
	unsigned int page = random_below(&state, PAGES), count = 1 + random_below(&state, 20);
	u64 address = address_of(page) + random_below(&state, PAGE_SIZE);
	u64 low = address_of(random_below(&state, PAGES)),
	    high = address_of(random_below(&state, PAGES));

	MODEL_EXPECT(vma_find(&mm, address) == oracle_find(page));
	MODEL_EXPECT(vma_find_gap(&mm, count * PAGE_SIZE, LOW, address_of(PAGES)) ==
		     oracle_gap(count, LOW, address_of(PAGES)));
	MODEL_EXPECT(vma_find_gap(&mm, count * PAGE_SIZE, low, high) ==
		     oracle_gap(count, low, high));
	/* As mmap asks, by what is remembered of the last time. */
	MODEL_EXPECT(vma_find_gap(&mm, count * PAGE_SIZE, LOW, mm.mmap_base) ==
		     oracle_gap(count, LOW, mm.mmap_base));
	if (!owner[page])
		MODEL_EXPECT(vma_above(&mm, address) == oracle_find(page));
}

static void check_order(void)
{
	u64 total = 0, locked = 0, data = 0, exec = 0;
	unsigned int count = 0;
	struct vma *before = NULL;

	for (struct vma *vma = vma_first(&mm); vma; before = vma, vma = vma_next(vma)) {
		u64 pages = vma_pages(vma);

		MODEL_EXPECT(vma_prev(vma) == before);
		MODEL_EXPECT(owner[page_of(vma->start)] == vma &&
			     owner[page_of(vma->end) - 1] == vma);
		total += pages;
		locked += vma->flags & VM_LOCKED ? pages : 0;
		data += vma_private_writable(vma->flags) ? pages : 0;
		exec += (vma->flags & (VM_EXEC | VM_WRITE)) == VM_EXEC ? pages : 0;
		count++;
	}
	for (unsigned int page = 0; page < PAGES; page++)
		total -= owner[page] != NULL;
	MODEL_EXPECT(total == 0 && count == mm.vma_count);
	MODEL_EXPECT((u64)atomic_read(&mm.pages_locked) == locked);
	MODEL_EXPECT((u64)atomic_read(&mm.pages_data) == data);
	MODEL_EXPECT((u64)atomic_read(&mm.pages_exec) == exec);
}

int main(int argc, char **argv)
{
	static void (*const steps[])(void) = { step_insert, step_insert, step_insert,
					       step_erase,  step_resize, step_flags };

	model_seed(&state, argc, argv);
	mm.mmap_base = address_of(PAGES - PAGES / 8);
	for (unsigned int i = 0; i < STEPS; i++) {
		steps[random_below(&state, ARRAY_LEN(steps))]();
		check_lookups();
		if (i % 64 == 0)
			check_order();
	}
	while (mm.vma_count) {
		struct vma *vma = vma_first(&mm);

		vma_erase(&mm, vma);
		model_free(vma);
	}
	return model_end();
}
