/*
 * Red-black tree. Invariants: the root is black, no red node has a red child, and every path from a
 * node down to an empty link passes equally many black nodes. The augmented and the plain form are
 * one code, specialised by inlining.
 */
#include <lib/rbtree.h>

#include <lib/atomic.h>

#define BLACK 1UL

static bool is_red(const struct rb_node *node)
{
	return node && !(node->parent_color & BLACK);
}

static void set_black(struct rb_node *node)
{
	node->parent_color |= BLACK;
}

static void set_red(struct rb_node *node)
{
	node->parent_color &= ~BLACK;
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
	node->parent_color = (unsigned long)parent | (node->parent_color & BLACK);
}

/*
 * Lets the link that leads to `old` lead to `new`, whose own links are final: readers may follow at
 * once.
 */
static void change_child(struct rb_node *parent, struct rb_node *old, struct rb_node *new,
			 struct rb_root *root)
{
	if (!parent)
		store_release(&root->node, new);
	else if (parent->left == old)
		store_release(&parent->left, new);
	else
		store_release(&parent->right, new);
}

/*
 *	  upper                      lower
 *	 /     \     right_up:      /     \
 *	a     lower     ->       upper     c      left_up is the mirror image.
 *	      /   \              /   \
 *	     b     c            a     b
 *
 * Colours stay with the nodes.
 */
static __always_inline void rotate_right_up(struct rb_node *upper, struct rb_root *root,
					    const struct rb_augment *augment)
{
	struct rb_node *lower = upper->right, *parent = rb_parent(upper);

	WRITE_ONCE(upper->right, lower->left);
	if (lower->left)
		set_parent(lower->left, upper);
	WRITE_ONCE(lower->left, upper);
	set_parent(lower, parent);
	change_child(parent, upper, lower, root);
	set_parent(upper, lower);
	if (augment)
		augment->rotate(upper, lower);
}

static __always_inline void rotate_left_up(struct rb_node *upper, struct rb_root *root,
					   const struct rb_augment *augment)
{
	struct rb_node *lower = upper->left, *parent = rb_parent(upper);

	WRITE_ONCE(upper->left, lower->right);
	if (lower->right)
		set_parent(lower->right, upper);
	WRITE_ONCE(lower->right, upper);
	set_parent(lower, parent);
	change_child(parent, upper, lower, root);
	set_parent(upper, lower);
	if (augment)
		augment->rotate(upper, lower);
}

/* Restores the rules after a red `node` was hung in. */
static __always_inline void insert_fixup(struct rb_node *node, struct rb_root *root,
					 const struct rb_augment *augment)
{
	struct rb_node *parent;

	while (is_red(parent = rb_parent(node))) {
		struct rb_node *grand = rb_parent(parent);
		bool on_left = parent == grand->left;
		struct rb_node *uncle = on_left ? grand->right : grand->left;

		if (is_red(uncle)) {
			set_black(uncle);
			set_black(parent);
			set_red(grand);
			node = grand;
			continue;
		}
		if (on_left) {
			if (node == parent->right)
				rotate_right_up(parent, root, augment);
			set_black(grand->left);
			set_red(grand);
			rotate_left_up(grand, root, augment);
		} else {
			if (node == parent->left)
				rotate_left_up(parent, root, augment);
			set_black(grand->right);
			set_red(grand);
			rotate_right_up(grand, root, augment);
		}
		break;
	}
	set_black(root->node);
}

/* The sibling of a position that lacks one black node, made black, and its children. */
static __always_inline struct rb_node *black_sibling(struct rb_node *parent, bool on_left,
						     struct rb_root *root,
						     const struct rb_augment *augment)
{
	struct rb_node *sibling = on_left ? parent->right : parent->left;

	if (!is_red(sibling))
		return sibling;
	set_black(sibling);
	set_red(parent);
	if (on_left) {
		rotate_right_up(parent, root, augment);
		return parent->right;
	}
	rotate_left_up(parent, root, augment);
	return parent->left;
}

