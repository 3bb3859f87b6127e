/*
 * Out of memory: the process whose death frees most is killed, and whoever needs the memory waits a little and tries again.
 * One victim at a time: while it dies, nobody else is chosen.
 */
#include "internal.h"

#include <kernel/pid.h>
#include <kernel/printk.h>
#include <kernel/signal.h>
#include <kernel/task.h>
#include <kernel/wait.h>

#define WAIT_NS (20 * NSEC_PER_MSEC)
/* A victim that is not gone by then is stuck: another one may be chosen. */
#define VICTIM_PATIENCE_NS (5 * NSEC_PER_SEC)

static struct mutex oom_lock = MUTEX_INIT(oom_lock, RANK_SLEEP_MISC);
static u64 victim_since_ns; /* [oom_lock] 0: nobody was killed yet */
static s32 victim_tid; /* [oom_lock] */

/* Pages that its end would free; -1: it has no memory any more. Under task->lock the mm stays. */
static long task_pages(struct task *task)
{
	const struct mm *mm;
	long pages = -1;

	spin_lock(&task->lock);
	mm = task->mm;
	if (mm)
		pages = atomic_read(&mm->rss_anon) + atomic_read(&mm->rss_file) +
			atomic_read(&mm->rss_shmem) + atomic_read(&mm->table_pages);
	spin_unlock(&task->lock);
	return pages;
}

/* The same, moved by oom_score_adj. False: the task is not to be killed, or has no memory. */
static bool task_badness(struct task *task, long total, long *pages)
{
	long adjust = READ_ONCE(task->process->oom_score_adjust);

	*pages = task_pages(task);
	if (*pages < 0 || (task->process->flags & PROCESS_UNKILLABLE) || adjust == -1000)
		return false;
	*pages += adjust * (total / 1000);
	return true;
}

/* Of any of its threads: a leader may have ended before its process. */
static bool process_badness(struct process *process, long total, long *pages)
{
	struct task *thread;
	bool found = false;

	spin_lock(&tasklist_lock);
	list_for_each_entry (thread, &process->threads, thread_link) {
		found = task_badness(thread, total, pages);
		if (found)
			break;
	}
	spin_unlock(&tasklist_lock);
	return found;
}

long oom_score(struct task *task)
{
	long total = (long)page_managed_count(), pages;

	if (!process_badness(task->process, total, &pages))
		return 0;
	return MAX((1000 + pages * 1000 / total) * 2 / 3, 0L);
}

/* With a reference, or NULL. All threads are looked at, as above. */
static struct task *choose_victim(void)
{
	long total = (long)page_managed_count(), best_score = 0, pages;
	struct task *best = NULL;
	struct pid *pid;
	s32 number = 1;

	for (; (pid = pid_next_get(number)); pid_put(pid)) {
		struct task *task = task_find_get(pid->number);
		long score = task && task_badness(task, total, &pages) ? MAX(pages, 1L) : 0;

		number = pid->number + 1;
		if (score > best_score) {
			if (best)
				task_put(best);
			best_score = score;
			best = task;
		} else if (task) {
			task_put(task);
		}
	}
	return best;
}

/* Under task->lock the mm stays. */
static void mark_victim(struct task *task)
{
	spin_lock(&task->lock);
	if (task->mm)
		WRITE_ONCE(task->mm->oom_victim, true);
	spin_unlock(&task->lock);
}

static bool victim_is_dying(u64 now)
{
	struct task *task;
	bool dying;

	if (!victim_since_ns || now - victim_since_ns > VICTIM_PATIENCE_NS)
		return false;
	task = task_find_get(victim_tid);
	dying = task && READ_ONCE(task->mm);
	if (task)
		task_put(task);
	return dying;
}

/* oom_lock held. */
static bool kill_one(void)
{
	struct task *victim;
	u64 now = clock_ns();

	if (victim_is_dying(now))
		return true;
	victim = choose_victim();
	if (!victim)
		return false;
	pr_limited(LOG_ERR, "Out of memory: Killed process %d (%s)", victim->tgid, victim->comm);
	mark_victim(victim);
	victim_since_ns = now;
	victim_tid = victim->tid;
	signal_force_kill(victim);
	task_put(victim);
	return true;
}

bool oom_kill(void)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);
	bool killed;

	mutex_lock(&oom_lock);
	killed = kill_one();
	mutex_unlock(&oom_lock);
	if (killed)
		(void)wait_event_until(&nobody, false, SLEEP_KILLABLE, deadline_after(WAIT_NS));
	return killed;
}
