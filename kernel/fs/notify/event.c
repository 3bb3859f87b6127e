/* From what happens to files to the watches that want to know. */
#include "internal.h"

#include "../internal.h"

static atomic_t last_cookie = ATOMIC_INIT(0);

u32 inotify_cookie(void)
{
	return (u32)atomic_add_return(&last_cookie, 1);
}

/* What one event is about, beside the inode whose watches are told. */
struct telling {
	u32 mask, cookie;
	const struct name *name; /* NULL: the watched file itself */
	bool unlinked; /* the name is gone already */
};

static bool wants(const struct watch *watch, const struct telling *telling)
{
	if (!((watch->mask | IN_UNMOUNT) & telling->mask & ~IN_ISDIR))
		return false;
	return !telling->unlinked || !(watch->mask & IN_EXCL_UNLINK);
}

/* Watches that were told for the only time go to *gone, linked by `next`. state_lock held. */
static void tell_locked(struct inode *inode, const struct telling *telling, struct watch **gone)
{
	struct watch *watch, *next;

	for (watch = inode->watches; watch; watch = next) {
		next = watch->next;
		if (!wants(watch, telling))
			continue;
		event_queue(watch->inotify, watch->wd, telling->mask, telling->name,
			    telling->cookie);
		if (!(watch->mask & IN_ONESHOT))
			continue;
		watch_detach(watch);
		watch->next = *gone;
		*gone = watch;
	}
}

static void tell(struct inode *inode, const struct telling *telling)
{
	struct watch *gone = NULL;

	if (!READ_ONCE(inode->watches))
		return;
	spin_lock(&inode->state_lock);
	tell_locked(inode, telling, &gone);
	spin_unlock(&inode->state_lock);
	while (gone) {
		struct watch *watch = gone;

		gone = watch->next;
		watch_put(watch);
	}
}

static u32 mask_for(const struct inode *inode, u32 mask)
{
	return mask | (inode_is_dir(inode) ? IN_ISDIR : 0);
}

void inotify_inode_event(struct inode *inode, u32 mask)
{
	/* Of these Linux does not say that it is a directory. */
	struct telling telling = { .mask = mask & (IN_DELETE_SELF | IN_MOVE_SELF)
						   ? mask
						   : mask_for(inode, mask) };

	tell(inode, &telling);
}

void inotify_name_event(struct inode *dir, struct inode *inode, const struct name *name, u32 mask,
			u32 cookie)
{
	struct telling telling = { mask_for(inode, mask), cookie, name, false };

	tell(dir, &telling);
}

static void tell_parent(struct dentry *dentry, struct inode *inode, u32 mask)
{
	struct dentry *parent = dentry_parent_get(dentry);
	char text[NAME_MAX + 1];

	if (parent != dentry && READ_ONCE(dentry_inode(parent)->watches)) {
		struct name name = name_of(text, dentry_name_read(dentry, text));
		struct telling telling = { mask_for(inode, mask), 0, &name,
					   dentry_is_unhashed(dentry) };

		tell(dentry_inode(parent), &telling);
	}
	dentry_put(parent);
}

void inotify_dentry_event(struct dentry *dentry, struct inode *inode, u32 mask)
{
	if (dentry_inode(dentry) == inode)
		tell_parent(dentry, inode, mask);
	inotify_inode_event(inode, mask);
}

void inotify_unlinked(struct inode *dir, struct dentry *victim, const struct name *name)
{
	struct inode *inode = dentry_inode(victim);

	if (!inode_is_watchable(dir))
		return;
	if (!inode_is_dir(inode))
		inotify_inode_event(inode, IN_ATTRIB);
	/* Nobody has it open or can find it any more. */
	if (ref_read(&victim->ref) == 1)
		inotify_inode_gone(inode);
	inotify_name_event(dir, inode, name, IN_DELETE, 0);
}
