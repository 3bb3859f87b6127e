/* The structs of epoll and what its two files share. Locks and lifetimes: see epoll.c. */
#pragma once

#include <kernel/poll_calls.h>
#include <lib/rbtree.h>

struct epoll {
	struct mutex lock; /* RANK_EPOLL */
	struct rb_root items; /* [links_lock and lock] by (file, fd) */
	struct spinlock ready_lock;
	struct list ready; /* [ready_lock] item->ready_link */
	struct wait_queue wait; /* epoll_wait */
	struct wait_queue poll_wait; /* whoever polls the epoll's own file */
	struct file *file; /* [I] it is this one's private_data */
	u64 visit; /* [links_lock] the walk that was here last; see epoll_paths.c */
	int nesting; /* [links_lock] what it found */
};

/* A queue that an item is on; most files have one or two. */
struct item_wait {
	struct wait_entry entry;
	struct wait_queue *queue;
	struct epoll_item *item;
	struct item_wait *next;
};

struct epoll_item {
	struct rb_node node;
	struct epoll *epoll; /* [I] */
	struct file *file; /* [I] */
	int fd; /* [I] */
	struct abi_epoll_event event; /* [epoll->lock; events also read in item_wake] */
	struct list ready_link; /* [ready_lock] empty: on no list */
	struct list file_link; /* [links_lock] in file->epoll_links */
	struct item_wait *waits; /* [epoll->lock] */
};

/* NULL: the file is no epoll. */
struct epoll *epoll_of(const struct file *file);

static inline bool has_ready(struct epoll *epoll)
{
	return !list_empty(&epoll->ready);
}

#define EPOLL_PRIVATE_BITS (EPOLLWAKEUP | EPOLLONESHOT | EPOLLET | EPOLLEXCLUSIVE)

/* epoll.c */
void item_make_ready(struct epoll_item *item);
void epoll_wake(struct epoll *epoll);
u32 item_events(const struct epoll_item *item); /* what holds now, of what is asked for */

/* epoll_paths.c, links_lock held. May `epoll` watch `file`? 0 or -ELOOP. */
int epoll_nesting_check(struct epoll *epoll, const struct file *file);
/* It does now: are there not too many ways up from any file? */
bool epoll_paths_check(const struct epoll *epoll, const struct file *file);

/* epoll_wait.c */
u32 epoll_poll(struct file *file, struct poll_table *table);
