/* Dentries that nobody uses: the list of those that may go, and dropping them for memory, with a directory, or at unmount. */
#include "internal.h"

static struct spinlock lru_lock = SPINLOCK_INIT(RANK_DENTRY_LRU);
static struct list lru = LIST_INIT(lru); /* [lru_lock] oldest first */
static size_t lru_count; /* [lru_lock] */
size_t dentry_lru_limit __ro_after_init;
static struct wait_queue shrink_wait = WAIT_QUEUE_INIT(shrink_wait);

void dentry_lru_remove(struct dentry *dentry)
{
	spin_lock(&lru_lock);
	if (!list_empty(&dentry->lru)) {
		list_del_init(&dentry->lru);
		lru_count--;
	}
	spin_unlock(&lru_lock);
}

void dentry_lru_add(struct dentry *dentry)
{
	bool full;

	spin_lock(&lru_lock);
	list_add_tail(&dentry->lru, &lru);
	full = ++lru_count > dentry_lru_limit;
	spin_unlock(&lru_lock);
	if (unlikely(full))
		dentry_shrink(32);
}

static void destroy_list(struct list *dead)
{
	while (!list_empty(dead)) {
		struct dentry *dentry = list_first_entry(dead, struct dentry, lru);
		struct super *super = dentry->super;

		list_del_init(&dentry->lru);
		dentry_destroy(dentry);
		if (atomic_dec_and_test(&super->shrinking))
			wait_wake_all(&shrink_wait, 0);
	}
}

void dentry_shrink(size_t count)
{
	struct list dead = LIST_INIT(dead);
	size_t scan = count * 8;

	spin_lock(&lru_lock);
	for (; count && scan && !list_empty(&lru); scan--) {
		struct dentry *dentry = list_first_entry(&lru, struct dentry, lru);

		if (dentry_claim(dentry)) {
			list_move_tail(&dentry->lru, &dead);
			lru_count--;
			count--;
			/* Until it is destroyed the superblock must stay: dentry_kill_tree waits. */
			atomic_inc(&dentry->super->shrinking);
		} else {
			list_move_tail(&dentry->lru, &lru);
		}
	}
	spin_unlock(&lru_lock);
	/* Off the list as far as dentry_destroy is concerned: it takes lru_lock and finds an empty link. */
	destroy_list(&dead);
}

/* A leaf below `root` that only the cache holds, claimed; NULL. */
static struct dentry *claim_child(struct dentry *parent)
{
	struct dentry *child;

	spin_lock(&parent->lock);
	list_for_each_entry (child, &parent->children, sibling) {
		if (dentry_claim(child)) {
			spin_unlock(&parent->lock);
			return child;
		}
	}
	spin_unlock(&parent->lock);
	return NULL;
}

void dentry_prune_children(struct dentry *dentry)
{
	struct dentry *child;

	while ((child = claim_child(dentry)))
		dentry_destroy(child);
}

/* The first child, with a reference; NULL. */
static struct dentry *first_child(struct dentry *parent)
{
	struct dentry *child, *found = NULL;

	spin_lock(&parent->lock);
	list_for_each_entry (child, &parent->children, sibling) {
		if (ref_try_get(&child->ref)) {
			found = child;
			break;
		}
	}
	spin_unlock(&parent->lock);
	return found;
}

/* Depth first, without recursion: down to a leaf, drop it, back to its parent. */
void dentry_kill_tree(struct dentry *root)
{
	struct dentry *at = dentry_get(root);

	for (;;) {
		struct dentry *child = first_child(at), *parent;

		if (child) {
			dentry_put(at);
			at = child;
			continue;
		}
		if (at == root)
			break;
		parent = dentry_get(at->parent);
		dentry_drop(at);
		dentry_put(at);
		at = parent;
	}
	dentry_put(at);
	wait_event(&shrink_wait, atomic_read(&root->super->shrinking) == 0);
}
