/* Waiting on many queues at once: what poll and select have in common. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/sched.h>
#include <kernel/slab.h>

#define CHUNK_ENTRIES 31

struct poll_chunk {
	struct poll_chunk *next;
	unsigned int count;
	struct poll_entry entries[CHUNK_ENTRIES];
};

static struct poll_entry *entry_alloc(struct poller *poller)
{
	struct poll_chunk *chunk = poller->chunks;

	if (poller->count < POLL_ENTRIES_INLINE)
		return &poller->few[poller->count++];
	if (!chunk || chunk->count == CHUNK_ENTRIES) {
		chunk = kmalloc(sizeof(*chunk), 0);
		if (!chunk)
			return NULL;
		chunk->count = 0;
		chunk->next = poller->chunks;
		poller->chunks = chunk;
	}
	return &chunk->entries[chunk->count++];
}

static bool poller_wake(struct wait_entry *wait, u32 key)
{
	struct poll_entry *entry = container_of(wait, struct poll_entry, wait);

	(void)key;
	/* Stored before the task's state is looked at; poller_sleep does it the other way round. */
	(void)xchg(&entry->poller->triggered, true);
	return sched_wake(entry->poller->task, TASK_INTERRUPTIBLE);
}

static void poller_add(struct poll_table *table, struct file *file, struct wait_queue *queue)
{
	struct poller *poller = container_of(table, struct poller, table);
	struct poll_entry *entry = entry_alloc(poller);

	if (!entry) {
		poller->error = -ENOMEM;
		return;
	}
	entry->queue = queue;
	entry->file = file_get(file);
	entry->poller = poller;
	wait_entry_init_fn(&entry->wait, poller_wake);
	wait_add(queue, &entry->wait);
}

void poller_begin(struct poller *poller, bool will_wait)
{
	poller->table = (struct poll_table){ .add = will_wait ? poller_add : NULL };
	poller->task = current;
	poller->triggered = false;
	poller->error = 0;
	poller->count = 0;
	poller->chunks = NULL;
}

struct poll_table *poller_table(struct poller *poller)
{
	return poller->table.add ? &poller->table : NULL;
}

void poller_stop_adding(struct poller *poller)
{
	poller->table.add = NULL;
}

int poller_sleep(struct poller *poller, u64 deadline_ns)
{
	int result = 0;

	task_set_state(TASK_INTERRUPTIBLE);
	if (!READ_ONCE(poller->triggered))
		result = wait_sleep(SLEEP_INTERRUPTIBLE, deadline_ns);
	task_set_state(TASK_RUNNING);
	WRITE_ONCE(poller->triggered, false);
	memory_fence(); /* the next look comes after: a wake-up in between leaves triggered set */
	return result;
}

static void entry_remove(struct poll_entry *entry)
{
	wait_remove(entry->queue, &entry->wait);
	file_put(entry->file);
}

void poller_end(struct poller *poller)
{
	struct poll_chunk *chunk = poller->chunks, *next;

	for (unsigned int i = 0; i < poller->count; i++)
		entry_remove(&poller->few[i]);
	for (; chunk; chunk = next) {
		next = chunk->next;
		for (unsigned int i = 0; i < chunk->count; i++)
			entry_remove(&chunk->entries[i]);
		kfree(chunk);
	}
}
