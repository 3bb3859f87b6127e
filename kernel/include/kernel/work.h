/* Deferred work: functions that run in a kernel thread, preemptible and able to sleep. */
#pragma once

#include <kernel/time.h>
#include <lib/list.h>

struct work {
	struct list link; /* [queue lock] */
	void (*fn)(struct work *work);
	u8 queued; /* [A] */
};

void work_init(struct work *work, void (*fn)(struct work *work));
bool work_queue(struct work *work); /* any context; false if it was queued already */
void work_flush(void); /* waits for everything queued so far */

struct delayed_work {
	struct work work;
	struct hrtimer timer;
};
void delayed_work_init(struct delayed_work *delayed, void (*fn)(struct work *work));
void delayed_work_queue(struct delayed_work *delayed, u64 delay_ns);
bool delayed_work_cancel(struct delayed_work *delayed);
void work_threads_init(void);
