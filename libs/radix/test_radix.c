/*
 * The radix tree with its marks against an array, under several spreads of the indices, with
 * failing allocations.
 */
#include <lib/radix.h>

#include <errno.h>

#include <unit.h>

#define COUNT 400

struct model_entry {
	u64 index;
	void *entry;
	bool marks[RADIX_MARKS];
};

static struct model_entry model[COUNT];
static int nodes;
/* Allocations fail by chance, in percent. */
static u64 failures;

static struct radix_node *test_alloc(void)
{
	struct radix_node *node;

	if (unit_random_below(100) < failures)
		return NULL;
	node = calloc(1, sizeof(*node));
	nodes++;
	return node;
}

static void test_free(struct radix_node *node)
{
	nodes--;
	free(node);
}

static const struct radix_ops ops = { test_alloc, test_free };

/* Count and marks of each node are what its slots say. Returns the number of nodes. */
static int check_node(const struct radix_node *node)
{
	int total = 1, used = 0;

	for (unsigned int slot = 0; slot < RADIX_SLOTS; slot++) {
		const struct radix_node *below = node->slots[slot];

		used += below != NULL;
		for (int mark = 0; mark < RADIX_MARKS; mark++) {
			bool marked = (node->marks[mark] >> slot) & 1;

			EXPECT(below || !marked);
			if (below && node->shift)
				EXPECT_EQ(marked, below->marks[mark] != 0);
		}
		if (below && node->shift) {
			EXPECT_EQ(below->shift + RADIX_BITS, node->shift);
			total += check_node(below);
		}
	}
	EXPECT_EQ(used, node->count);
	EXPECT(used > 0);
	return total;
}

static void check_nodes(const struct radix_root *root)
{
	EXPECT_EQ(root->node ? check_node(root->node) : 0, nodes);
}

/* The model's first entry at or after `from`, with that mark (any: -1). */
static struct model_entry *model_next(u64 from, int mark)
{
	struct model_entry *best = NULL;

	for (int i = 0; i < COUNT; i++) {
		struct model_entry *e = &model[i];

		if (e->entry && e->index >= from && (mark < 0 || e->marks[mark]) &&
		    (!best || e->index < best->index))
			best = e;
	}
	return best;
}

static void expect_next(const struct radix_root *root, u64 from)
{
	for (int mark = -1; mark < RADIX_MARKS; mark++) {
		struct model_entry *expected = model_next(from, mark);
		u64 index = from;
		void *entry = mark < 0 ? radix_next(root, &index)
				       : radix_next_marked(root, &index, (unsigned int)mark);

		EXPECT(entry == (expected ? expected->entry : NULL));
		EXPECT_EQ(index, expected ? expected->index : from);
	}
}

static void do_insert(struct radix_root *root, struct model_entry *e)
{
	int error = radix_insert(root, e->index, e);

	if (e->entry) {
		EXPECT(error == -EEXIST);
	} else if (error) {
		EXPECT(error == -ENOMEM && failures);
	} else {
		e->entry = e;
		e->marks[0] = e->marks[1] = false;
	}
}

static void do_delete(struct radix_root *root, struct model_entry *e)
{
	EXPECT(radix_delete(root, e->index) == e->entry);
	e->entry = NULL;
	e->marks[0] = e->marks[1] = false;
}

static void do_mark(struct radix_root *root, struct model_entry *e)
{
	unsigned int mark = (unsigned int)unit_random_below(RADIX_MARKS);
	bool set = unit_random_below(2);

	if (set)
		radix_set_mark(root, e->index, mark);
	else
		radix_clear_mark(root, e->index, mark);
	e->marks[mark] = set && e->entry;
}

static void step(struct radix_root *root, int round)
{
	struct model_entry *e = &model[unit_random_below(COUNT)];
	bool growing = round / 1000 % 2 == 0;

	switch (unit_random_below(6)) {
	case 0:
	case 1:
		if (growing)
			do_insert(root, e);
		else
			do_delete(root, e);
		break;
	case 2:
		if (growing)
			do_delete(root, e);
		else
			do_insert(root, e);
		break;
	case 3:
		EXPECT(radix_replace(root, e->index, e->entry ? (void *)&model[0] : NULL) ==
		       e->entry);
		if (e->entry)
			e->entry = &model[0];
		break;
	default:
		do_mark(root, e);
	}
	EXPECT(radix_lookup(root, e->index) == e->entry);
	for (unsigned int mark = 0; mark < RADIX_MARKS; mark++) {
		EXPECT_EQ(radix_get_mark(root, e->index, mark), e->marks[mark]);
		EXPECT_EQ(radix_marked(root, mark), model_next(0, (int)mark) != NULL);
	}
	expect_next(root, e->index);
	expect_next(root, e->index + unit_random_below(100));
	expect_next(root, unit_random() >> unit_random_below(64));
	check_nodes(root);
}

