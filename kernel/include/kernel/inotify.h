/*
 * What the file operations tell those who watch files (inotify). Each event goes to the watches of the inode itself, and
 * with the file's name to those of its directory. A file system that nobody watches anything in costs one test.
 *
 * All of them may sleep; inode->lock of the inodes may be held. Masks are IN_*; IN_ISDIR is added where it belongs.
 */
#pragma once

#include <abi/inotify.h>
#include <kernel/vfs.h>

static inline bool inode_is_watchable(const struct inode *inode)
{
	return unlikely(atomic_read(&inode->super->watches) != 0);
}

/* `dentry` is a name of `inode`, or of nothing that matters (a file without a path). */
void inotify_dentry_event(struct dentry *dentry, struct inode *inode, u32 mask);
/* In the directory `dir`, of a name; `inode` is what it names. Under dir->lock, so that events come in order. */
void inotify_name_event(struct inode *dir, struct inode *inode, const struct name *name, u32 mask,
			u32 cookie);
void inotify_inode_event(struct inode *inode, u32 mask);
/* A name went: with the last link and user the file is gone too, and its watches with it. Under dir->lock. */
void inotify_unlinked(struct inode *dir, struct dentry *victim, const struct name *name);
u32 inotify_cookie(void); /* ties IN_MOVED_FROM to IN_MOVED_TO */
void inotify_inode_gone(struct inode *inode); /* IN_DELETE_SELF if it has no link; no user is left */
void inotify_super_gone(struct super *super); /* IN_UNMOUNT; returns when no watch is left */

static inline void notify_dentry(struct dentry *dentry, struct inode *inode, u32 mask)
{
	if (inode_is_watchable(inode))
		inotify_dentry_event(dentry, inode, mask);
}

static inline void notify_file(struct file *file, u32 mask)
{
	notify_dentry(file->dentry, file->inode, mask);
}

static inline void notify_name(struct inode *dir, struct inode *inode, const struct name *name,
			       u32 mask)
{
	if (inode_is_watchable(dir))
		inotify_name_event(dir, inode, name, mask, 0);
}

static inline void notify_inode(struct inode *inode, u32 mask)
{
	if (inode_is_watchable(inode))
		inotify_inode_event(inode, mask);
}

/* The calls. */
extern int inotify_max_events, inotify_max_instances, inotify_max_watches; /* settings */
struct file *inotify_create(u32 flags); /* IN_NONBLOCK; ERR_PTR */
/* The watch's number, or -errno. -EINVAL: `file` is no inotify. */
int inotify_watch_add(struct file *file, struct inode *inode, u32 mask);
int inotify_watch_remove(struct file *file, int wd);
bool file_is_inotify(const struct file *file);
void inotify_init(void); /* sizes the limits */
