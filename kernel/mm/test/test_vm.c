/*
 * Address spaces from inside: a model of some pages is changed together with a real mm by random calls, and after each call
 * every page must be what the model says. And copies to and from user memory at every alignment and distance from the end
 * of what is mapped.
 */
#include "../internal.h"

#include <abi/mman.h>
#include <kernel/event.h>
#include <kernel/task.h>
#include <kunit/kunit.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <platform/usercopy.h>

#define BASE 0x7000000000UL
#define PAGES 48
#define STEPS 4000

struct model {
	struct {
		bool mapped;
		u8 prot;
		u32 value; /* of the first word */
	} pages[PAGES];
	u64 seed;
	int wrong;
};

static u32 draw(struct model *m, u32 below)
{
	m->seed = hash_u64(m->seed + 1);
	return (u32)(m->seed % below);
}

static u64 page_address(u32 page)
{
	return BASE + (u64)page * PAGE_SIZE;
}

static void expect_result(struct model *m, const char *what, long got, long want)
{
	if (got != want && m->wrong++ < 5)
		kunit_failed_equal("vm model", __LINE__, what, got, want);
}

/* A random range of the model. */
static u32 draw_range(struct model *m, u32 *count)
{
	u32 first = draw(m, PAGES);

	*count = 1 + draw(m, MIN(PAGES - first, 12u));
	return first;
}

static void do_map(struct model *m)
{
	u32 count, first = draw_range(m, &count);
	struct mmap_request request = {
		.address = page_address(first),
		.length = count * PAGE_SIZE,
		.prot = draw(m, 4),
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	};

	expect_result(m, "mmap", vm_mmap(&request), (long)request.address);
	for (u32 i = first; i < first + count; i++) {
		m->pages[i].mapped = true;
		m->pages[i].prot = (u8)request.prot;
		m->pages[i].value = 0;
	}
}

static void do_unmap(struct model *m)
{
	u32 count, first = draw_range(m, &count);

	expect_result(m, "munmap", vm_munmap(page_address(first), count * PAGE_SIZE), 0);
	for (u32 i = first; i < first + count; i++)
		m->pages[i].mapped = false;
}

static void do_protect(struct model *m)
{
	u32 count, first = draw_range(m, &count), prot = draw(m, 4), i;
	int want = 0;

	for (i = first; i < first + count && !want; i++) {
		if (m->pages[i].mapped)
			m->pages[i].prot = (u8)prot;
		else
			want = -ENOMEM;
	}
	expect_result(m, "mprotect", vm_mprotect(page_address(first), count * PAGE_SIZE, prot),
		      want);
}

static void do_drop(struct model *m)
{
	u32 count, first = draw_range(m, &count);
	int want = 0;

	for (u32 i = first; i < first + count; i++) {
		m->pages[i].value = 0;
		if (!m->pages[i].mapped)
			want = -ENOMEM;
	}
	expect_result(m, "madvise",
		      vm_madvise(page_address(first), count * PAGE_SIZE, MADV_DONTNEED), want);
}

/* Moves a range; whether it lies in one vma is not for the model to know, so a refusal is accepted. */
static void do_move(struct model *m)
{
	u32 count, first = draw_range(m, &count), to = draw(m, PAGES - count + 1);
	long result = vm_mremap(page_address(first), count * PAGE_SIZE, count * PAGE_SIZE,
				MREMAP_MAYMOVE | MREMAP_FIXED, page_address(to));
	bool overlap = to < first + count && first < to + count;

	if (!m->pages[first].mapped) {
		expect_result(m, "mremap of nothing", result, -EFAULT);
		return;
	}
	if (overlap) {
		expect_result(m, "mremap onto itself", result, -EINVAL);
		return;
	}
	for (u32 i = 0; i < count; i++) {
		/* What lay at the target is gone before the source is looked at. */
		m->pages[to + i].mapped = false;
		if (result < 0)
			continue;
		m->pages[to + i] = m->pages[first + i];
		m->pages[first + i].mapped = false;
	}
	if (result < 0)
		expect_result(m, "mremap", result, -EFAULT);
}

static void do_write(struct model *m)
{
	u32 page = draw(m, PAGES), value = draw(m, 1u << 30);
	bool may = m->pages[page].mapped && (m->pages[page].prot & PROT_WRITE);

	expect_result(m, "write", user_write_u32(user_ptr(page_address(page)), value),
		      may ? 0 : -EFAULT);
	if (may)
		m->pages[page].value = value;
}

static void check_model(struct model *m)
{
	for (u32 i = 0; i < PAGES; i++) {
		u32 value = 0;
		bool may = m->pages[i].mapped && m->pages[i].prot;

		expect_result(m, "read", user_read_u32(&value, user_ptr(page_address(i))),
			      may ? 0 : -EFAULT);
		if (may)
			expect_result(m, "value", value, m->pages[i].value);
	}
}

