/*
 * Red-black tree, the links inside the elements. The caller descends, finds the empty link and
 * attaches the node with rb_link, then rb_insert_color repaints. The caller's lock guards the tree.
 *
 * Every link is stored in one piece and a node is complete before rb_link publishes it, so a reader
 * without the lock may descend: it never sees a torn pointer or a half-made node, but a rotation
 * may hide elements from it. Such a reader needs its own check (a sequence count) before it
 * believes that something is absent, and nodes freed after a grace period.
 *
 * An augmented tree keeps in each node a value computed over its subtree, such as the largest gap
 * or end in it.
 */
#pragma once

#include <lib/compiler.h>

struct rb_node {
	/* The parent's address; bit 0 is set in a black node. */
	unsigned long parent_color;
	struct rb_node *left;
	struct rb_node *right;
} __aligned(sizeof(long));

struct rb_root {
	struct rb_node *node;
};

/* Also remembers the first node, so that taking it (a timer, the next task) needs no descent. */
struct rb_root_cached {
	struct rb_root root;
	struct rb_node *leftmost;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_ROOT_CACHED ((struct rb_root_cached){ { NULL }, NULL })

struct rb_augment {
	/*
	 * Recomputes `node` from its own element and its children's values, then its parent and so
	 * on up to, and not including, `stop` (NULL: through the root). May end early at a node
	 * whose value did not change.
	 */
	void (*propagate)(struct rb_node *node, struct rb_node *stop);
	/* `to` takes the place and therefore the subtree value of `from`. */
	void (*copy)(struct rb_node *from, struct rb_node *to);
	/*
	 * `upper` took the place of `lower` and became its parent: upper gets lower's value, lower
	 * is recomputed.
	 */
	void (*rotate)(struct rb_node *lower, struct rb_node *upper);
};

#define rb_entry(node, type, member) container_of(node, type, member)
#define rb_entry_or_null(node, type, member)                                                       \
	({                                                                                         \
		struct rb_node *rb_n = (node);                                                     \
		rb_n ? container_of(rb_n, type, member) : NULL;                                    \
	})

static inline struct rb_node *rb_parent(const struct rb_node *node)
{
	return (struct rb_node *)(node->parent_color & ~1UL);
}

static inline bool rb_root_empty(const struct rb_root *root)
{
	return !READ_ONCE(root->node);
}

/* A node that is in no tree, for those who ask. rb_erase does not leave a node in this state. */
static inline void rb_node_clear(struct rb_node *node)
{
	node->parent_color = (unsigned long)node;
}

static inline bool rb_node_is_clear(const struct rb_node *node)
{
	return node->parent_color == (unsigned long)node;
}

/* In order of the keys; NULL at the end. */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#define rb_for_each_entry(pos, root, member)                                                       \
	for (pos = rb_entry_or_null(rb_first(root), __typeof__(*pos), member); pos;                \
	     pos = rb_entry_or_null(rb_next(&pos->member), __typeof__(*pos), member))

/*
 * Hangs `node`, red, into the empty link `*link` of `parent` (NULL: the root's). rb_insert_color
 * must follow.
 */
static inline void rb_link(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->parent_color = (unsigned long)parent;
	node->left = NULL;
	node->right = NULL;
	__atomic_store_n(link, node, __ATOMIC_RELEASE);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root);
/* The node's own links are stale afterwards. */
void rb_erase(struct rb_node *node, struct rb_root *root);
/*
 * `replacement` takes the place of `node` and must have an equivalent key; an augmented value is
 * the caller's to copy.
 */
void rb_replace(struct rb_node *node, struct rb_node *replacement, struct rb_root *root);

/*
 * The augmented forms. Before rb_insert_augmented the caller has set the new node's value to that
 * of its own element and called propagate(parent, NULL), or updated the ancestors while it
 * descended.
 */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment *augment);
void rb_erase_augmented(struct rb_node *node, struct rb_root *root,
			const struct rb_augment *augment);

/*
 * Defines `static const struct rb_augment name` for a value that is a function of the element and
 * its two children: `compute(type *)` returns it and `field` stores it.
 */
#define RB_AUGMENT(name, type, member, field, compute)                                             \
	static void name##_propagate(struct rb_node *node, struct rb_node *stop)                   \
	{                                                                                          \
		while (node != stop) {                                                             \
			type *element = rb_entry(node, type, member);                              \
			__typeof__(element->field) value = compute(element);                       \
			if (element->field == value)                                               \
				break;                                                             \
			element->field = value;                                                    \
			node = rb_parent(node);                                                    \
		}                                                                                  \
	}                                                                                          \
	static void name##_copy(struct rb_node *from, struct rb_node *to)                          \
	{                                                                                          \
		rb_entry(to, type, member)->field = rb_entry(from, type, member)->field;           \
	}                                                                                          \
	static void name##_rotate(struct rb_node *lower, struct rb_node *upper)                    \
	{                                                                                          \
		type *element = rb_entry(lower, type, member);                                     \
		rb_entry(upper, type, member)->field = element->field;                             \
		element->field = compute(element);                                                 \
	}                                                                                          \
	static const struct rb_augment name = { name##_propagate, name##_copy, name##_rotate }

/* `leftmost`: the descent to the link never went right. */
static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->leftmost = node;
	rb_insert_color(node, &root->root);
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->leftmost == node)
		root->leftmost = rb_next(node);
	rb_erase(node, &root->root);
}

static inline struct rb_node *rb_first_cached(const struct rb_root_cached *root)
{
	return root->leftmost;
}

/*
 * Descends by `less` and inserts behind equal elements. The _cached form returns true when `node`
 * is the new first one.
 */
static inline void rb_add(struct rb_node *node, struct rb_root *root,
			  bool (*less)(const struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->node;
	struct rb_node *parent = NULL;

	while (*link) {
		parent = *link;
		link = less(node, parent) ? &parent->left : &parent->right;
	}
	rb_link(node, parent, link);
	rb_insert_color(node, root);
}

static inline bool rb_add_cached(struct rb_node *node, struct rb_root_cached *root,
				 bool (*less)(const struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->root.node;
	struct rb_node *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (less(node, parent)) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_link(node, parent, link);
	rb_insert_color_cached(node, root, leftmost);
	return leftmost;
}
