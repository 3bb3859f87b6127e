/* Shared by the futex files: the queues of waiters. */
#pragma once

#include <profile/bounds.h>
#include <kernel/locks.h>
#include <kernel/task.h>

struct inode;
struct mm;

/*
 * What a futex is. Private memory: the address space and the address. Memory that others may map elsewhere: the file and the
 * place in it. Holds a reference to `inode`.
 */
struct futex_key {
	struct mm *mm; /* NULL: shared */
	struct inode *inode;
	u64 place; /* address, or byte offset in the file */
};
/* In an address: asked for as if others could map it. As on Linux, whoever waits so is not woken by who asks privately. */
#define FUTEX_PLACE_SHARED 1UL

struct futex_bucket {
	struct spinlock lock; /* RANK_FUTEX */
	struct list waiters; /* [lock] first come, first served */
};

/* On the waiter's stack. */
struct futex_waiter {
	struct list link; /* [bucket lock] */
	struct futex_bucket *bucket; /* [its lock] NULL: woken, the waker is done with this struct */
	struct futex_key key;
	struct task *task;
	u32 bitset;
};

/* 0 or -EFAULT, -EINVAL (not a multiple of 4). `shared`: look whether the memory can be mapped elsewhere. */
int futex_key_get(struct futex_key *key, struct user_ptr address, bool shared);
void futex_key_put(struct futex_key *key);
bool futex_key_equal(const struct futex_key *a, const struct futex_key *b);
struct futex_bucket *futex_bucket_of(const struct futex_key *key);

/* Wakes up to `count` waiters with a bit in common; how many. */
int futex_wake_key(const struct futex_key *key, int count, u32 bitset);
