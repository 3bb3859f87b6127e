/*
 * Advisory locks on files: flock (owned by the open file), POSIX records (owned by the descriptor table, that is by the
 * process) and OFD records (owned by the open file).
 *
 * All locks of an inode are lists under inode->state_lock; who has to wait sleeps on the inode's queue and tries again
 * when something was released. lock_wait.c knows who waits for whom.
 */
#include "internal.h"
#include "lock_wait.h"

#include <abi/errno.h>
#include <kernel/file_locks.h>
#include <kernel/signal.h>
#include <kernel/wait.h>
#include <lib/err.h>

/* Both ends inclusive. flock has the whole file. */
struct file_lock {
	struct list link; /* [state_lock] */
	const void *owner; /* struct files, or struct file */
	u64 start, end;
	s32 pid;
	short type; /* F_RDLCK or F_WRLCK */
};

struct file_locks {
	struct list records, flocks; /* [state_lock] */
	struct wait_queue released;
};

static struct slab_cache *lock_cache __ro_after_init;

static struct file_locks *locks_of(struct inode *inode)
{
	struct file_locks *locks = load_acquire(&inode->locks), *made;

	if (locks)
		return locks;
	made = kzalloc(sizeof(*made));
	if (!made)
		return NULL;
	list_init(&made->records);
	list_init(&made->flocks);
	wait_queue_init(&made->released);
	if (try_cmpxchg(&inode->locks, &locks, made))
		return made;
	kfree(made);
	return locks;
}

void locks_free(struct inode *inode)
{
	kfree(inode->locks);
}

static void free_list(struct list *list)
{
	while (!list_empty(list)) {
		struct file_lock *lock = list_first_entry(list, struct file_lock, link);

		list_del(&lock->link);
		slab_free(lock_cache, lock);
	}
}

static void take_owned(struct list *list, const void *owner, struct list *dead)
{
	struct file_lock *lock, *next;

	list_for_each_entry_safe (lock, next, list, link) {
		if (lock->owner == owner)
			list_move_tail(&lock->link, dead);
	}
}

static bool overlaps(const struct file_lock *lock, const struct file_lock *other)
{
	return lock->start <= other->end && other->start <= lock->end;
}

static const struct file_lock *find_conflict(const struct list *list, const struct file_lock *want)
{
	struct file_lock *lock;

	list_for_each_entry (lock, list, link) {
		if (lock->owner != want->owner && overlaps(lock, want) &&
		    (lock->type == F_WRLCK || want->type == F_WRLCK))
			return lock;
	}
	return NULL;
}

/* --- Records ----------------------------------------------------------------------------------------------------------- */

static bool touches(const struct file_lock *lock, const struct file_lock *other)
{
	return overlaps(lock, other) || (lock->end + 1 == other->start && lock->end != ~0UL) ||
	       (other->end + 1 == lock->start && other->end != ~0UL);
}

/* `lock` keeps what lies outside of `hole`. Its right part, when the hole is inside, goes to `spare`: true if it was used. */
static bool cut_hole(struct file_lock *lock, const struct file_lock *hole, struct file_lock *spare,
		     struct list *dead)
{
	bool left = lock->start<hole->start, right = lock->end> hole->end;

	if (left && right) {
		*spare = *lock;
		spare->start = hole->end + 1;
		list_add(&spare->link, &lock->link);
		lock->end = hole->start - 1;
		return true;
	}
	if (left)
		lock->end = hole->start - 1;
	else if (right)
		lock->start = hole->end + 1;
	else
		list_move_tail(&lock->link, dead);
	return false;
}

/* Will setting `set` cut a lock of its owner in two? */
static bool splits(const struct list *records, const struct file_lock *set)
{
	struct file_lock *lock;

	list_for_each_entry (lock, records, link) {
		if (lock->owner == set->owner && lock->type != set->type &&
		    lock->start < set->start && lock->end > set->end)
			return true;
	}
	return false;
}

/*
 * Takes from `set`'s owner what it has in the range, and widens `set` by what it has of the same type there and beside.
 * True if `spare` was used. state_lock held.
 */
static bool clear_range(struct list *records, struct file_lock *set, struct file_lock *spare,
			struct list *dead)
{
	struct file_lock *lock, *next;
	bool used = false;

	list_for_each_entry_safe (lock, next, records, link) {
		if (lock->owner != set->owner)
			continue;
		if (lock->type == set->type && touches(lock, set)) {
			set->start = MIN(set->start, lock->start);
			set->end = MAX(set->end, lock->end);
			list_move_tail(&lock->link, dead);
		} else if (overlaps(lock, set)) {
			used |= cut_hole(lock, set, spare, dead);
		}
	}
	return used;
}

