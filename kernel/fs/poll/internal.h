/* Shared by poll, select and their system calls. */
#pragma once

#include <kernel/file.h>
#include <kernel/poll.h>

#define POLL_ENTRIES_INLINE 6

struct poller;

/* One queue that the poller is on. */
struct poll_entry {
	struct wait_entry wait;
	struct wait_queue *queue;
	struct file *file; /* reference: keeps the queue */
	struct poller *poller;
};

struct poll_chunk;

/* A task that waits for many files. The caller's, on its stack. */
struct poller {
	struct poll_table table;
	struct task *task;
	bool triggered; /* [A] a queue has woken it since the last look */
	int error; /* -ENOMEM: not on all queues */
	unsigned int count; /* entries used in `few` */
	struct poll_chunk *chunks;
	struct poll_entry few[POLL_ENTRIES_INLINE];
};

void poller_begin(struct poller *poller, bool will_wait);
/* Where to pass as the table: NULL once nothing needs to be queued any more. */
struct poll_table *poller_table(struct poller *poller);
void poller_stop_adding(struct poller *poller);
/* Sleeps until a queue wakes it: 0, -EINTR, -ETIMEDOUT. */
int poller_sleep(struct poller *poller, u64 deadline_ns);
void poller_end(struct poller *poller);
