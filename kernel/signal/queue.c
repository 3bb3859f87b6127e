/* Pending signals: the set, and the queue of what is known about each. */
#include <abi/errno.h>
#include <kernel/slab.h>
#include <lib/string.h>

#include "internal.h"

static struct slab_cache *queued_cache;

void signal_queue_init(void)
{
	queued_cache = slab_cache_create("signal", sizeof(struct signal_queued), 0);
}

void signal_pending_init(struct signal_pending *pending)
{
	pending->set = 0;
	list_init(&pending->queue);
}

/* Off its list; a timer keeps its own. */
static void queued_free(struct signal_queued *queued)
{
	if (queued->timer)
		return;
	if (queued->account) {
		atomic_dec(&queued->account->signals);
		user_account_put(queued->account);
	}
	slab_free(queued_cache, queued);
}

void signal_pending_flush(struct signal_pending *pending)
{
	struct signal_queued *queued, *next;

	pending->set = 0;
	list_for_each_entry_safe (queued, next, &pending->queue, link) {
		list_del_init(&queued->link);
		queued_free(queued);
	}
}

void pending_remove(struct signal_pending *pending, sigset_t set)
{
	struct signal_queued *queued, *next;

	if (!(pending->set & set))
		return;
	pending->set &= ~set;
	list_for_each_entry_safe (queued, next, &pending->queue, link) {
		if (!(sigset_of(queued->info.si_signo) & set))
			continue;
		list_del_init(&queued->link);
		queued_free(queued);
	}
}

/* `unlimited`: signals that must not get lost for somebody else's queue. NULL: none to be had. */
static struct signal_queued *queued_alloc(struct task *target, bool unlimited)
{
	struct signal_queued *queued;
	struct user_account *account;
	struct cred *cred;

	rcu_read_lock();
	cred = rcu_dereference(target->cred);
	account = cred->account;
	if (!ref_try_get(&account->ref))
		account = NULL;
	rcu_read_unlock();
	if (!account)
		return NULL;
	if ((u64)atomic_add_return(&account->signals, 1) > task_limit(target, RLIMIT_SIGPENDING) &&
	    !unlimited)
		goto put_account;
	queued = slab_alloc(queued_cache, SLAB_ATOMIC);
	if (!queued)
		goto put_account;
	queued->account = account;
	queued->timer = NULL;
	return queued;

put_account:
	atomic_dec(&account->signals);
	user_account_put(account);
	return NULL;
}

int pending_add(struct signal_pending *pending, struct task *target, const struct abi_siginfo *info)
{
	int signo = info->si_signo;
	struct signal_queued *queued = NULL;

	/* A kill needs no words. */
	if (signo != SIGKILL)
		queued = queued_alloc(target, signo < SIGRTMIN && info->si_code >= 0);
	if (queued) {
		queued->info = *info;
		list_add_tail(&queued->link, &pending->queue);
	} else if (signo >= SIGRTMIN && info->si_code != SI_USER) {
		return -EAGAIN;
	}
	pending->set |= sigset_of(signo);
	return 0;
}

struct signal_queued *signal_timer_entry(struct posix_timer *timer)
{
	struct signal_queued *entry = queued_alloc(current, false);

	if (!entry)
		return NULL;
	list_init(&entry->link);
	entry->timer = timer;
	return entry;
}

void signal_timer_info(struct signal_queued *entry, const struct abi_siginfo *info)
{
	entry->info = *info;
}

void signal_timer_release(struct signal_queued *entry)
{
	entry->timer = NULL;
	if (list_empty(&entry->link))
		queued_free(entry);
}

void signal_timers_detach(struct signal_pending *pending)
{
	struct signal_queued *queued, *next;

	list_for_each_entry_safe (queued, next, &pending->queue, link)
		if (queued->timer)
			list_del_init(&queued->link);
}

void pending_forget_timers(struct signal_pending *pending)
{
	struct signal_queued *queued, *next;
	sigset_t gone = 0, kept = 0;

	list_for_each_entry_safe (queued, next, &pending->queue, link) {
		if (queued->info.si_code != SI_TIMER) {
			kept |= sigset_of(queued->info.si_signo);
			continue;
		}
		gone |= sigset_of(queued->info.si_signo);
		list_del_init(&queued->link);
		queued_free(queued);
	}
	pending->set &= ~(gone & ~kept);
}

/* The first entry of `signo` leaves the queue; its bit too, unless another one is queued. */
static void pending_collect(struct signal_pending *pending, int signo, struct abi_siginfo *info)
{
	struct signal_queued *queued, *first = NULL;
	bool more = false;

	list_for_each_entry (queued, &pending->queue, link) {
		if (queued->info.si_signo != signo)
			continue;
		more = first;
		if (more)
			break;
		first = queued;
	}
	if (!more)
		pending->set &= ~sigset_of(signo);
	if (!first) {
		memset(info, 0, sizeof(*info));
		info->si_signo = signo;
		return;
	}
	*info = first->info;
	list_del_init(&first->link);
	if (first->timer)
		posix_timer_taken(first->timer, info);
	queued_free(first);
}

int pending_take(struct signal_pending *pending, sigset_t blocked, struct abi_siginfo *info)
{
	sigset_t set = pending->set & ~blocked;
	int signo;

	if (!set)
		return 0;
	if (set & SIGNALS_SYNCHRONOUS)
		set &= SIGNALS_SYNCHRONOUS;
	signo = __builtin_ctzll(set) + 1;
	pending_collect(pending, signo, info);
	return signo;
}

int signal_dequeue(struct task *task, sigset_t mask, struct abi_siginfo *info)
{
	int signo = pending_take(&task->pending, ~mask, info);

	if (!signo)
		signo = pending_take(&task->process->shared_pending, ~mask, info);
	if (signo && (sigset_of(signo) & SIGNALS_STOP))
		task->job_control |= JOB_STOP_DEQUEUED;
	signal_recalculate(task);
	return signo;
}
