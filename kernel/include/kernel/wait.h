/*
 * Wait queues. One entry waits on one queue; a wake-up calls the entry's function under the queue's lock, which by default
 * makes the waiting task runnable. poll and epoll put entries with their own function on the same queues, and a task may
 * be on many. Waking from interrupts is allowed. The lost wake-up is designed out: an entry is queued and the task's
 * state set before the condition is tested (wait_prepare), so a wake-up in between makes the later sleep return at once.
 */
#pragma once

#include <kernel/locks.h>

struct wait_queue {
	struct spinlock lock; /* RANK_WAIT, interrupts off */
	struct list entries; /* [lock] */
};

#define WAIT_QUEUE_INIT(name)                                                                      \
	{                                                                                          \
		.lock = SPINLOCK_INIT(RANK_WAIT), .entries = LIST_INIT((name).entries)             \
	}

struct wait_entry;
/* Called under the queue's lock. `key`: poll bits that became true, or 0. Returns true if it counts as one woken task. */
typedef bool (*wait_fn)(struct wait_entry *entry, u32 key);

struct wait_entry {
	struct list link; /* [queue lock] empty list when not queued */
	wait_fn wake;
	struct task *task;
	bool exclusive;
};

void wait_queue_init(struct wait_queue *queue);
/* Wakes all non-exclusive waiters and the first exclusive one; _all: every one. Cheap when nobody waits. */
void wait_wake(struct wait_queue *queue, u32 key);
void wait_wake_all(struct wait_queue *queue, u32 key);

static inline bool wait_queue_active(const struct wait_queue *queue)
{
	memory_fence(); /* the condition was stored before; pairs with wait_prepare's */
	return !list_empty(&queue->entries);
}

enum sleep_state { SLEEP_UNINTERRUPTIBLE, SLEEP_KILLABLE, SLEEP_INTERRUPTIBLE };

void wait_entry_init(struct wait_entry *entry); /* for the running task */
void wait_entry_init_fn(struct wait_entry *entry, wait_fn wake);
void wait_add(struct wait_queue *queue, struct wait_entry *entry);
void wait_remove(struct wait_queue *queue, struct wait_entry *entry);
/* Queues (if it is not yet) and sets the task's sleep state. Loop: wait_prepare; test; sleep; ... ; wait_finish. */
void wait_prepare(struct wait_queue *queue, struct wait_entry *entry, enum sleep_state state);
void wait_finish(struct wait_queue *queue, struct wait_entry *entry);

/* A deadline in clock_ns units; TIMEOUT_NEVER sleeps until woken. */
#define TIMEOUT_NEVER (~0ULL)
/* Sleeps after wait_prepare. 0: woken; -EINTR: a signal that the state listens to is pending; -ETIMEDOUT. */
int wait_sleep(enum sleep_state state, u64 deadline_ns);

/* 0 when `condition` holds; -EINTR or -ETIMEDOUT otherwise. */
#define wait_event_until(queue, condition, state, deadline_ns)                                     \
	({                                                                                         \
		struct wait_entry wait_e;                                                          \
		int wait_result = 0;                                                               \
		wait_entry_init(&wait_e);                                                          \
		for (;;) {                                                                         \
			wait_prepare(queue, &wait_e, state);                                       \
			if (condition) {                                                           \
				wait_result = 0;                                                   \
				break;                                                             \
			}                                                                          \
			if (wait_result)                                                           \
				break;                                                             \
			wait_result = wait_sleep(state, deadline_ns);                              \
		}                                                                                  \
		wait_finish(queue, &wait_e);                                                       \
		wait_result;                                                                       \
	})
#define wait_event(queue, condition)                                                               \
	((void)wait_event_until(queue, condition, SLEEP_UNINTERRUPTIBLE, TIMEOUT_NEVER))
#define wait_event_interruptible(queue, condition)                                                 \
	wait_event_until(queue, condition, SLEEP_INTERRUPTIBLE, TIMEOUT_NEVER)
#define wait_event_killable(queue, condition)                                                      \
	wait_event_until(queue, condition, SLEEP_KILLABLE, TIMEOUT_NEVER)

/* One-shot event: waiters sleep until completed. */
struct completion {
	bool done; /* [queue.lock] */
	struct wait_queue queue;
};

void completion_init(struct completion *completion);
void completion_signal(struct completion *completion);
void completion_wait(struct completion *completion);
__must_check int completion_wait_killable(struct completion *completion);
