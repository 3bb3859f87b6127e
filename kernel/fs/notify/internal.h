/*
 * Shared within kernel/fs/notify.
 *
 * A watch ties an inode to an inotify. It is attached to both, or to neither: in the inode's list (inode->state_lock), in
 * its file system's (super->watch_lock) and in the inotify's tree (inotify->lock); state_lock is the outer one and decides.
 * An attached watch has one reference; it pins its inode but not the mount, whose end waits until its watches are freed.
 */
#pragma once

#include <kernel/cred.h>
#include <kernel/inotify.h>
#include <kernel/slab.h>
#include <lib/rbtree.h>

struct event {
	struct list link; /* [inotify->lock] */
	int wd;
	u32 mask, cookie;
	u32 name_length; /* without NUL */
	char name[];
};

struct inotify {
	struct spinlock lock; /* RANK_INOTIFY */
	struct list events; /* [lock] */
	int event_count; /* [lock] */
	struct event *overflow; /* [I] "events were lost"; in `events` at most once */
	struct rb_root watches; /* [lock] by number */
	int last_wd; /* [lock] */
	struct wait_queue wait;
	struct user_account *account; /* [I] reference */
};

struct watch {
	struct refcount ref;
	struct watch *next, **link; /* [state_lock] link is NULL: detached */
	struct list super_link; /* [super->watch_lock] */
	struct rb_node node; /* [inotify->lock] */
	struct inode *inode; /* [I] reference */
	struct inotify *inotify; /* [I] valid while attached */
	u32 mask; /* [state_lock] IN_* and flags */
	int wd; /* [I] */
};

/* queue.c */
/* Queues an event unless it repeats the last one; wakes readers. Never sleeps: without memory events are "lost". */
void event_queue(struct inotify *inotify, int wd, u32 mask, const struct name *name, u32 cookie);
void events_free(struct inotify *inotify);
extern const struct file_ops inotify_ops;

/* watch.c */
void watch_put(struct watch *watch);
/* The first with a number above `wd`, with a reference. NULL: none. */
struct watch *watch_next_get(struct inotify *inotify, int wd);
/* state_lock of its inode held. The watch's own reference becomes the caller's, to put without the lock. */
void watch_detach(struct watch *watch);
void inotify_detach_all(struct inotify *inotify);