/* An owner's records are in the order of their ranges, which is how F_GETLK tells them. */
static void insert(struct list *list, struct file_lock *lock)
{
	struct list *before = list;
	struct file_lock *other;

	list_for_each_entry (other, list, link) {
		if (other->owner == lock->owner && other->start > lock->start) {
			before = &other->link;
			break;
		}
	}
	list_add_tail(&lock->link, before);
}

/* What one attempt works with. Memory for list entries is fetched before, and only if it will be needed. */
struct attempt {
	struct inode *inode;
	struct file_locks *locks;
	struct file_lock set; /* what is wanted */
	struct file_lock *entry, *spare; /* NULL: none fetched, or used */
	struct blocked blocked;
	bool flock, detect, wait;
};

#define NEED_SPARE 1

static int conflict_result(struct attempt *attempt, const struct file_lock *conflict)
{
	int error = attempt->wait
			    ? blocked_note(&attempt->blocked, conflict->owner, attempt->detect)
			    : 0;

	return error ? error : -EAGAIN;
}

/* 0: done; -EAGAIN: somebody is in the way; -EDEADLK; NEED_SPARE. state_lock held. */
static int try_locked(struct attempt *attempt, struct list *dead)
{
	struct list *list = attempt->flock ? &attempt->locks->flocks : &attempt->locks->records;
	struct file_lock *set = &attempt->set;
	const struct file_lock *conflict = NULL;

	/* Changing a flock gives the old one up first, even if the new one is then refused. */
	if (attempt->flock)
		take_owned(list, set->owner, dead);
	if (set->type != F_UNLCK)
		conflict = find_conflict(list, set);
	if (conflict)
		return conflict_result(attempt, conflict);
	if (!attempt->flock) {
		if (!attempt->spare && splits(list, set))
			return NEED_SPARE;
		if (clear_range(list, set, attempt->spare, dead))
			attempt->spare = NULL;
	}
	if (set->type != F_UNLCK) {
		*attempt->entry = *set;
		insert(list, attempt->entry);
		attempt->entry = NULL;
	}
	return 0;
}

static int try_once(struct attempt *attempt)
{
	struct list dead = LIST_INIT(dead);
	bool released;
	int error;

	spin_lock(&attempt->inode->state_lock);
	error = try_locked(attempt, &dead);
	spin_unlock(&attempt->inode->state_lock);
	/* Cutting a lock releases something too. */
	released = !list_empty(&dead) || (!error && attempt->set.type == F_UNLCK);
	free_list(&dead);
	if (released)
		blocked_wake(&attempt->locks->released);
	return error;
}

static int try_with_spare(struct attempt *attempt)
{
	int error;

	while ((error = try_once(attempt)) == NEED_SPARE) {
		attempt->spare = slab_alloc(lock_cache, 0);
		if (!attempt->spare)
			return -ENOMEM;
	}
	return error;
}

/* Runs it to its end. */
static int attempt_run(struct attempt *attempt)
{
	int error = -ENOMEM;

	attempt->locks = locks_of(attempt->inode);
	attempt->blocked.queue = attempt->locks ? &attempt->locks->released : NULL;
	if (attempt->set.type != F_UNLCK)
		attempt->entry = slab_alloc(lock_cache, 0);
	if (attempt->locks && (attempt->entry || attempt->set.type == F_UNLCK))
		error = try_with_spare(attempt);
	if (attempt->wait && error == -EAGAIN &&
	    wait_event_interruptible(&attempt->locks->released,
				     (error = try_with_spare(attempt)) != -EAGAIN))
		error = -ERESTARTSYS;
	if (attempt->wait)
		blocked_forget(&attempt->blocked);
	slab_free(lock_cache, attempt->entry);
	slab_free(lock_cache, attempt->spare);
	return error;
}

static void attempt_begin(struct attempt *attempt, struct inode *inode, bool wait)
{
	attempt->inode = inode;
	attempt->entry = attempt->spare = NULL;
	attempt->blocked.owner = attempt->set.owner;
	list_init(&attempt->blocked.link);
	attempt->flock = attempt->detect = false;
	attempt->wait = wait;
}

/* --- The calls ---------------------------------------------------------------------------------------------------------- */

int file_flock(struct file *file, int operation)
{
	struct attempt attempt;
	short type;

	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		type = F_RDLCK;
		break;
	case LOCK_EX:
		type = F_WRLCK;
		break;
	case LOCK_UN:
		type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	attempt.set.owner = file;
	attempt.set.start = 0;
	attempt.set.end = ~0UL;
	attempt.set.pid = current->tgid;
	attempt.set.type = type;
	attempt_begin(&attempt, file->inode, !(operation & LOCK_NB));
	attempt.flock = true;
	return attempt_run(&attempt);
}

