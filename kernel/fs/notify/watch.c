/* Watches: made, changed and taken away, by the program or with what they watch. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/page.h>
#include <kernel/sched.h>

#define MASK_OF_USER (IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK)

int inotify_max_watches;

static struct wait_queue watch_freed = WAIT_QUEUE_INIT(watch_freed);

void inotify_init(void)
{
	/* A hundredth of memory, as Linux: a watch and the inode that it pins take about a KiB. */
	u64 watches = page_free_count() * (PAGE_SIZE / KIB) / 100;

	inotify_max_watches = (int)MIN(MAX(watches, (u64)8192), (u64)1048576);
}

static void watch_free(struct watch *watch)
{
	struct super *super = watch->inode->super;

	inode_put(watch->inode);
	kfree(watch);
	/* From here on the file system may go. */
	if (atomic_add_return(&super->watches, -1) == 0)
		wait_wake_all(&watch_freed, 0);
}

void watch_put(struct watch *watch)
{
	if (ref_put(&watch->ref))
		watch_free(watch);
}

void watch_detach(struct watch *watch)
{
	struct inotify *inotify = watch->inotify;
	struct super *super = watch->inode->super;

	*watch->link = watch->next;
	if (watch->next)
		watch->next->link = watch->link;
	watch->link = NULL;
	spin_lock(&super->watch_lock);
	list_del_init(&watch->super_link);
	spin_unlock(&super->watch_lock);
	atomic_dec(&inotify->account->inotify_watches);
	event_queue(inotify, watch->wd, IN_IGNORED, NULL, 0);
	/* Last: whoever closes the inotify frees it when its tree is empty. */
	spin_lock(&inotify->lock);
	rb_erase(&watch->node, &inotify->watches);
	spin_unlock(&inotify->lock);
}

/* With a reference of the caller's. True: this call detached it. */
static bool detach_if_attached(struct watch *watch)
{
	bool attached;

	spin_lock(&watch->inode->state_lock);
	attached = watch->link;
	if (attached)
		watch_detach(watch);
	spin_unlock(&watch->inode->state_lock);
	if (attached)
		watch_put(watch);
	return attached;
}

void inotify_detach_all(struct inotify *inotify)
{
	struct rb_node *node;

	for (;;) {
		struct watch *watch = NULL;

		spin_lock(&inotify->lock);
		node = rb_first(&inotify->watches);
		if (node) {
			watch = rb_entry(node, struct watch, node);
			ref_get(&watch->ref);
		}
		spin_unlock(&inotify->lock);
		if (!watch)
			return;
		detach_if_attached(watch);
		watch_put(watch);
	}
}

/* --- Adding --------------------------------------------------------------------------------------------------------------- */

static bool watch_less(const struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct watch, node)->wd < rb_entry(b, struct watch, node)->wd;
}

/* state_lock held. */
static struct watch *watch_of(const struct inode *inode, const struct inotify *inotify)
{
	struct watch *watch = inode->watches;

	while (watch && watch->inotify != inotify)
		watch = watch->next;
	return watch;
}

static struct watch *watch_find(struct inotify *inotify, int wd)
{
	struct rb_node *node = inotify->watches.node;

	while (node) {
		struct watch *watch = rb_entry(node, struct watch, node);

		if (watch->wd == wd)
			return watch;
		node = wd < watch->wd ? node->left : node->right;
	}
	return NULL;
}

struct watch *watch_next_get(struct inotify *inotify, int wd)
{
	struct watch *found = NULL;
	struct rb_node *node;

	spin_lock(&inotify->lock);
	node = inotify->watches.node;
	while (node) {
		struct watch *watch = rb_entry(node, struct watch, node);

		if (watch->wd > wd)
			found = watch;
		node = watch->wd > wd ? node->left : node->right;
	}
	if (found)
		ref_get(&found->ref);
	spin_unlock(&inotify->lock);
	return found;
}

/* lock held. Numbers go round; those that were given away lately come last. */
static int wd_next(struct inotify *inotify)
{
	do {
		inotify->last_wd = inotify->last_wd == INT32_MAX ? 1 : inotify->last_wd + 1;
	} while (watch_find(inotify, inotify->last_wd));
	return inotify->last_wd;
}

