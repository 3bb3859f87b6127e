/*
 * Fast user-space locking: waiting until a word of user memory changes, and waking those who wait. The word is compared under
 * the lock of the bucket that a waker takes, so no wake-up falls between comparing and sleeping.
 */
#include <abi/errno.h>
#include <abi/futex.h>
#include <abi/time.h>
#include <kernel/futex.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/vfs.h>

#include "futex_internal.h"

/* Bucket lock held. Afterwards the waiter may be gone from memory. */
static void waiter_wake(struct futex_waiter *waiter)
{
	struct task *task = waiter->task;

	task_get(task);
	list_del(&waiter->link);
	store_release(&waiter->bucket, NULL);
	sched_wake(task, TASK_INTERRUPTIBLE);
	task_put(task);
}

static int bucket_wake(struct futex_bucket *bucket, const struct futex_key *key, int count,
		       u32 bitset)
{
	struct futex_waiter *waiter, *next;
	int woken = 0;

	list_for_each_entry_safe (waiter, next, &bucket->waiters, link) {
		if (!futex_key_equal(&waiter->key, key) || !(waiter->bitset & bitset))
			continue;
		waiter_wake(waiter);
		if (++woken >= count)
			break;
	}
	return woken;
}

int futex_wake_key(const struct futex_key *key, int count, u32 bitset)
{
	struct futex_bucket *bucket = futex_bucket_of(key);
	int woken;

	spin_lock(&bucket->lock);
	woken = bucket_wake(bucket, key, count, bitset);
	spin_unlock(&bucket->lock);
	return woken;
}

static long futex_wake(struct user_ptr address, bool shared, int count, u32 bitset)
{
	struct futex_key key;
	int result;

	if (!bitset)
		return -EINVAL;
	result = futex_key_get(&key, address, shared);
	if (result)
		return result;
	result = futex_wake_key(&key, count, bitset);
	futex_key_put(&key);
	return result;
}

void futex_wake_address(struct user_ptr address)
{
	(void)futex_wake(address, true, 1, FUTEX_BITSET_MATCH_ANY);
}

/* A queued waiter leaves. False: it had been woken. A requeue may change the bucket until its lock is held. */
static bool waiter_leave(struct futex_waiter *waiter)
{
	struct futex_bucket *bucket;

	while ((bucket = load_acquire(&waiter->bucket))) {
		spin_lock(&bucket->lock);
		if (bucket == waiter->bucket) {
			list_del(&waiter->link);
			waiter->bucket = NULL;
			spin_unlock(&bucket->lock);
			return true;
		}
		spin_unlock(&bucket->lock);
	}
	return false;
}

/* Queues if the word still is `value`: 0, -EAGAIN, -EFAULT. The task's state is set: schedule comes next. */
static int wait_begin(struct futex_waiter *waiter, struct user_ptr address, u32 value)
{
	struct futex_bucket *bucket = futex_bucket_of(&waiter->key);
	u32 found;

	for (;;) {
		int error;

		spin_lock(&bucket->lock);
		if (!user_read_u32_nofault(&found, address))
			break;
		spin_unlock(&bucket->lock);
		error = user_read_u32(&found, address); /* brings the page in */
		if (error)
			return error;
	}
	if (found != value) {
		spin_unlock(&bucket->lock);
		return -EAGAIN;
	}
	waiter->bucket = bucket;
	list_add_tail(&waiter->link, &bucket->waiters);
	task_set_state(TASK_INTERRUPTIBLE);
	spin_unlock(&bucket->lock);
	return 0;
}

struct futex_wait {
	struct user_ptr address;
	u32 value, bitset;
	bool shared;
	bool realtime; /* the deadline is a moment of the wall clock */
	u64 deadline_ns;
};

/* Sleeps until woken: 0, -ETIMEDOUT, -EINTR. */
static int wait_queued(struct futex_waiter *waiter, const struct futex_wait *wait)
{
	int result = 0;

	for (;;) {
		if (!load_acquire(&waiter->bucket))
			break;
		if (result) {
			if (waiter_leave(waiter))
				return result;
			break;
		}
		/* The wall clock is read after the state is set: see struct clock_watch. */
		result = wait_sleep(SLEEP_INTERRUPTIBLE,
				    wait->realtime ? realtime_deadline(wait->deadline_ns)
						   : wait->deadline_ns);
		if (!result)
			task_set_state(TASK_INTERRUPTIBLE);
	}
	task_set_state(TASK_RUNNING);
	return 0;
}

