/*
 * Radix tree. A node at shift s holds the bits [s, s + 6) of the index; leaves have shift 0. The
 * root is as tall as its largest index ever needed; a node without entries is freed, the last one
 * too.
 */
#include <lib/radix.h>

#include <abi/errno.h>
#include <lib/atomic.h>

/* Nodes on the way to an index of 64 bits. */
#define DEPTH_MAX DIV_ROUND_UP(64, RADIX_BITS)

/* From the root down to the leaf. */
struct path {
	struct radix_node *nodes[DEPTH_MAX];
	unsigned int depth;
};

static unsigned int slot_of(u64 index, unsigned int shift)
{
	return (index >> shift) % RADIX_SLOTS;
}

/* The last index below the node at `shift` that `index` falls into. */
static u64 last_index(u64 index, unsigned int shift)
{
	return shift + RADIX_BITS >= 64 ? ~0UL : index | ((1UL << (shift + RADIX_BITS)) - 1);
}

static bool root_covers(const struct radix_node *node, u64 index)
{
	return index <= last_index(0, node->shift);
}

/* Pairs with the release stores that publish nodes and entries. */
static void *slot_load(const struct radix_node *node, unsigned int slot)
{
	return load_acquire(&node->slots[slot]);
}

void *radix_lookup(const struct radix_root *root, u64 index)
{
	const struct radix_node *node = load_acquire(&root->node);
	void *below;

	if (!node || !root_covers(node, index))
		return NULL;
	for (;;) {
		below = slot_load(node, slot_of(index, node->shift));
		if (!below || !node->shift)
			return below;
		node = below;
	}
}

void *const *radix_row(const struct radix_root *root, u64 index, u64 *count)
{
	const struct radix_node *node = load_acquire(&root->node);

	*count = ~index ? ~index : 1;
	if (!node || !root_covers(node, index))
		return NULL;
	while (node->shift) {
		const struct radix_node *below = slot_load(node, slot_of(index, node->shift));

		if (!below) {
			*count = (1UL << node->shift) - (index & ((1UL << node->shift) - 1));
			return NULL;
		}
		node = below;
	}
	*count = RADIX_SLOTS - slot_of(index, 0);
	return &node->slots[slot_of(index, 0)];
}

/* The writer's lookup. The path is complete only if there is an entry. */
static void *find_path(const struct radix_root *root, u64 index, struct path *path)
{
	struct radix_node *node = root->node;
	void *below;

	path->depth = 0;
	if (!node || !root_covers(node, index))
		return NULL;
	for (;;) {
		path->nodes[path->depth++] = node;
		below = node->slots[slot_of(index, node->shift)];
		if (!below || !node->shift)
			return below;
		node = below;
	}
}

/*
 * Nodes of shift 0 to `shift`, not linked to the tree yet, that lead to `entry`; NULL without
 * memory.
 */
static struct radix_node *build_chain(const struct radix_root *root, u64 index, void *entry,
				      unsigned int shift)
{
	void *below = entry;
	struct radix_node *node;
	unsigned int at;

	for (at = 0; at <= shift; at += RADIX_BITS) {
		node = root->ops->alloc();
		if (!node)
			goto free_chain;
		node->shift = (u8)at;
		node->count = 1;
		node->slots[slot_of(index, at)] = below;
		below = node;
	}
	return below;

free_chain:
	while (at) {
		at -= RADIX_BITS;
		node = below;
		below = node->slots[slot_of(index, at)];
		root->ops->free(node);
	}
	return NULL;
}

/* A new root above the old one. */
static int grow(struct radix_root *root)
{
	struct radix_node *old = root->node, *node = root->ops->alloc();

	if (!node)
		return -ENOMEM;
	node->shift = old->shift + RADIX_BITS;
	node->count = 1;
	node->slots[0] = old;
	for (unsigned int mark = 0; mark < RADIX_MARKS; mark++)
		node->marks[mark] = old->marks[mark] != 0;
	store_release(&root->node, node);
	return 0;
}

static int insert_first(struct radix_root *root, u64 index, void *entry)
{
	unsigned int shift = 0;
	struct radix_node *node;

	while (index > last_index(0, shift))
		shift += RADIX_BITS;
	node = build_chain(root, index, entry, shift);
	if (!node)
		return -ENOMEM;
	store_release(&root->node, node);
	return 0;
}

int radix_insert(struct radix_root *root, u64 index, void *entry)
{
	struct radix_node *node;
	unsigned int slot;

	if (!root->node)
		return insert_first(root, index, entry);
	while (!root_covers(root->node, index)) {
		if (grow(root))
			return -ENOMEM;
	}
	node = root->node;
	slot = slot_of(index, node->shift);
	while (node->shift && node->slots[slot]) {
		node = node->slots[slot];
		slot = slot_of(index, node->shift);
	}
	if (node->slots[slot])
		return -EEXIST;
	if (node->shift)
		entry = build_chain(root, index, entry, node->shift - RADIX_BITS);
	if (!entry)
		return -ENOMEM;
	node->count++;
	store_release(&node->slots[slot], entry);
	return 0;
}

void *radix_replace(struct radix_root *root, u64 index, void *entry)
{
	struct path path;
	void *old = find_path(root, index, &path);

	if (old)
		store_release(&path.nodes[path.depth - 1]->slots[slot_of(index, 0)], entry);
	return old;
}