static int base_of_range(const struct file *file, const struct abi_flock *flock, s64 *base)
{
	*base = 0;
	switch (flock->l_whence) {
	case SEEK_SET:
		return 0;
	case SEEK_CUR:
		*base = (s64)READ_ONCE(file->position);
		return 0;
	case SEEK_END:
		*base = (s64)READ_ONCE(file->inode->size);
		return 0;
	}
	return -EINVAL;
}

/* The range of a struct flock as two inclusive ends. A negative length ends before the start; 0 reaches to the end. */
static int set_range(const struct file *file, const struct abi_flock *flock, struct file_lock *lock)
{
	s64 start, end;
	int error = base_of_range(file, flock, &start);

	if (error)
		return error;
	if (__builtin_add_overflow(start, flock->l_start, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	lock->start = (u64)start;
	lock->end = FILE_SIZE_MAX;
	if (flock->l_len > 0) {
		if (__builtin_add_overflow(start, flock->l_len - 1, &end))
			return -EOVERFLOW;
		lock->end = (u64)end;
	} else if (flock->l_len < 0) {
		if (start + flock->l_len < 0)
			return -EINVAL;
		lock->start = (u64)(start + flock->l_len);
		lock->end = (u64)start - 1;
	}
	return 0;
}

static int set_from_user(struct file *file, const struct abi_flock *flock, bool ofd,
			 struct file_lock *lock)
{
	if (flock->l_type != F_RDLCK && flock->l_type != F_WRLCK && flock->l_type != F_UNLCK)
		return -EINVAL;
	if (ofd && flock->l_pid)
		return -EINVAL;
	*lock = (struct file_lock){
		.owner = ofd ? (void *)file : (void *)current->files,
		.pid = ofd ? -1 : current->tgid,
		.type = flock->l_type,
	};
	return set_range(file, flock, lock);
}

static int may_lock(const struct file *file, short type)
{
	if (type == F_RDLCK && !(file->mode & FILE_READ))
		return -EBADF;
	if (type == F_WRLCK && !(file->mode & FILE_WRITE))
		return -EBADF;
	return 0;
}

int file_set_record(struct file *file, const struct abi_flock *flock, bool ofd, bool wait)
{
	struct attempt attempt;
	int error = set_from_user(file, flock, ofd, &attempt.set);

	if (!error)
		error = may_lock(file, attempt.set.type);
	if (error)
		return error;
	attempt_begin(&attempt, file->inode, wait);
	attempt.detect = !ofd;
	return attempt_run(&attempt);
}

int file_get_record(struct file *file, struct abi_flock *flock, bool ofd)
{
	struct file_locks *locks = load_acquire(&file->inode->locks);
	const struct file_lock *conflict;
	struct file_lock want;
	int error = set_from_user(file, flock, ofd, &want);

	/* F_UNLCK is a question only about OFD locks of later kernels. */
	if (!error && want.type == F_UNLCK)
		error = -EINVAL;
	if (error)
		return error;
	flock->l_type = F_UNLCK;
	if (!locks)
		return 0;
	spin_lock(&file->inode->state_lock);
	conflict = find_conflict(&locks->records, &want);
	if (conflict) {
		flock->l_type = conflict->type;
		flock->l_whence = SEEK_SET;
		flock->l_start = (long)conflict->start;
		flock->l_len = conflict->end == FILE_SIZE_MAX
				       ? 0
				       : (long)(conflict->end - conflict->start + 1);
		flock->l_pid = conflict->pid;
	}
	spin_unlock(&file->inode->state_lock);
	return 0;
}

/* --- Release -------------------------------------------------------------------------------------------------------------- */

static void release_owned(struct inode *inode, const void *owner)
{
	struct file_locks *locks = load_acquire(&inode->locks);
	struct list dead = LIST_INIT(dead);

	spin_lock(&inode->state_lock);
	take_owned(&locks->records, owner, &dead);
	take_owned(&locks->flocks, owner, &dead);
	spin_unlock(&inode->state_lock);
	if (list_empty(&dead))
		return;
	free_list(&dead);
	blocked_wake(&locks->released);
}

void locks_release_posix(struct file *file, struct files *owner)
{
	release_owned(file->inode, owner);
}

void locks_release_file(struct file *file)
{
	release_owned(file->inode, file);
}

void locks_init(void)
{
	lock_cache = slab_cache_create("file_lock", sizeof(struct file_lock), 0);
}