/* 0, -EAGAIN, -ETIMEDOUT, -EINTR, -EFAULT, -EINVAL. */
static int futex_wait_once(const struct futex_wait *wait)
{
	struct futex_waiter waiter = { .task = current, .bitset = wait->bitset };
	struct clock_sleeper sleeper;
	int error;

	if (!wait->bitset)
		return -EINVAL;
	error = futex_key_get(&waiter.key, wait->address, wait->shared);
	if (error)
		return error;
	if (wait->realtime)
		clock_sleeper_add(&sleeper);
	error = wait_begin(&waiter, wait->address, wait->value);
	if (!error)
		error = wait_queued(&waiter, wait);
	task_set_state(TASK_RUNNING);
	if (wait->realtime)
		clock_watch_remove(&sleeper.watch);
	futex_key_put(&waiter.key);
	return error;
}

static long futex_wait_restart(struct restart_block *restart);

static long futex_wait(const struct futex_wait *wait)
{
	struct restart_block *restart = &current->restart;
	int error = futex_wait_once(wait);

	if (error != -EINTR)
		return error;
	if (wait->deadline_ns == TIMEOUT_NEVER)
		return -ERESTARTSYS;
	restart->fn = futex_wait_restart;
	restart->deadline_ns = wait->deadline_ns;
	restart->args[0] = wait->address.addr;
	restart->args[1] = wait->value;
	restart->args[2] = wait->bitset;
	restart->args[3] = wait->shared;
	restart->args[4] = wait->realtime;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct restart_block *restart)
{
	struct futex_wait wait = {
		.address = user_ptr(restart->args[0]),
		.value = (u32)restart->args[1],
		.bitset = (u32)restart->args[2],
		.shared = restart->args[3],
		.realtime = restart->args[4],
		.deadline_ns = restart->deadline_ns,
	};

	return futex_wait(&wait);
}

struct futex_pair { /* requeue and wake_op: two futexes */
	struct user_ptr from, to;
	bool shared;
	int wake, more; /* how many to wake of `from`; to move, or wake of `to` */
};

/* Both buckets, in address order. */
static void buckets_lock(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a == b) {
		spin_lock(&a->lock);
	} else {
		spin_lock(a < b ? &a->lock : &b->lock);
		spin_lock_nested(a < b ? &b->lock : &a->lock);
	}
}

static void buckets_unlock(struct futex_bucket *a, struct futex_bucket *b)
{
	if (a != b)
		spin_unlock(a < b ? &b->lock : &a->lock);
	spin_unlock(a < b ? &a->lock : &b->lock);
}

static void waiter_move(struct futex_waiter *waiter, struct futex_bucket *to,
			const struct futex_key *key)
{
	list_move_tail(&waiter->link, &to->waiters);
	store_release(&waiter->bucket, to);
	if (key->inode)
		inode_get(key->inode);
	/* Both keys have an inode or neither: the old reference is dropped by the caller, outside the locks. */
	waiter->key.mm = key->mm;
	waiter->key.place = key->place;
	waiter->key.inode = key->inode;
}

/* Wakes some, and moves the others to another futex: they are woken there, one by one. `expected` NULL: no comparison. */
static long requeue_keys(const struct futex_pair *pair, const u32 *expected,
			 const struct futex_key *from_key, const struct futex_key *to_key)
{
	struct futex_bucket *from = futex_bucket_of(from_key), *to = futex_bucket_of(to_key);
	struct futex_waiter *waiter, *next;
	bool same = futex_key_equal(from_key, to_key);
	int done = 0;
	u32 found;

	buckets_lock(from, to);
	while (expected && user_read_u32_nofault(&found, pair->from)) {
		int error;

		buckets_unlock(from, to);
		error = user_read_u32(&found, pair->from);
		if (error)
			return error;
		buckets_lock(from, to);
	}
	if (expected && found != *expected) {
		buckets_unlock(from, to);
		return -EAGAIN;
	}
	list_for_each_entry_safe (waiter, next, &from->waiters, link) {
		if (!futex_key_equal(&waiter->key, from_key))
			continue;
		if (done < pair->wake) {
			waiter_wake(waiter);
		} else {
			if (done - pair->wake >= pair->more)
				break;
			if (same) { /* nowhere to go: counted only */
				done++;
				continue;
			}
			if (from_key->inode)
				ref_put(&from_key->inode
						 ->ref); /* never the last: the caller's key has one */
			waiter_move(waiter, to, to_key);
		}
		done++;
	}
	buckets_unlock(from, to);
	return done;
}

static long futex_requeue(const struct futex_pair *pair, const u32 *expected)
{
	struct futex_key from, to;
	long result;

	if (pair->wake < 0 || pair->more < 0)
		return -EINVAL;
	result = futex_key_get(&from, pair->from, pair->shared);
	if (result)
		return result;
	result = futex_key_get(&to, pair->to, pair->shared);
	if (!result) {
		result = requeue_keys(pair, expected, &from, &to);
		futex_key_put(&to);
	}
	futex_key_put(&from);
	return result;
}

