/*
 * User copies, exact to the byte: every length and alignment, with the fault at every byte. In an address space of their own
 * that has one page, and nothing behind it; its faults are never resolved (pagefault_disable).
 */
#include <kernel/page.h>
#include <kunit/kunit.h>
#include <abi/mman.h>
#include <lib/string.h>
#include <platform/cpu.h>
#include <platform/tlb.h>
#include <platform/usercopy.h>

#define LENGTH_MAX 64
#define EDGE 0x901000ULL /* first byte that is not mapped */
#define MARK 0x55
#define ROOM 128

static struct mmu_context space;
static u8 *user_page; /* the same page, seen by the kernel */
static u8 buffer[16 + LENGTH_MAX + 32];

static pte_t *table_below(pte_t *table, unsigned int level)
{
	paddr_t frame = page_table_frame_alloc();

	if (level == 4)
		page_root_set(&space.root, pt_index(EDGE - 1, 4), pte_table(frame));
	else
		pte_store(&table[pt_index(EDGE - 1, level)], pte_table(frame));
	return paddr_to_virt(frame);
}

static void space_make(void *root, unsigned int protection)
{
	paddr_t frame = page_table_frame_alloc();
	pte_t *table = NULL;

	KEXPECT_EQ(mmu_context_init(&space, root), 0);
	for (unsigned int level = 4; level > 1; level--)
		table = table_below(table, level);
	user_page = paddr_to_virt(frame);
	pte_store(&table[pt_index(EDGE - 1, 1)], pte_make(frame, pte_protection(protection)));
}

static void tables_free(pte_t *table, unsigned int level)
{
	pte_t entry = pte_read(&table[pt_index(EDGE - 1, level)]);

	if (level > 1)
		tables_free(pte_table_of(entry), level - 1);
	page_table_frame_free(pte_address(entry));
}

static void space_switch(struct mmu_context *from, struct mmu_context *to)
{
	unsigned long flags = irq_save();

	mmu_switch(from, to);
	irq_restore(flags);
}

/* Runs `test` with the page mapped below EDGE. A kernel thread has no address space that this would replace. */
static void with_protection(void (*test)(void), unsigned int protection)
{
	struct page *root = page_alloc(page_root_order(), PAGE_ZERO, PAGE_KERNEL);

	space_make(page_virt(root), protection);
	pagefault_disable();
	space_switch(NULL, &space);
	test();
	space_switch(&space, NULL);
	pagefault_enable();
	tables_free(space.root.table, 4);
	mmu_context_destroy(&space);
	page_free(root, page_root_order());
}

static void with_space(void (*test)(void))
{
	with_protection(test, PROT_READ | PROT_WRITE);
}

/* `count` bytes from `at` on count up from `first`; KEXPECT in a loop would print a line for each. */
static bool counts_up(const u8 *at, size_t count, u8 first)
{
	for (size_t i = 0; i < count; i++)
		if (at[i] != (u8)(first + i))
			return false;
	return true;
}

static bool all_are(const u8 *at, size_t count, u8 value)
{
	return !mem_find_other(at, value, count);
}

static void count_up(u8 *at, size_t count, u8 first)
{
	for (size_t i = 0; i < count; i++)
		at[i] = (u8)(first + i);
}

/* One case: `length` bytes, of which `left` lie before EDGE; the kernel's side is `shift` bytes off alignment. */
struct shape {
	size_t length, shift, left, good;
	u8 *user, *kernel;
};

static void copy_in_case(const struct shape *s)
{
	size_t rest;

	count_up(s->user, s->left, 1);
	memset(buffer, MARK, sizeof(buffer));
	rest = user_copy_in(s->kernel, user_ptr(EDGE - s->left), s->length);
	KEXPECT_EQ(rest, s->length - s->good);
	KEXPECT(counts_up(s->kernel, s->good, 1));
	KEXPECT(all_are(buffer, (size_t)(s->kernel - buffer), MARK));
	KEXPECT(all_are(s->kernel + s->good,
			(size_t)(buffer + sizeof(buffer) - s->kernel) - s->good, MARK));
}

/* What must hold of the user page after `good` bytes were written there. */
static bool user_around_kept(const struct shape *s)
{
	const u8 *end = user_page + PAGE_SIZE;

	return all_are(end - ROOM, (size_t)(s->user - (end - ROOM)), MARK) &&
	       all_are(s->user + s->good, (size_t)(end - s->user) - s->good, MARK);
}

static void copy_out_case(const struct shape *s)
{
	size_t rest;

	memset(user_page + PAGE_SIZE - ROOM, MARK, ROOM);
	count_up(buffer, sizeof(buffer), 7);
	rest = user_copy_out(user_ptr(EDGE - s->left), s->kernel, s->length);
	KEXPECT_EQ(rest, s->length - s->good);
	KEXPECT(counts_up(s->user, s->good, *s->kernel));
	KEXPECT(user_around_kept(s));
}

static void clear_case(const struct shape *s)
{
	memset(user_page + PAGE_SIZE - ROOM, MARK, ROOM);
	KEXPECT_EQ(user_clear(user_ptr(EDGE - s->left), s->length),
		   s->good == s->length ? 0 : -EFAULT);
	KEXPECT(all_are(s->user, s->good, 0));
	KEXPECT(user_around_kept(s));
}

