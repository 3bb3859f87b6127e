/*
 * Radix tree from a u64 index to a pointer (not NULL), 64 slots a node, and two marks an entry that
 * are also kept for each subtree, so that marked entries are found without a visit to the others.
 *
 * Writers hold the caller's lock. radix_lookup, radix_next and radix_next_marked may run beside a
 * writer: a node is complete before a release store publishes it, and it stays intact until
 * radix_ops.free's owner lets a grace period pass. Such a reader sees each entry as it was at some
 * moment during the call.
 */
#pragma once

#include <lib/compiler.h>

#define RADIX_BITS 6
#define RADIX_SLOTS (1U << RADIX_BITS)
#define RADIX_MARKS 2

struct radix_node {
	/* For the owner of a node under deferred release (a link, a callback). */
	void *deferred[2];
	/* Entries below slot i differ in index by less than 1 << shift. */
	u8 shift;
	/* Slots in use. */
	u8 count;
	/* Bit i: slot i, or something below it, has the mark. */
	u64 marks[RADIX_MARKS];
	void *slots[RADIX_SLOTS];
};

struct radix_ops {
	/* Zeroed, sizeof(struct radix_node), or NULL. */
	struct radix_node *(*alloc)(void);
	/* Readers may still be in the node. */
	void (*free)(struct radix_node *node);
};

struct radix_root {
	struct radix_node *node;
	const struct radix_ops *ops;
};

#define RADIX_ROOT(operations)                                                                     \
	{                                                                                          \
		NULL, (operations)                                                                 \
	}

static inline void radix_init(struct radix_root *root, const struct radix_ops *ops)
{
	root->node = NULL;
	root->ops = ops;
}

static inline bool radix_empty(const struct radix_root *root)
{
	return !READ_ONCE(root->node);
}

/* NULL when there is none. */
void *radix_lookup(const struct radix_root *root, u64 index);

/* 0, -EEXIST, or -ENOMEM with the tree's entries unchanged. The new entry has no marks. */
int radix_insert(struct radix_root *root, u64 index, void *entry);
/*
 * Changes the entry at an index in use, keeping its marks, and returns the old one; NULL, changing
 * nothing, if unused.
 */
void *radix_replace(struct radix_root *root, u64 index, void *entry);
/* Returns what was there, or NULL. Frees nodes that became empty. */
void *radix_delete(struct radix_root *root, u64 index);
/* Frees all nodes; the entries are the caller's. */
void radix_destroy(struct radix_root *root);

/*
 * The first entry at or after *index, which becomes its index; NULL when there is none, *index
 * unchanged.
 */
void *radix_next(const struct radix_root *root, u64 *index);
/* The first one with that mark. */
void *radix_next_marked(const struct radix_root *root, u64 *index, unsigned int mark);
/*
 * The slots of `index` and the indexes after it that lie in one node: *count of them, to be read with load_acquire, NULL where
 * unused. NULL: none of the next *count indexes, at least one, is in use. For those who want many neighbours.
 */
void *const *radix_row(const struct radix_root *root, u64 index, u64 *count);
/* The lowest unused index >= from. False when all are used up to 2^64 - 1. */
bool radix_find_unused(const struct radix_root *root, u64 from, u64 *index);

/* The entry exists, else these do nothing. `mark` is 0 or 1. */
void radix_set_mark(struct radix_root *root, u64 index, unsigned int mark);
void radix_clear_mark(struct radix_root *root, u64 index, unsigned int mark);
bool radix_get_mark(const struct radix_root *root, u64 index, unsigned int mark);
/* Any entry has it. */
bool radix_marked(const struct radix_root *root, unsigned int mark);

/* `entry` may be deleted inside the loop. Index 2^64 - 1 is not in use. */
#define radix_for_each(root, index, entry)                                                         \
	for ((index) = 0; ((entry) = radix_next(root, &(index))); (index)++)