static s32 sign_extend_12(u32 value)
{
	return (s32)(value << 20) >> 20;
}

/* *address = old OP argument, atomically. */
static int wake_op_apply(u32 code, struct user_ptr address, u32 *old)
{
	u32 argument = (u32)sign_extend_12(code >> 12), desired, found;
	int error;

	if ((code >> 28) & FUTEX_OP_OPARG_SHIFT)
		argument = 1U << (argument & 31);
	error = user_read_u32(old, address);
	while (!error) {
		switch ((code >> 28) & 7) {
		case FUTEX_OP_SET:
			desired = argument;
			break;
		case FUTEX_OP_ADD:
			desired = *old + argument;
			break;
		case FUTEX_OP_OR:
			desired = *old | argument;
			break;
		case FUTEX_OP_ANDN:
			desired = *old & ~argument;
			break;
		case FUTEX_OP_XOR:
			desired = *old ^ argument;
			break;
		default:
			return -ENOSYS;
		}
		error = user_cmpxchg_u32(address, *old, desired, &found);
		if (error || found == *old)
			break;
		*old = found;
	}
	return error;
}

static int wake_op_compare(u32 code, u32 old)
{
	s32 a = (s32)old, b = sign_extend_12(code);

	switch ((code >> 24) & 15) {
	case FUTEX_OP_CMP_EQ:
		return a == b;
	case FUTEX_OP_CMP_NE:
		return a != b;
	case FUTEX_OP_CMP_LT:
		return a < b;
	case FUTEX_OP_CMP_GE:
		return a >= b;
	case FUTEX_OP_CMP_LE:
		return a <= b;
	case FUTEX_OP_CMP_GT:
		return a > b;
	}
	return -ENOSYS;
}

static long futex_wake_op(const struct futex_pair *pair, u32 code)
{
	struct futex_key from, to;
	u32 old = 0;
	long result = futex_key_get(&from, pair->from, pair->shared);
	int matches;

	if (result)
		return result;
	result = futex_key_get(&to, pair->to, pair->shared);
	if (result)
		goto put_from;
	result = wake_op_apply(code, pair->to, &old);
	if (result)
		goto put_to;
	matches = wake_op_compare(code, old);
	if (matches < 0) {
		result = matches;
		goto put_to;
	}
	result = futex_wake_key(&from, pair->wake, FUTEX_BITSET_MATCH_ANY);
	if (matches)
		result += futex_wake_key(&to, pair->more, FUTEX_BITSET_MATCH_ANY);
put_to:
	futex_key_put(&to);
put_from:
	futex_key_put(&from);
	return result;
}

/* FUTEX_WAIT counts from now, the others name a moment of a clock. */
static int wait_deadline(unsigned int operation, struct user_ptr timeout, struct futex_wait *wait)
{
	u64 ns;
	int error;

	wait->deadline_ns = TIMEOUT_NEVER;
	if (!timeout.addr)
		return 0;
	error = timespec_from_user(&ns, timeout);
	if (error)
		return error;
	if ((operation & FUTEX_CMD_MASK) == FUTEX_WAIT)
		wait->deadline_ns = deadline_after(ns);
	else
		wait->deadline_ns = ns;
	wait->realtime = (operation & FUTEX_CMD_MASK) != FUTEX_WAIT &&
			 (operation & FUTEX_CLOCK_REALTIME);
	return 0;
}

static long futex_wait_call(struct user_ptr address, unsigned int operation, u32 value,
			    struct user_ptr timeout, u32 bitset)
{
	struct futex_wait wait = { .address = address,
				   .value = value,
				   .bitset = bitset,
				   .shared = !(operation & FUTEX_PRIVATE_FLAG) };
	int error = wait_deadline(operation, timeout, &wait);

	return error ? error : futex_wait(&wait);
}

long sys_futex(struct user_ptr address, unsigned int operation, unsigned int value,
	       struct user_ptr timeout, struct user_ptr address2, unsigned int value3)
{
	bool shared = !(operation & FUTEX_PRIVATE_FLAG);
	int command = (int)operation & FUTEX_CMD_MASK;
	struct futex_pair pair = { address, address2, shared, (int)value, (int)timeout.addr };

	if ((operation & FUTEX_CLOCK_REALTIME) && command != FUTEX_WAIT_BITSET &&
	    command != FUTEX_WAIT)
		return -ENOSYS;
	switch (command) {
	case FUTEX_WAIT:
		return futex_wait_call(address, operation, value, timeout, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait_call(address, operation, value, timeout, value3);
	case FUTEX_WAKE:
		return futex_wake(address, shared, (int)value, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(address, shared, (int)value, value3);
	case FUTEX_REQUEUE:
		return futex_requeue(&pair, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(&pair, &value3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(&pair, value3);
	}
	return -ENOSYS; /* priority inheritance among them */
}