/* Ends the repair at `parent`: its sibling side has a red node that can move over. */
static __always_inline void borrow_from_sibling(struct rb_node *parent, struct rb_node *sibling,
						bool on_left, struct rb_root *root,
						const struct rb_augment *augment)
{
	struct rb_node *far = on_left ? sibling->right : sibling->left;

	if (!is_red(far)) {
		/* The near one is red: turn it to the outside first. */
		set_red(sibling);
		if (on_left)
			rotate_left_up(sibling, root, augment);
		else
			rotate_right_up(sibling, root, augment);
		sibling = on_left ? parent->right : parent->left;
		far = on_left ? sibling->right : sibling->left;
	}
	sibling->parent_color = (unsigned long)rb_parent(sibling) | (parent->parent_color & BLACK);
	set_black(parent);
	set_black(far);
	if (on_left)
		rotate_right_up(parent, root, augment);
	else
		rotate_left_up(parent, root, augment);
}

/* The paths through `node` (it may be an empty link of `parent`) lack one black node. */
static __always_inline void erase_fixup(struct rb_node *node, struct rb_node *parent,
					struct rb_root *root, const struct rb_augment *augment)
{
	while (parent && !is_red(node)) {
		bool on_left = node == parent->left;
		struct rb_node *sibling = black_sibling(parent, on_left, root, augment);

		if (is_red(sibling->left) || is_red(sibling->right)) {
			borrow_from_sibling(parent, sibling, on_left, root, augment);
			return;
		}
		set_red(sibling);
		node = parent;
		parent = rb_parent(node);
	}
	if (node)
		set_black(node);
}

/*
 * Puts the successor of a node with two children into its place. Returns the parent of the link
 * that the successor left, with its only child, which moved up, in *child; *black_lost as for
 * erase.
 */
static __always_inline struct rb_node *
replace_by_successor(struct rb_node *node, struct rb_root *root, const struct rb_augment *augment,
		     struct rb_node **child, bool *black_lost)
{
	struct rb_node *successor = node->right, *parent;

	while (successor->left)
		successor = successor->left;
	*child = successor->right;
	*black_lost = !is_red(successor);
	parent = rb_parent(successor);
	if (parent == node) {
		parent = successor;
	} else {
		WRITE_ONCE(parent->left, *child);
		if (*child)
			set_parent(*child, parent);
		WRITE_ONCE(successor->right, node->right);
		set_parent(node->right, successor);
	}
	WRITE_ONCE(successor->left, node->left);
	set_parent(node->left, successor);
	successor->parent_color = node->parent_color;
	change_child(rb_parent(node), node, successor, root);
	if (augment) {
		augment->copy(node, successor);
		if (parent != successor)
			augment->propagate(parent, successor);
		augment->propagate(successor, NULL);
	}
	return parent;
}

static __always_inline void erase_node(struct rb_node *node, struct rb_root *root,
				       const struct rb_augment *augment)
{
	struct rb_node *child, *parent;
	bool black_lost;

	if (node->left && node->right) {
		parent = replace_by_successor(node, root, augment, &child, &black_lost);
	} else {
		child = node->left ? node->left : node->right;
		parent = rb_parent(node);
		black_lost = !is_red(node);
		if (child)
			set_parent(child, parent);
		change_child(parent, node, child, root);
		if (augment && parent)
			augment->propagate(parent, NULL);
	}
	if (black_lost)
		erase_fixup(child, parent, root, augment);
}

void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	insert_fixup(node, root, NULL);
}

void rb_erase(struct rb_node *node, struct rb_root *root)
{
	erase_node(node, root, NULL);
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root,
			 const struct rb_augment *augment)
{
	insert_fixup(node, root, augment);
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root, const struct rb_augment *augment)
{
	erase_node(node, root, augment);
}

void rb_replace(struct rb_node *node, struct rb_node *replacement, struct rb_root *root)
{
	*replacement = *node;
	if (node->left)
		set_parent(node->left, replacement);
	if (node->right)
		set_parent(node->right, replacement);
	change_child(rb_parent(node), node, replacement, root);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->left)
		node = node->left;
	return node;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->node;

	while (node && node->right)
		node = node->right;
	return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->right) {
		node = node->right;
		while (node->left)
			node = node->left;
		return (struct rb_node *)node;
	}
	for (up = rb_parent(node); up && node == up->right; up = rb_parent(up))
		node = up;
	return up;
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *up;

	if (node->left) {
		node = node->left;
		while (node->right)
			node = node->right;
		return (struct rb_node *)node;
	}
	for (up = rb_parent(node); up && node == up->left; up = rb_parent(up))
		node = up;
	return up;
}
