/* Who waits for whose file lock. */
#pragma once

#include <kernel/locks.h>
#include <lib/list.h>

struct wait_queue;

/* An owner asleep, and whom it waits for. Its task takes it off the list before it ends. */
struct blocked {
	struct list link; /* [blocked_lock] */
	const void *owner, *by;
	const struct wait_queue *queue; /* where it sleeps */
};

/* 0, or with `detect` -EDEADLK if that closed a circle. */
int blocked_note(struct blocked *blocked, const void *by, bool detect);
void blocked_forget(struct blocked *blocked);
/* Something was released: all that sleep on the queue try again. */
void blocked_wake(struct wait_queue *queue);