static void run_model(u64 (*spread)(u64 i))
{
	struct radix_root root = RADIX_ROOT(&ops);

	for (u64 i = 0; i < COUNT; i++)
		model[i] = (struct model_entry){ .index = spread(i) };
	for (int round = 0; round < 5000; round++)
		step(&root, round);
	radix_destroy(&root);
	EXPECT_EQ(nodes, 0);
	EXPECT(radix_empty(&root));
}

static u64 spread_dense(u64 i)
{
	return i;
}

static u64 spread_pages(u64 i)
{
	return i * 37;
}

static u64 spread_wide(u64 i)
{
	return i * 0x00a3d70a3d70a3d7UL;
}

static u64 spread_top(u64 i)
{
	return ~i;
}

TEST(dense)
{
	run_model(spread_dense);
}

TEST(pages)
{
	run_model(spread_pages);
}

TEST(wide)
{
	run_model(spread_wide);
}

TEST(top)
{
	run_model(spread_top);
}

TEST(failing_allocations)
{
	failures = 30;
	run_model(spread_wide);
	failures = 0;
}

TEST(find_unused)
{
	struct radix_root root = RADIX_ROOT(&ops);
	u64 index = 99;

	EXPECT(radix_find_unused(&root, 5, &index));
	EXPECT_EQ(index, 5);
	for (u64 i = 0; i < 300; i++)
		EXPECT_EQ(radix_insert(&root, i, model), 0);
	EXPECT(radix_find_unused(&root, 0, &index));
	EXPECT_EQ(index, 300);
	radix_delete(&root, 70);
	EXPECT(radix_find_unused(&root, 3, &index));
	EXPECT_EQ(index, 70);
	EXPECT(radix_find_unused(&root, 71, &index));
	EXPECT_EQ(index, 300);
	EXPECT_EQ(radix_insert(&root, ~0UL, model), 0);
	EXPECT(!radix_find_unused(&root, ~0UL, &index));
	EXPECT(radix_find_unused(&root, ~0UL - 1, &index));
	EXPECT_EQ(index, ~0UL - 1);
	radix_destroy(&root);
}

TEST(iteration_with_deletion)
{
	struct radix_root root = RADIX_ROOT(&ops);
	u64 index, expected = 0;
	void *entry;

	for (u64 i = 0; i < 1000; i++)
		EXPECT_EQ(radix_insert(&root, i * i, model), 0);
	radix_for_each (&root, index, entry) {
		EXPECT_EQ(index, expected * expected);
		expected++;
		EXPECT(radix_delete(&root, index) == entry);
	}
	EXPECT_EQ(expected, 1000);
	EXPECT(radix_empty(&root));
	EXPECT_EQ(nodes, 0);
}

TEST(marks_survive_growth)
{
	struct radix_root root = RADIX_ROOT(&ops);
	u64 index = 0;

	EXPECT_EQ(radix_insert(&root, 3, model), 0);
	radix_set_mark(&root, 3, 1);
	EXPECT_EQ(radix_insert(&root, 1UL << 40, model), 0);
	EXPECT(radix_marked(&root, 1) && !radix_marked(&root, 0));
	EXPECT(radix_next_marked(&root, &index, 1));
	EXPECT_EQ(index, 3);
	check_nodes(&root);
	radix_destroy(&root);
}

TEST(rows)
{
	struct radix_root root = RADIX_ROOT(&ops);
	static const u64 used[] = { 3, 64, 70, 5000, 1UL << 40 };
	u64 count, found = 0, index = 0;

	EXPECT(!radix_row(&root, 0, &count));
	for (size_t i = 0; i < sizeof(used) / sizeof(used[0]); i++)
		EXPECT_EQ(radix_insert(&root, used[i], model + i), 0);
	while (index <= 1UL << 40) {
		void *const *row = radix_row(&root, index, &count);

		EXPECT(count > 0);
		for (u64 i = 0; row && i < count; i++) {
			EXPECT(row[i] == radix_lookup(&root, index + i));
			found += row[i] != NULL;
		}
		index += count;
	}
	EXPECT_EQ(found, sizeof(used) / sizeof(used[0]));
	radix_destroy(&root);
}
