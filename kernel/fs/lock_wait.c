/*
 * Who waits for whose file lock. Deadlock among POSIX owners is found by following "waits for" from owner to owner.
 */
#include "lock_wait.h"

#include <abi/errno.h>
#include <kernel/wait.h>

#define DEADLOCK_STEPS_MAX 10 /* as Linux: longer circles are not looked for */

static struct spinlock blocked_lock = SPINLOCK_INIT(RANK_FILE_LOCKS);
static struct list blocked_list = LIST_INIT(blocked_list);

/* Would waiting for `by` close a circle? blocked_lock held. */
static bool is_deadlock(const void *owner, const void *by)
{
	for (int steps = 0; steps < DEADLOCK_STEPS_MAX; steps++) {
		const void *next = NULL;
		struct blocked *blocked;

		list_for_each_entry (blocked, &blocked_list, link) {
			if (blocked->owner == by)
				next = blocked->by;
		}
		if (next == owner)
			return true;
		if (!next)
			return false;
		by = next;
	}
	return false;
}

int blocked_note(struct blocked *blocked, const void *by, bool detect)
{
	int error = 0;

	spin_lock(&blocked_lock);
	blocked->by = by;
	if (detect && is_deadlock(blocked->owner, by))
		error = -EDEADLK;
	else if (list_empty(&blocked->link))
		list_add(&blocked->link, &blocked_list);
	spin_unlock(&blocked_lock);
	return error;
}

void blocked_forget(struct blocked *blocked)
{
	spin_lock(&blocked_lock);
	list_del_init(&blocked->link);
	spin_unlock(&blocked_lock);
}

/* Whoever is woken waits for nobody until it has tried again: what it waited for may be asked to wait for it. */
void blocked_wake(struct wait_queue *queue)
{
	struct blocked *blocked, *next;

	if (!wait_queue_active(queue))
		return;
	spin_lock(&blocked_lock);
	list_for_each_entry_safe (blocked, next, &blocked_list, link) {
		if (blocked->queue == queue)
			list_del_init(&blocked->link);
	}
	spin_unlock(&blocked_lock);
	wait_wake_all(queue, 0);
}