/* A child sees what the parent had, whatever the parent does later. */
static void do_fork(struct model *m)
{
	struct mm *child = mm_fork(current->mm);
	struct model before = *m;

	if (IS_ERR(child)) {
		expect_result(m, "fork", PTR_ERR(child), 0);
		return;
	}
	for (int i = 0; i < 20; i++)
		do_write(m);
	for (u32 i = 0; i < PAGES; i++) {
		u32 value = ~0u;
		ssize_t want = before.pages[i].mapped ? 4 : 0;

		expect_result(m, "child read",
			      vm_access_remote(child, page_address(i), &value, 4, false), want);
		if (want)
			expect_result(m, "child value", value, before.pages[i].value);
	}
	mm_put_user(child);
}

static void step(struct model *m)
{
	switch (draw(m, 12)) {
	case 0:
	case 1:
		return do_map(m);
	case 2:
		return do_unmap(m);
	case 3:
	case 4:
		return do_protect(m);
	case 5:
		return do_drop(m);
	case 6:
		return do_move(m);
	case 7:
		return draw(m, 4) ? do_write(m) : do_fork(m);
	default:
		return do_write(m);
	}
}

/* A fresh address space for the running kernel thread. */
static struct mm *enter_mm(void)
{
	struct mm *mm = mm_alloc();

	KEXPECT(mm);
	if (mm)
		mm_activate(mm);
	return mm;
}

static void leave_mm(struct mm *mm)
{
	mm_activate(NULL);
	mm_put_user(mm);
}

KUNIT(vm_random_calls_match_model)
{
	static struct model m;
	struct page_counts before, after;
	struct mm *mm;

	memset(&m, 0, sizeof(m));
	page_counts_read(&before);
	mm = enter_mm();
	if (!mm)
		return;
	for (int i = 0; i < STEPS && !m.wrong; i++) {
		step(&m);
		check_model(&m);
		vma_check_tree(mm);
	}
	KEXPECT_EQ(m.wrong, 0);
	leave_mm(mm);
	page_counts_read(&after);
	KEXPECT_EQ(after.anon, before.anon);
	KEXPECT_EQ(after.page_tables, before.page_tables);
}

static bool map_two_pages(void)
{
	const struct mmap_request request = {
		.address = BASE,
		.length = 2 * PAGE_SIZE,
		.prot = PROT_READ | PROT_WRITE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
	};

	return vm_mmap(&request) == BASE;
}

/* `size` bytes to and from `distance` before the end of what is mapped. */
static int copy_across(u8 *buffer, u64 distance, size_t size)
{
	struct user_ptr at = user_ptr(BASE + 2 * PAGE_SIZE - distance);
	size_t left = size > distance ? size - distance : 0, done = size - left;
	int wrong = 0;

	for (size_t i = 0; i < size; i++)
		buffer[i] = (u8)(i * 7 + size);
	wrong += user_copy_out(at, buffer, size) != left;
	memset(buffer, 0, size);
	wrong += user_copy_in(buffer, at, size) != left;
	for (size_t i = 0; i < done; i++)
		wrong += buffer[i] != (u8)(i * 7 + size);
	wrong += user_clear(at, size) != (left ? -EFAULT : 0);
	wrong += user_read(buffer, at, size) != (left ? -EFAULT : 0);
	for (size_t i = 0; i < done; i++)
		wrong += buffer[i] != 0;
	return wrong;
}

KUNIT(usercopy_every_alignment)
{
	struct mm *mm = enter_mm();
	static u8 buffer[128];
	int wrong = 0;

	if (!mm)
		return;
	KEXPECT(map_two_pages());
	for (u64 distance = 0; distance <= 72; distance++)
		for (size_t size = 0; size <= 80; size++)
			wrong += copy_across(buffer, distance, size);
	KEXPECT_EQ(wrong, 0);
	KEXPECT_EQ(user_write(user_ptr(DIRECT_MAP_BASE), buffer, 8), -EFAULT);
	KEXPECT_EQ(user_read(buffer, user_ptr(USER_END - 4), 8), -EFAULT);
	KEXPECT_EQ(user_read(buffer, user_ptr(~0UL - 4), 8), -EFAULT);
	leave_mm(mm);
}

/* Sole owner: after the child is gone, the parent writes without a copy. */
KUNIT(vm_sole_owner_reuses_page)
{
	struct mm *mm = enter_mm(), *child;
	struct page_counts pages;
	u64 anon, faults, reused;

	if (!mm)
		return;
	KEXPECT(map_two_pages());
	KEXPECT_EQ(user_write_u32(user_ptr(BASE), 1), 0);
	child = mm_fork(mm);
	KEXPECT(!IS_ERR(child));
	if (!IS_ERR(child))
		mm_put_user(child);
	page_counts_read(&pages);
	anon = pages.anon;
	faults = event_sum(EVENT_PAGE_FAULT);
	reused = event_sum(EVENT_FAULT_REUSE);
	KEXPECT_EQ(user_write_u32(user_ptr(BASE), 2), 0);
	KEXPECT_EQ(user_write_u32(user_ptr(BASE), 3), 0);
	page_counts_read(&pages);
	KEXPECT_EQ(pages.anon, anon);
	KEXPECT(event_sum(EVENT_PAGE_FAULT) - faults <= 2);
	KEXPECT(event_sum(EVENT_FAULT_REUSE) > reused);
	leave_mm(mm);
}