/* state_lock held. */
static void watch_attach(struct watch *watch)
{
	struct inotify *inotify = watch->inotify;
	struct inode *inode = watch->inode;

	watch->next = inode->watches;
	if (watch->next)
		watch->next->link = &watch->next;
	watch->link = &inode->watches;
	inode->watches = watch;
	spin_lock(&inode->super->watch_lock);
	list_add_tail(&watch->super_link, &inode->super->watched);
	spin_unlock(&inode->super->watch_lock);
	spin_lock(&inotify->lock);
	watch->wd = wd_next(inotify);
	rb_add(&watch->node, &inotify->watches, watch_less);
	spin_unlock(&inotify->lock);
}

static struct watch *watch_alloc(struct inotify *inotify, struct inode *inode, u32 mask)
{
	struct watch *watch = kzalloc(sizeof(*watch));

	if (!watch)
		return NULL;
	ref_init(&watch->ref, 1);
	list_init(&watch->super_link);
	watch->inode = inode_get(inode);
	watch->inotify = inotify;
	watch->mask = mask & MASK_OF_USER;
	atomic_inc(&inode->super->watches);
	return watch;
}

static int watch_change(struct watch *watch, u32 mask)
{
	if (mask & IN_MASK_CREATE)
		return -EEXIST;
	if (!(mask & IN_MASK_ADD))
		watch->mask = 0;
	watch->mask |= mask & MASK_OF_USER;
	return watch->wd;
}

/* The number of the changed watch, or -ENOENT. */
static int change_existing(struct inotify *inotify, struct inode *inode, u32 mask)
{
	struct watch *watch;
	int result = -ENOENT;

	spin_lock(&inode->state_lock);
	watch = watch_of(inode, inotify);
	if (watch)
		result = watch_change(watch, mask);
	spin_unlock(&inode->state_lock);
	return result;
}

static int add_new(struct inotify *inotify, struct inode *inode, u32 mask)
{
	struct watch *watch = watch_alloc(inotify, inode, mask), *other;
	int result;

	if (!watch)
		return -ENOMEM;
	spin_lock(&inode->state_lock);
	other = watch_of(inode, inotify); /* another thread was faster */
	if (other) {
		result = watch_change(other, mask);
	} else {
		watch_attach(watch);
		result = watch->wd;
	}
	spin_unlock(&inode->state_lock);
	if (other) {
		atomic_dec(&inotify->account->inotify_watches);
		watch_put(watch);
	}
	return result;
}

int inotify_watch_add(struct file *file, struct inode *inode, u32 mask)
{
	struct inotify *inotify = file->private_data;
	int result = change_existing(inotify, inode, mask);

	if (result != -ENOENT)
		return result;
	if (atomic_add_return(&inotify->account->inotify_watches, 1) >
	    READ_ONCE(inotify_max_watches))
		result = -ENOSPC;
	else
		result = add_new(inotify, inode, mask);
	if (result == -ENOSPC || result == -ENOMEM)
		atomic_dec(&inotify->account->inotify_watches);
	return result;
}

int inotify_watch_remove(struct file *file, int wd)
{
	struct inotify *inotify = file->private_data;
	struct watch *watch;
	bool removed;

	spin_lock(&inotify->lock);
	watch = watch_find(inotify, wd);
	if (watch)
		ref_get(&watch->ref);
	spin_unlock(&inotify->lock);
	if (!watch)
		return -EINVAL;
	removed = detach_if_attached(watch);
	watch_put(watch);
	return removed ? 0 : -EINVAL;
}

/* --- With what is watched --------------------------------------------------------------------------------------------------- */

/* All watches of the inode get a last event and go. */
static void watches_end(struct inode *inode, u32 mask)
{
	struct watch *watch;

	inotify_inode_event(inode, mask);
	do {
		spin_lock(&inode->state_lock);
		watch = inode->watches;
		if (watch)
			watch_detach(watch);
		spin_unlock(&inode->state_lock);
		if (watch)
			watch_put(watch);
	} while (watch);
}

/* The caller has a reference of the inode. */
void inotify_inode_gone(struct inode *inode)
{
	if (READ_ONCE(inode->link_count) == 0)
		watches_end(inode, IN_DELETE_SELF);
}

void inotify_super_gone(struct super *super)
{
	struct watch *watch;

	for (;;) {
		spin_lock(&super->watch_lock);
		watch = list_empty(&super->watched)
				? NULL
				: list_first_entry(&super->watched, struct watch, super_link);
		if (watch)
			ref_get(&watch->ref);
		spin_unlock(&super->watch_lock);
		if (!watch)
			break;
		watches_end(watch->inode, IN_UNMOUNT);
		watch_put(watch);
	}
	wait_event(&watch_freed, atomic_read(&super->watches) == 0);
}