static void path_clear_mark(struct path *path, u64 index, unsigned int mark)
{
	for (unsigned int i = path->depth; i-- > 0;) {
		struct radix_node *node = path->nodes[i];
		u64 marks = node->marks[mark] & ~(1UL << slot_of(index, node->shift));

		WRITE_ONCE(node->marks[mark], marks);
		if (marks)
			return;
	}
}

void *radix_delete(struct radix_root *root, u64 index)
{
	struct path path;
	void *entry = find_path(root, index, &path);

	if (!entry)
		return NULL;
	for (unsigned int mark = 0; mark < RADIX_MARKS; mark++)
		path_clear_mark(&path, index, mark);
	for (unsigned int i = path.depth; i-- > 0;) {
		struct radix_node *node = path.nodes[i];

		WRITE_ONCE(node->slots[slot_of(index, node->shift)], NULL);
		if (--node->count)
			return entry;
		if (i == 0)
			WRITE_ONCE(root->node, NULL);
		/* Its parent's slot is cleared next; readers that are in it find it empty. */
		if (i > 0)
			WRITE_ONCE(path.nodes[i - 1]->slots[slot_of(index, path.nodes[i - 1]->shift)],
				   NULL);
		root->ops->free(node);
	}
	return entry;
}

static void free_subtree(const struct radix_root *root, struct radix_node *node)
{
	for (unsigned int slot = 0; node->shift && slot < RADIX_SLOTS; slot++) {
		if (node->slots[slot])
			free_subtree(root, node->slots[slot]);
	}
	root->ops->free(node);
}

void radix_destroy(struct radix_root *root)
{
	struct radix_node *node = root->node;

	WRITE_ONCE(root->node, NULL);
	if (node)
		free_subtree(root, node);
}

#define ANY_ENTRY RADIX_MARKS

/* The first slot from `slot` on that is in use, or has the mark; RADIX_SLOTS if none. */
static unsigned int next_slot(const struct radix_node *node, unsigned int slot, unsigned int mark)
{
	u64 marks;

	if (mark != ANY_ENTRY) {
		marks = READ_ONCE(node->marks[mark]) & (~0UL << slot);
		return marks ? (unsigned int)__builtin_ctzl(marks) : RADIX_SLOTS;
	}
	while (slot < RADIX_SLOTS && !READ_ONCE(node->slots[slot]))
		slot++;
	return slot;
}

/*
 * Descends from the root towards the first candidate at or after *index. Returns the entry, or NULL
 * with *index behind the part of the tree that has none; it is 0 when that was the last part.
 */
static void *descend(const struct radix_node *node, u64 *index, unsigned int mark)
{
	for (;;) {
		unsigned int shift = node->shift, slot = slot_of(*index, shift);
		unsigned int found = next_slot(node, slot, mark);
		void *below;

		if (found == RADIX_SLOTS) {
			*index = last_index(*index, shift) + 1;
			return NULL;
		}
		if (found != slot)
			*index = ((*index >> shift) + (found - slot)) << shift;
		below = slot_load(node, found);
		if (!below) {
			/* Deleted just now. */
			*index = ((*index >> shift) + 1) << shift;
			return NULL;
		}
		if (!shift)
			return below;
		node = below;
	}
}

static void *next_entry(const struct radix_root *root, u64 *index, unsigned int mark)
{
	u64 at = *index;

	do {
		const struct radix_node *node = load_acquire(&root->node);
		void *entry;

		if (!node || !root_covers(node, at))
			return NULL;
		entry = descend(node, &at, mark);
		if (entry) {
			*index = at;
			return entry;
		}
	} while (at);
	return NULL;
}

void *radix_next(const struct radix_root *root, u64 *index)
{
	return next_entry(root, index, ANY_ENTRY);
}

void *radix_next_marked(const struct radix_root *root, u64 *index, unsigned int mark)
{
	return next_entry(root, index, mark);
}

bool radix_find_unused(const struct radix_root *root, u64 from, u64 *index)
{
	struct path path;

	do {
		const struct radix_node *leaf;
		unsigned int slot = slot_of(from, 0);

		if (!find_path(root, from, &path)) {
			*index = from;
			return true;
		}
		leaf = path.nodes[path.depth - 1];
		while (slot < RADIX_SLOTS && leaf->slots[slot])
			slot++;
		if (slot < RADIX_SLOTS) {
			*index = from - slot_of(from, 0) + slot;
			return true;
		}
		from = last_index(from, 0) + 1;
	} while (from);
	return false;
}

void radix_set_mark(struct radix_root *root, u64 index, unsigned int mark)
{
	struct path path;

	if (!find_path(root, index, &path))
		return;
	for (unsigned int i = path.depth; i-- > 0;) {
		struct radix_node *node = path.nodes[i];

		WRITE_ONCE(node->marks[mark],
			   node->marks[mark] | 1UL << slot_of(index, node->shift));
	}
}

void radix_clear_mark(struct radix_root *root, u64 index, unsigned int mark)
{
	struct path path;

	if (find_path(root, index, &path))
		path_clear_mark(&path, index, mark);
}

bool radix_get_mark(const struct radix_root *root, u64 index, unsigned int mark)
{
	struct path path;

	if (!find_path(root, index, &path))
		return false;
	return (path.nodes[path.depth - 1]->marks[mark] >> slot_of(index, 0)) & 1;
}

bool radix_marked(const struct radix_root *root, unsigned int mark)
{
	return root->node && root->node->marks[mark];
}
