/* Handlers: the table that tasks may share. */
#include <abi/errno.h>
#include <kernel/poll.h>
#include <kernel/slab.h>
#include <lib/string.h>

#include "internal.h"

static struct slab_cache *sighand_cache;

void signal_init(void)
{
	sighand_cache = slab_cache_create("sighand", sizeof(struct sighand), 0);
	signal_queue_init();
}

/* With SLAB_ZERO all actions are the default ones; else they are the caller's to fill in. */
static struct sighand *sighand_make(unsigned int flags)
{
	struct sighand *sighand = slab_alloc(sighand_cache, flags);

	if (!sighand)
		return NULL;
	ref_init(&sighand->ref, 1);
	spin_init(&sighand->lock, RANK_SIGNAL);
	wait_queue_init(&sighand->signalfd_wait);
	return sighand;
}

struct sighand *sighand_alloc(void)
{
	return sighand_make(SLAB_ZERO);
}

struct sighand *sighand_clone(struct sighand *from)
{
	struct sighand *sighand = sighand_make(0);
	unsigned long flags;

	if (!sighand)
		return NULL;
	flags = spin_lock_irq(&from->lock);
	memcpy(sighand->actions, from->actions, sizeof(from->actions));
	spin_unlock_irq(&from->lock, flags);
	return sighand;
}

static void sighand_free_rcu(struct rcu_head *head)
{
	slab_free(sighand_cache, container_of(head, struct sighand, rcu));
}

void sighand_put(struct sighand *sighand)
{
	if (!ref_put(&sighand->ref))
		return;
	/* Who polls a signalfd here goes away by himself: see POLLFREE. */
	wait_wake_all(&sighand->signalfd_wait, POLLHUP | POLLFREE);
	rcu_call(&sighand->rcu, sighand_free_rcu);
}

void sighand_reset(struct sighand *sighand)
{
	for (unsigned int i = 0; i < ABI_NSIG; i++) {
		struct abi_sigaction *action = &AT(sighand->actions, i);
		u64 handler = action->handler == ABI_SIG_IGN ? ABI_SIG_IGN : ABI_SIG_DFL;

		*action = (struct abi_sigaction){ .handler = handler };
	}
}

void signal_exec(void)
{
	unsigned long flags = spin_lock_irq(&current->sighand->lock);

	sighand_reset(current->sighand);
	pending_forget_timers(&current->pending);
	pending_forget_timers(&current->process->shared_pending);
	spin_unlock_irq(&current->sighand->lock, flags);
	current->altstack_base = 0;
	current->altstack_size = 0;
	current->altstack_flags = SS_DISABLE;
}

/* What sa_flags may have; others are taken away, so that a program can find out what we know. */
#define ACTION_FLAGS                                                                               \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER |         \
	 SA_RESETHAND | SA_RESTORER)

/* sighand->lock held. An ignored signal is not pending either. */
static void forget_ignored(struct abi_sigaction *action, int signo)
{
	sigset_t bit = sigset_of(signo);
	struct task *thread;

	if (action->handler != ABI_SIG_IGN &&
	    !(action->handler == ABI_SIG_DFL && (bit & SIGNALS_IGNORE)))
		return;
	pending_remove(&current->process->shared_pending, bit);
	list_for_each_entry (thread, &current->process->threads, thread_link)
		pending_remove(&thread->pending, bit);
}

int signal_action(int signo, const struct abi_sigaction *new, struct abi_sigaction *old)
{
	struct abi_sigaction *action;
	unsigned long flags;

	if (!signal_valid(signo) || (new && (sigset_of(signo) & SIGNALS_KERNEL_ONLY)))
		return -EINVAL;
	flags = spin_lock_irq(&current->sighand->lock);
	action = sighand_action(current->sighand, signo);
	*old = *action;
	if (new) {
		*action = *new;
		action->flags &= ACTION_FLAGS;
		action->mask.bits &= ~SIGNALS_KERNEL_ONLY;
		forget_ignored(action, signo);
	}
	spin_unlock_irq(&current->sighand->lock, flags);
	return 0;
}
