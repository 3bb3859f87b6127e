/*
 * Whom an open file's signals go to (F_SETOWN, F_SETSIG), and O_ASYNC: a signal whenever the file becomes ready.
 *
 * An O_ASYNC file has entries on the wait queues that its poll operation names, so whoever wakes those need not know of it. The
 * entry's function runs under the queue's lock, where no signal can be sent: it notes the reason, and the signals go out when
 * the running task returns to user mode or, as that may take long, in a work, whichever is first. Both send under one lock, so
 * a program that has made a file ready finds the signal sent when its call returns.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/pid.h>
#include <kernel/poll.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/slab.h>
#include <kernel/work.h>

#define QUEUES_MAX 3 /* of one file */

struct async_entry {
	struct wait_entry wait;
	struct wait_queue *queue; /* [armed_lock] */
	struct file_owner *owner; /* [I] */
};

struct file_owner {
	struct refcount ref; /* of the file, of a note in a task's work list, of a queued work */
	struct spinlock lock; /* RANK_FILES */
	struct pid *pid; /* [lock] reference; NULL: nobody */
	enum pid_type type; /* [lock] of `pid` */
	u32 uid, euid; /* [lock] of who set it: must be allowed to signal the owner */
	int signo; /* [A] F_SETSIG; 0: plain SIGIO */
	int fd; /* [A] what O_ASYNC was asked by */
	struct file *file; /* [I] not looked at once its entries are removed */
	struct mutex armed_lock; /* RANK_EPOLL: asks the file for its queues, as epoll does */
	unsigned int entry_count; /* [armed_lock] */
	struct async_entry entries[QUEUES_MAX];
	u32 pending; /* [A] bits 1 << reason that are to be sent */
	u32 noted; /* [A] task_work is in somebody's list */
	struct task_work task_work;
	struct work work;
	struct mutex send_lock; /* RANK_SLEEP_MISC */
};

static void owner_put(struct file_owner *owner)
{
	if (!ref_put(&owner->ref))
		return;
	pid_put(owner->pid);
	kfree(owner);
}

/* --- Sending ------------------------------------------------------------------------------------------------------------- */

/* What a send needs, as it was at one moment. */
struct recipient {
	struct pid *pid; /* reference */
	enum pid_type type;
	u32 uid, euid;
};

static bool recipient_get(struct file_owner *owner, struct recipient *to)
{
	spin_lock(&owner->lock);
	*to = (struct recipient){ owner->pid ? pid_get(owner->pid) : NULL, owner->type, owner->uid,
				  owner->euid };
	spin_unlock(&owner->lock);
	return to->pid;
}

static bool may_signal(const struct recipient *to, struct task *task)
{
	const struct cred *other;
	bool may;

	rcu_read_lock();
	other = rcu_dereference(task->cred);
	may = !to->euid || to->euid == other->suid || to->euid == other->uid ||
	      to->uid == other->suid || to->uid == other->uid;
	rcu_read_unlock();
	return may;
}

/* `info` NULL: a plain `signo`. */
static void send_to_task(const struct recipient *to, struct task *task, int signo,
			 const struct abi_siginfo *info)
{
	bool whole = to->type != PID_THREAD;

	if (!may_signal(to, task))
		return;
	if (info && !(whole ? signal_send_process(task, info) : signal_send_task(task, info)))
		return;
	signal_kernel(task, signo, whole); /* also if there is no room for one that tells more */
}

static void send_to(const struct recipient *to, int signo, const struct abi_siginfo *info)
{
	struct task *task;

	spin_lock(&tasklist_lock);
	list_for_each_entry (task, &to->pid->tasks[to->type], pid_links[to->type])
		send_to_task(to, task, signo, info);
	spin_unlock(&tasklist_lock);
	pid_put(to->pid);
}

/* Signals whose codes mean something else. */
#define OWN_CODES                                                                                  \
	(sigset_of(SIGILL) | sigset_of(SIGFPE) | sigset_of(SIGSEGV) | sigset_of(SIGBUS) |          \
	 sigset_of(SIGTRAP) | sigset_of(SIGCHLD) | sigset_of(SIGSYS))

