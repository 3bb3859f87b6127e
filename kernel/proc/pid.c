/* Numbers of processes, threads, groups and sessions, and finding a struct pid by its number. */
#include <abi/errno.h>
#include <kernel/locks.h>
#include <kernel/pid.h>
#include <kernel/slab.h>
#include <lib/err.h>
#include <lib/radix.h>
#include <profile/bounds.h>

/* After the numbers went round once, the low ones stay with the daemons that took them at boot. */
#define PID_ROUND_FIRST 300

static struct slab_cache *pid_cache, *node_cache;
static struct spinlock pid_lock = SPINLOCK_INIT(RANK_PID);
static u64 pid_next = 1; /* [pid_lock] */

static struct radix_node *node_alloc(void)
{
	return slab_alloc(node_cache, SLAB_ZERO | SLAB_ATOMIC);
}

static void node_free_rcu(struct rcu_head *head)
{
	slab_free(node_cache, container_of((void **)head, struct radix_node, deferred[0]));
}

static void node_free(struct radix_node *node)
{
	rcu_call((struct rcu_head *)node->deferred, node_free_rcu);
}
_Static_assert(sizeof(struct rcu_head) <= sizeof(((struct radix_node *)0)->deferred),
	       "a callback fits into a node");

static const struct radix_ops pid_radix_ops = { .alloc = node_alloc, .free = node_free };
static struct radix_root pids = RADIX_ROOT(&pid_radix_ops); /* [R pid_lock] */

void pid_init(void)
{
	pid_cache = slab_cache_create("pid", sizeof(struct pid), 0);
	node_cache = slab_cache_create("pid_node", sizeof(struct radix_node), 0);
}

/* pid_lock held. */
static int pid_insert(struct pid *pid)
{
	u64 number;
	int error;

	if (!radix_find_unused(&pids, pid_next, &number) || number >= PID_MAX) {
		if (!radix_find_unused(&pids, PID_ROUND_FIRST, &number) || number >= PID_MAX)
			return -EAGAIN;
	}
	pid->number = (s32)number;
	error = radix_insert(&pids, number, pid);
	if (!error)
		pid_next = number + 1;
	return error;
}

/* pid_lock held. */
static int pid_insert_at(struct pid *pid, s32 number)
{
	if (radix_lookup(&pids, (u64)number))
		return -EEXIST;
	pid->number = number;
	return radix_insert(&pids, (u64)number, pid);
}

/* `number` 0: the next one. */
static struct pid *pid_make(s32 number)
{
	struct pid *pid = slab_alloc(pid_cache, SLAB_ZERO);
	int error;

	if (!pid)
		return ERR_PTR(-ENOMEM);
	ref_init(&pid->ref, 1);
	wait_queue_init(&pid->wait);
	for (unsigned int type = 0; type < PID_TYPES; type++)
		list_init(&AT(pid->tasks, type));
	spin_lock(&pid_lock);
	error = number ? pid_insert_at(pid, number) : pid_insert(pid);
	spin_unlock(&pid_lock);
	if (!error)
		return pid;
	slab_free(pid_cache, pid);
	return ERR_PTR(error);
}

struct pid *pid_alloc(void)
{
	return pid_make(0);
}

struct pid *pid_alloc_number(s32 number)
{
	return number < 1 || number >= PID_MAX ? ERR_PTR(-EINVAL) : pid_make(number);
}

struct pid *pid_find(s32 number)
{
	return number > 0 ? radix_lookup(&pids, (u64)number) : NULL;
}

struct pid *pid_find_get(s32 number)
{
	struct pid *pid;

	rcu_read_lock();
	pid = pid_find(number);
	if (pid && !ref_try_get(&pid->ref))
		pid = NULL;
	rcu_read_unlock();
	return pid;
}

struct pid *pid_next_get(s32 number)
{
	u64 index = number > 0 ? (u64)number : 1;
	struct pid *pid;

	rcu_read_lock();
	while ((pid = radix_next(&pids, &index)) && !ref_try_get(&pid->ref))
		index++;
	rcu_read_unlock();
	return pid;
}

s32 pid_last(void)
{
	return (s32)READ_ONCE(pid_next) - 1;
}

struct pid *pid_get(struct pid *pid)
{
	ref_get(&pid->ref);
	return pid;
}

static void pid_free_rcu(struct rcu_head *head)
{
	slab_free(pid_cache, container_of(head, struct pid, rcu));
}

void pid_put(struct pid *pid)
{
	if (!pid || !ref_put(&pid->ref))
		return;
	spin_lock(&pid_lock);
	radix_delete(&pids, (u64)pid->number);
	spin_unlock(&pid_lock);
	rcu_call(&pid->rcu, pid_free_rcu);
}