/* A string of s->length bytes, with its NUL before EDGE or not. */
static void string_case(const struct shape *s)
{
	bool ends = s->length < s->left;
	struct user_ptr at = user_ptr(EDGE - s->left);

	memset(user_page + PAGE_SIZE - ROOM, 'x', ROOM);
	if (ends)
		s->user[s->length] = 0;
	memset(buffer, MARK, sizeof(buffer));
	KEXPECT_EQ(user_string((char *)s->kernel, at, LENGTH_MAX + 16),
		   ends ? (long)s->length : -EFAULT);
	KEXPECT(!ends || (all_are(s->kernel, s->length, 'x') && s->kernel[s->length] == 0));
	KEXPECT_EQ(user_string((char *)s->kernel, at, s->length),
		   s->length <= s->left ? -ENAMETOOLONG : -EFAULT);
	KEXPECT_EQ(user_string_length(at, LENGTH_MAX + 16), ends ? (long)s->length : -EFAULT);
}

static void each_shape(void (*test)(const struct shape *s))
{
	struct shape s;

	for (s.length = 0; s.length <= LENGTH_MAX; s.length++)
		for (s.shift = 0; s.shift < 8; s.shift++)
			for (s.left = 0; s.left <= s.length + 8; s.left++) {
				s.good = MIN(s.left, s.length);
				s.user = user_page + PAGE_SIZE - s.left;
				s.kernel = buffer + 16 + s.shift;
				test(&s);
			}
}

static void copies(void)
{
	each_shape(copy_in_case);
	each_shape(copy_out_case);
	each_shape(clear_case);
	each_shape(string_case);
}

KUNIT(usercopy_every_shape)
{
	with_space(copies);
}

static void scalars(void)
{
	u64 value;
	u32 word;
	u8 bytes[16];

	memset(bytes, MARK, sizeof(bytes));
	user_page[PAGE_SIZE - 1] = 9;
	KEXPECT_EQ(user_read(bytes, user_ptr(EDGE - 1), 15), -EFAULT);
	KEXPECT(bytes[0] == 9 && all_are(bytes + 1, 14, 0) && bytes[15] == MARK);
	for (unsigned int i = 0; i < 8; i++)
		KEXPECT(user_read_u64(&value, user_ptr(EDGE - i)) == -EFAULT && value == 0);
	KEXPECT_EQ(user_write_u32(user_ptr(EDGE - 3), 1), -EFAULT);
	KEXPECT_EQ(user_write_u32(user_ptr(EDGE - 4), 0x12345678), 0);
	KEXPECT(user_read_u32_nofault(&word, user_ptr(EDGE - 4)) == 0 && word == 0x12345678);
	KEXPECT(user_cmpxchg_u32(user_ptr(EDGE - 4), 1, 2, &word) == 0 && word == 0x12345678);
	KEXPECT(user_cmpxchg_u32(user_ptr(EDGE - 4), 0x12345678, 2, &word) == 0 &&
		word == 0x12345678);
	KEXPECT(user_add_u32(user_ptr(EDGE - 4), 3, &word) == 0 && word == 2);
	KEXPECT(user_xchg_u32(user_ptr(EDGE - 4), 9, &word) == 0 && word == 5);
	KEXPECT_EQ(user_cmpxchg_u32(user_ptr(EDGE), 1, 2, &word), -EFAULT);
	KEXPECT_EQ(user_add_u32(user_ptr(EDGE), 1, &word), -EFAULT);
	KEXPECT_EQ(user_xchg_u32(user_ptr(EDGE), 1, &word), -EFAULT);
}

static void touch_without_copy(void)
{
	*(volatile u8 *)(EDGE - 1) = 1;
	kunit_survived("a store to user memory outside a copy");
}

KUNIT_MUST_DIE(usercopy_outside_copy)
{
	with_space(touch_without_copy);
}

static void jump_to_user(void)
{
	user_page[PAGE_SIZE - 1] = 0xc3;
	((void (*)(void))(EDGE - 1))();
	kunit_survived("running user memory");
}

/* The page is not executable either: where the CPU has neither NX nor SMEP, this goes on. */
KUNIT_MUST_DIE(usercopy_run_user_memory)
{
	with_space(jump_to_user);
}

/* A program's own code: only SMEP stands before it. */
KUNIT_MUST_DIE(usercopy_run_user_code)
{
	with_protection(jump_to_user, PROT_READ | PROT_WRITE | PROT_EXEC);
}

KUNIT(usercopy_scalars)
{
	with_space(scalars);
}

/* Kernel half, the hole between the halves, and the end of user space: none of it is read or written. */
KUNIT(usercopy_impossible_addresses)
{
	static const u64 addresses[] = {
		DIRECT_MAP_BASE, PAGE_ARRAY_BASE, KERNEL_BASE,	      ~0ULL,
		~0ULL - 15,	 USER_END,	  USER_END + 4095,    USER_END + 4096,
		1ULL << 62,	 1ULL << 63,	  0xffff7fffffffffff,
	};
	u64 value;

	pagefault_disable();
	for (unsigned int i = 0; i < ARRAY_LEN(addresses); i++) {
		struct user_ptr at = user_ptr(addresses[i]);

		KEXPECT_EQ(user_read_u64(&value, at), -EFAULT);
		KEXPECT_EQ(user_write_u8(at, 0), -EFAULT);
		KEXPECT_EQ(user_string((char *)buffer, at, sizeof(buffer)), -EFAULT);
		KEXPECT_EQ(user_string_length(at, sizeof(buffer)), -EFAULT);
		for (size_t length = 1; length <= sizeof(buffer); length++) {
			KEXPECT_EQ(user_copy_in(buffer, at, length), length);
			KEXPECT_EQ(user_copy_out(at, buffer, length), length);
			KEXPECT_EQ(user_clear(at, length), -EFAULT);
		}
		KEXPECT_EQ(user_copy_out(at, buffer, 1ULL << 40), 1ULL << 40);
	}
	pagefault_enable();
}