static void send_reason(struct file_owner *owner, int reason)
{
	static const u32 bands[] = {
		[POLL_IN] = READY_IN,		[POLL_OUT] = READY_OUT | POLLWRBAND,
		[POLL_ERR] = POLLERR,		[POLL_PRI] = POLLPRI | POLLRDBAND,
		[POLL_HUP] = POLLHUP | POLLERR,
	};
	int signo = READ_ONCE(owner->signo);
	struct abi_siginfo info = { .si_signo = signo };
	struct recipient to;

	if (!recipient_get(owner, &to))
		return;
	info.si_code = signo && (sigset_of(signo) & OWN_CODES) ? SI_SIGIO : reason;
	info.fields.poll.band = bands[reason];
	info.fields.poll.fd = READ_ONCE(owner->fd);
	send_to(&to, SIGIO, signo ? &info : NULL);
}

static void send_pending(struct file_owner *owner)
{
	u32 pending;

	mutex_lock(&owner->send_lock);
	pending = xchg(&owner->pending, 0);
	for (int reason = POLL_IN; reason <= POLL_HUP; reason++)
		if (pending & (1u << reason))
			send_reason(owner, reason);
	mutex_unlock(&owner->send_lock);
	owner_put(owner);
}

static void send_in_task(struct task_work *work)
{
	struct file_owner *owner = container_of(work, struct file_owner, task_work);

	store_release(&owner->noted, 0); /* from here it may be in a list again */
	send_pending(owner);
}

static void send_in_work(struct work *work)
{
	send_pending(container_of(work, struct file_owner, work));
}

/* The running task sends before it returns to user mode, if it ever does. */
static void note_in_task(struct file_owner *owner)
{
	if (in_interrupt() || (current->flags & TASK_FLAG_KERNEL) || xchg(&owner->noted, 1))
		return;
	ref_get(&owner->ref);
	if (task_work_add(current, &owner->task_work)) {
		store_release(&owner->noted, 0);
		owner_put(owner); /* the file has one too */
	}
}

/* Under a queue's lock, interrupts off. */
static bool async_wake(struct wait_entry *entry, u32 key)
{
	struct file_owner *owner = container_of(entry, struct async_entry, wait)->owner;
	int reason = owner->file->ops->async->reason(owner->file, key);

	if (!reason)
		return false;
	__atomic_fetch_or(&owner->pending, 1u << reason, __ATOMIC_SEQ_CST);
	note_in_task(owner);
	ref_get(&owner->ref);
	if (!work_queue(&owner->work))
		owner_put(owner);
	return false;
}

int file_async_reason(struct file *file, u32 key)
{
	(void)file;
	return key & POLLIN ? POLL_IN : key & POLLOUT ? POLL_OUT : 0;
}

const struct async_ops file_async_ops = { .reason = file_async_reason };

void file_signal_urgent(struct file *file)
{
	struct file_owner *owner = load_acquire(&file->owner);
	struct recipient to;

	if (owner && recipient_get(owner, &to))
		send_to(&to, SIGURG, NULL);
}

/* --- The owner -------------------------------------------------------------------------------------------------------------- */

/* The file's, made the first time; NULL: out of memory. */
static struct file_owner *owner_of(struct file *file)
{
	struct file_owner *owner = load_acquire(&file->owner), *old = NULL;

	if (owner)
		return owner;
	owner = kzalloc(sizeof(*owner));
	if (!owner)
		return NULL;
	ref_init(&owner->ref, 1);
	spin_init(&owner->lock, RANK_FILES);
	mutex_init(&owner->armed_lock, RANK_EPOLL);
	mutex_init(&owner->send_lock, RANK_SLEEP_MISC);
	work_init(&owner->work, send_in_work);
	owner->task_work.fn = send_in_task;
	owner->type = PID_PROCESS;
	owner->file = file;
	if (try_cmpxchg(&file->owner, &old, owner))
		return owner;
	kfree(owner);
	return old;
}

int file_set_owner(struct file *file, struct pid *pid, enum pid_type type, bool replace)
{
	struct file_owner *owner = owner_of(file);
	const struct cred *cred = current->cred;
	struct pid *old = pid;

	if (owner) {
		spin_lock(&owner->lock);
		if (replace || !owner->pid) {
			old = owner->pid;
			owner->pid = pid;
			owner->type = type;
			owner->uid = cred->uid;
			owner->euid = cred->euid;
		}
		spin_unlock(&owner->lock);
	}
	pid_put(old);
	return owner ? 0 : -ENOMEM;
}

