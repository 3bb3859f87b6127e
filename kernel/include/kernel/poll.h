/*
 * Readiness. A file's poll operation calls poll_wait for each queue that will be woken when the answer may change, then
 * returns the bits that hold now. With table NULL it only answers.
 */
#pragma once

#include <abi/poll.h>
#include <kernel/wait.h>

struct file;

struct poll_table {
	/* Adds an entry of the poller's to `queue`. */
	void (*add)(struct poll_table *table, struct file *file, struct wait_queue *queue);
	u32 events; /* bits of interest; a hint */
};

static inline void poll_wait(struct file *file, struct wait_queue *queue, struct poll_table *table)
{
	if (table && table->add)
		table->add(table, file, queue);
}

/*
 * In the key of a wake-up: the queue is about to go, after a grace period. Entries of an own function that may stay longer
 * take themselves off, which only epoll's must.
 */
#define POLLFREE 0x4000

#define READY_IN (POLLIN | POLLRDNORM)
#define READY_OUT (POLLOUT | POLLWRNORM)

u32 file_poll(struct file *file, struct poll_table *table);
/* The last reference of a file that epolls watch is gone: they forget it. */
void epoll_file_released(struct file *file);
