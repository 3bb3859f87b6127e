/* The trees against a sorted array, with every rule checked after each step. */
#include <lib/rbtree.h>

#include <unit.h>

#define COUNT 200

struct item {
	u32 key;
	u32 weight;
	/* The largest weight in the subtree. */
	u32 largest;
	bool present;
	struct rb_node node;
};

static struct item items[COUNT];

#define item_of(rb) rb_entry(rb, struct item, node)

static u32 compute_largest(struct item *item)
{
	u32 largest = item->weight;

	if (item->node.left && item_of(item->node.left)->largest > largest)
		largest = item_of(item->node.left)->largest;
	if (item->node.right && item_of(item->node.right)->largest > largest)
		largest = item_of(item->node.right)->largest;
	return largest;
}

RB_AUGMENT(largest_weight, struct item, node, largest, compute_largest);

static bool item_less(const struct rb_node *a, const struct rb_node *b)
{
	return item_of(a)->key < item_of(b)->key;
}

/* Returns the number of black nodes on each path; counts the nodes. */
static int check_subtree(struct rb_node *node, struct rb_node *parent, bool augmented, int *count)
{
	bool red;
	int left, right;

	if (!node)
		return 1;
	red = !(node->parent_color & 1);
	(*count)++;
	EXPECT(rb_parent(node) == parent);
	EXPECT(!red || (parent && (parent->parent_color & 1)));
	if (augmented)
		EXPECT_EQ(item_of(node)->largest, compute_largest(item_of(node)));
	left = check_subtree(node->left, node, augmented, count);
	right = check_subtree(node->right, node, augmented, count);
	EXPECT_EQ(left, right);
	return left + !red;
}

/* The tree holds the present items, in the order of their keys. */
static void check_tree(const struct rb_root *root, bool augmented)
{
	struct item *previous = NULL, *item;
	int count = 0, present = 0, seen = 0;

	for (int i = 0; i < COUNT; i++)
		present += items[i].present;
	check_subtree(root->node, NULL, augmented, &count);
	EXPECT_EQ(count, present);
	rb_for_each_entry (item, root, node) {
		EXPECT(item->present);
		EXPECT(!previous || previous->key <= item->key);
		EXPECT(rb_prev(&item->node) == (previous ? &previous->node : NULL));
		previous = item;
		seen++;
	}
	EXPECT_EQ(seen, present);
	EXPECT(rb_last(root) == (previous ? &previous->node : NULL));
}

static void items_init(u32 keys)
{
	for (u32 i = 0; i < COUNT; i++)
		items[i] = (struct item){ .key = (u32)unit_random_below(keys) };
}

/* Phases of growth and of decay, so that the tree is full and empty in turn. */
static bool want_present(int round)
{
	return unit_random_below(100) < (round / 500 % 2 ? 30 : 70);
}

TEST(insert_and_erase)
{
	struct rb_root root = RB_ROOT;

	items_init(100);
	for (int round = 0; round < 6000; round++) {
		struct item *item = &items[unit_random_below(COUNT)];

		if (want_present(round) && !item->present) {
			rb_add(&item->node, &root, item_less);
			item->present = true;
		} else if (item->present) {
			rb_erase(&item->node, &root);
			item->present = false;
		}
		check_tree(&root, false);
	}
}

TEST(equal_keys_keep_their_order)
{
	struct rb_root root = RB_ROOT;
	struct item *item;
	int expected = 0;

	for (int i = 0; i < COUNT; i++) {
		items[i] = (struct item){ .key = 7 };
		rb_add(&items[i].node, &root, item_less);
	}
	rb_for_each_entry (item, &root, node)
		EXPECT(item == &items[expected++]);
}

TEST(cached_first)
{
	struct rb_root_cached root = RB_ROOT_CACHED;

	items_init(1000);
	for (int round = 0; round < 6000; round++) {
		struct item *item = &items[unit_random_below(COUNT)];

		if (want_present(round) && !item->present) {
			bool first = rb_add_cached(&item->node, &root, item_less);

			EXPECT_EQ(first, rb_first(&root.root) == &item->node);
			item->present = true;
		} else if (item->present) {
			rb_erase_cached(&item->node, &root);
			item->present = false;
		}
		EXPECT(rb_first_cached(&root) == rb_first(&root.root));
	}
	check_tree(&root.root, false);
}

static void augmented_insert(struct item *item, struct rb_root *root)
{
	struct rb_node **link = &root->node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < item_of(parent)->key ? &parent->left : &parent->right;
	}
	rb_link(&item->node, parent, link);
	item->largest = item->weight;
	largest_weight.propagate(parent, NULL);
	rb_insert_augmented(&item->node, root, &largest_weight);
	item->present = true;
}

TEST(augmented)
{
	struct rb_root root = RB_ROOT;

	items_init(100);
	for (int round = 0; round < 6000; round++) {
		struct item *item = &items[unit_random_below(COUNT)];

		if (!item->present && want_present(round)) {
			item->weight = (u32)unit_random_below(50);
			augmented_insert(item, &root);
		} else if (item->present && round % 3 == 0) {
			item->weight = (u32)unit_random_below(50);
			largest_weight.propagate(&item->node, NULL);
		} else if (item->present) {
			rb_erase_augmented(&item->node, &root, &largest_weight);
			item->present = false;
		}
		check_tree(&root, true);
	}
}

TEST(replace)
{
	struct rb_root root = RB_ROOT;
	struct item copies[COUNT];

	items_init(1000);
	for (int i = 0; i < COUNT; i++) {
		rb_add(&items[i].node, &root, item_less);
		items[i].present = true;
	}
	for (int i = 0; i < COUNT; i++) {
		copies[i] = items[i];
		rb_replace(&items[i].node, &copies[i].node, &root);
		memset(&items[i].node, 0xff, sizeof(items[i].node));
	}
	check_tree(&root, false);
}

TEST(clear_node)
{
	struct rb_node node;

	rb_node_clear(&node);
	EXPECT(rb_node_is_clear(&node));
}

TEST(height_is_logarithmic)
{
	static struct item many[1 << 14];
	struct rb_root root = RB_ROOT;
	int height = 0;

	for (u32 i = 0; i < 1 << 14; i++) {
		many[i].key = i;
		rb_add(&many[i].node, &root, item_less);
	}
	for (struct rb_node *node = rb_last(&root); node; node = rb_parent(node))
		height++;
	EXPECT(height <= 2 * 15);
}