int file_set_owner_number(struct file *file, s32 number, enum pid_type type)
{
	struct pid *pid = number ? pid_find_get(number) : NULL;

	if (number && !pid)
		return -ESRCH;
	return file_set_owner(file, pid, type, true);
}

int file_set_owner_signed(struct file *file, s32 number)
{
	if (number == (s32)0x80000000)
		return -EINVAL;
	return number < 0 ? file_set_owner_number(file, -number, PID_GROUP)
			  : file_set_owner_number(file, number, PID_PROCESS);
}

s32 file_owner_number(struct file *file, enum pid_type *type)
{
	struct file_owner *owner = load_acquire(&file->owner);
	s32 number = 0;

	*type = PID_PROCESS;
	if (!owner)
		return 0;
	spin_lock(&owner->lock);
	*type = owner->type;
	if (owner->pid && !list_empty(&owner->pid->tasks[owner->type]))
		number = pid_number(owner->pid);
	spin_unlock(&owner->lock);
	return number;
}

s32 file_owner_signed(struct file *file)
{
	enum pid_type type;
	s32 number = file_owner_number(file, &type);

	return type == PID_GROUP ? -number : number;
}

int file_set_signal(struct file *file, u64 signo)
{
	struct file_owner *owner;

	if (signo > ABI_NSIG)
		return -EINVAL;
	owner = owner_of(file);
	if (!owner)
		return -ENOMEM;
	WRITE_ONCE(owner->signo, (int)signo);
	return 0;
}

int file_signal(struct file *file)
{
	struct file_owner *owner = load_acquire(&file->owner);

	return owner ? READ_ONCE(owner->signo) : 0;
}

/* --- O_ASYNC ---------------------------------------------------------------------------------------------------------------- */

struct async_table {
	struct poll_table table;
	struct file_owner *owner;
};

static void entry_add(struct poll_table *table, struct file *file, struct wait_queue *queue)
{
	struct file_owner *owner = container_of(table, struct async_table, table)->owner;
	struct async_entry *entry;

	(void)file;
	if (owner->entry_count == QUEUES_MAX)
		return;
	entry = &owner->entries[owner->entry_count++];
	entry->queue = queue;
	entry->owner = owner;
	wait_entry_init_fn(&entry->wait, async_wake);
	wait_add(queue, &entry->wait);
}

/* False: it was not armed. */
static bool disarm(struct file_owner *owner)
{
	bool armed = owner->entry_count;

	while (owner->entry_count) {
		struct async_entry *entry = &owner->entries[--owner->entry_count];

		wait_remove(entry->queue, &entry->wait);
	}
	return armed;
}

static int arm(struct file_owner *owner, struct file *file, int fd)
{
	struct async_table table = { .table = { .add = entry_add, .events = ~0u }, .owner = owner };
	int error = file->ops->async->begin ? file->ops->async->begin(file) : 0;

	if (error)
		return error;
	WRITE_ONCE(owner->fd, fd);
	if (!owner->entry_count)
		(void)file_poll(file, &table.table);
	return 0;
}

int file_set_async(struct file *file, int fd, bool on)
{
	struct file_owner *owner;
	bool changes = true;
	int error = 0;

	if (!file->ops->async)
		return -ENOTTY;
	owner = owner_of(file);
	if (!owner)
		return -ENOMEM;
	mutex_lock(&owner->armed_lock);
	if (on)
		error = arm(owner, file, fd);
	else
		changes = disarm(
			owner); /* the flag of an open with O_ASYNC, which arms nothing, stays */
	if (!error && changes) {
		spin_lock(&file->lock);
		WRITE_ONCE(file->flags, on ? file->flags | FASYNC : file->flags & ~(u32)FASYNC);
		spin_unlock(&file->lock);
	}
	mutex_unlock(&owner->armed_lock);
	return error;
}

void file_owner_release(struct file *file)
{
	(void)disarm(file->owner);
	owner_put(file->owner);
}
