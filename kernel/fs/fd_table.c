/*
 * Descriptor tables: lookup, life, closing. Readers look up slots under RCU without a lock. Changes hold files->lock, which
 * the only user of a table need not take (fd_table_lock). A table that grows is replaced by a larger copy, and the old one
 * is freed after a grace period.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/resource.h>
#include <kernel/file_locks.h>
#include <kernel/vmap.h>
#include <lib/bitmap.h>
#include <lib/err.h>
#include <lib/string.h>

#define WORD_BITS FD_WORD_BITS

static struct slab_cache *files_cache __ro_after_init;

/* --- Looking up -------------------------------------------------------------------------------------------------- */

static struct file *slot_read(struct files *files, unsigned int fd)
{
	struct fd_table *table = rcu_dereference(files->table);

	return fd < table->size ? rcu_dereference(table->slots[fd]) : NULL;
}

/* With a reference, from a table that others may change. */
static struct file *slot_get(struct files *files, unsigned int fd)
{
	struct file *file;

	rcu_read_lock();
	for (;;) {
		file = slot_read(files, fd);
		if (!file)
			break;
		/* A file that is being closed has count 0; memory used anew for another file shows in the slot. */
		if (ref_try_get(&file->ref)) {
			if (likely(slot_read(files, fd) == file))
				break;
			rcu_read_unlock();
			file_put(file);
			rcu_read_lock();
		}
	}
	rcu_read_unlock();
	return file;
}

struct fd_ref fd_get_shared(struct files *files, unsigned int fd, u32 refused)
{
	struct file *file = slot_get(files, fd);

	if (file && (file->mode & refused)) {
		file_put(file);
		file = NULL;
	}
	return (struct fd_ref){ (u64)file | (file != NULL) };
}

struct file *fd_get_file(int fd)
{
	struct file *file = slot_get(current->files, (unsigned int)fd);

	if (file && (file->mode & FILE_PATH_ONLY)) {
		file_put(file);
		return NULL;
	}
	return file;
}

struct file *files_get(struct files *files, int fd)
{
	return slot_get(files, (unsigned int)fd);
}

bool fd_is_file(int fd, const struct file *file)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);
	const struct fd_table *table = files->table;
	bool is = (unsigned int)fd < table->size && table->slots[fd] == file;

	fd_table_unlock(files, locked);
	return is;
}

struct file *files_next_get(struct files *files, int *fd)
{
	for (; (unsigned int)*fd < READ_ONCE(files->table)->size; (*fd)++) {
		struct file *file = slot_get(files, (unsigned int)*fd);

		if (file)
			return file;
	}
	return NULL;
}

/* --- Tables ------------------------------------------------------------------------------------------------------ */

static size_t bitmap_bytes(unsigned int size)
{
	return size / 8;
}

static void table_free(struct fd_table *table)
{
	vfree(table->slots);
	kfree(table);
}

static void table_free_rcu(struct rcu_head *head)
{
	table_free(container_of(head, struct fd_table, rcu));
}

/* `size` is a multiple of 64 above 64. One block: slots, then the two bitmaps. */
static struct fd_table *table_alloc(unsigned int size)
{
	struct fd_table *table = kzalloc(sizeof(*table));

	if (!table)
		return NULL;
	table->size = size;
	table->slots = vmalloc(size * sizeof(*table->slots) + 2 * bitmap_bytes(size));
	if (!table->slots) {
		kfree(table);
		return NULL;
	}
	table->open = (unsigned long *)&table->slots[size];
	table->close_on_exec = table->open + size / WORD_BITS;
	return table;
}

static void table_use_first(struct files *files)
{
	files->first.size = WORD_BITS;
	files->first.slots = files->first_slots;
	files->first.open = files->first_open;
	files->first.close_on_exec = files->first_close_on_exec;
	files->table = &files->first;
}

static void table_copy(struct fd_table *to, const struct fd_table *from, unsigned int count)
{
	memcpy(to->slots, from->slots, count * sizeof(*to->slots));
	memcpy(to->open, from->open, bitmap_bytes(count));
	memcpy(to->close_on_exec, from->close_on_exec, bitmap_bytes(count));
}

/* 0 or -ENOMEM. `locked` as fd_table_lock said; the lock is dropped meanwhile. */
int fd_table_grow(struct files *files, unsigned int fd, bool locked)
{
	unsigned int size = 1u << (ilog2(fd | 128) + 1);
	struct fd_table *table, *old;

	fd_table_unlock(files, locked);
	table = table_alloc(size);
	fd_table_relock(files, locked);
	if (!table)
		return -ENOMEM;
	old = files->table;
	if (old->size >= size) {
		/* Another thread was faster. */
		fd_table_unlock(files, locked);
		table_free(table);
		fd_table_relock(files, locked);
		return 0;
	}
	table_copy(table, old, old->size);
	rcu_assign(files->table, table);
	if (old != &files->first)
		rcu_call(&old->rcu, table_free_rcu);
	return 0;
}

struct files *files_alloc(void)
{
	struct files *files = slab_alloc(files_cache, SLAB_ZERO);

	if (!files)
		return NULL;
	ref_init(&files->ref, 1);
	spin_init(&files->lock, RANK_FILES);
	table_use_first(files);
	return files;
}

static unsigned int used_size(const struct fd_table *table)
{
	unsigned int words = table->size / WORD_BITS;

	while (words > 1 && !table->open[words - 1])
		words--;
	return words * WORD_BITS;
}

/* A reserved descriptor without a file yet is not inherited. */
static void clone_references(struct files *files, unsigned int count)
{
	struct fd_table *table = files->table;

	for (unsigned int word = 0; word < count / WORD_BITS; word++) {
		for (unsigned long open = table->open[word]; open; open &= open - 1) {
			unsigned int fd = word * WORD_BITS + (unsigned int)__builtin_ctzl(open);

			if (table->slots[fd])
				file_get(table->slots[fd]);
			else
				fd_slot_free(files, fd);
		}
	}
}

struct files *files_clone(struct files *from)
{
	struct files *files = files_alloc();
	struct fd_table *big = NULL;
	unsigned int count;

	if (!files)
		return ERR_PTR(-ENOMEM);
	spin_lock(&from->lock);
	while ((count = used_size(from->table)) > (big ? big->size : WORD_BITS)) {
		spin_unlock(&from->lock);
		if (big)
			table_free(big);
		big = table_alloc(1u << (ilog2(count - 1) + 1));
		if (!big) {
			slab_free(files_cache, files);
			return ERR_PTR(-ENOMEM);
		}
		spin_lock(&from->lock);
	}
	if (big)
		files->table = big;
	table_copy(files->table, from->table, count);
	files->next_free = from->next_free;
	clone_references(files, count);
	spin_unlock(&from->lock);
	return files;
}

/* --- Closing ------------------------------------------------------------------------------------------------------- */

int file_close(struct file *file, struct files *owner)
{
	int error = 0;

	if (file->mode & FILE_PATH_ONLY) {
		file_put(file);
		return 0;
	}
	if (file->ops->flush)
		error = file->ops->flush(file);
	if (READ_ONCE(file->inode->locks))
		locks_release_posix(file, owner);
	file_put(file);
	return error;
}

/* The file that was there, its reference now the caller's; NULL. files->lock held. */
static struct file *slot_take_locked(struct files *files, unsigned int fd)
{
	struct fd_table *table = files->table;
	struct file *file;

	if (fd >= table->size || !(file = table->slots[fd]))
		return NULL;
	rcu_assign(table->slots[fd], NULL);
	fd_slot_free(files, fd);
	return file;
}

int fd_close(int fd)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);
	struct file *file = slot_take_locked(files, (unsigned int)fd);

	fd_table_unlock(files, locked);
	return file ? file_close(file, files) : -EBADF;
}

/* The first descriptor in [from, last] that is open (or, with cloexec, marked), taken out; NULL: none left. */
static struct file *take_next(struct files *files, unsigned int *from, unsigned int last,
			      bool cloexec)
{
	struct file *file = NULL;

	spin_lock(&files->lock);
	for (; *from <= last && *from < files->table->size; (*from)++) {
		const unsigned long *bits = cloexec ? files->table->close_on_exec
						    : files->table->open;

		unsigned long here = bits[*from / WORD_BITS] >> *from % WORD_BITS;

		if (!here) {
			*from |= WORD_BITS - 1;
			continue;
		}
		*from += (unsigned int)__builtin_ctzl(here);
		if (*from <= last && (file = slot_take_locked(files, *from)))
			break;
	}
	spin_unlock(&files->lock);
	return file;
}

static void close_all(struct files *files, unsigned int first, unsigned int last, bool cloexec)
{
	struct file *file;

	while ((file = take_next(files, &first, last, cloexec)))
		file_close(file, files);
}

void files_put(struct files *files)
{
	if (!files || !ref_put(&files->ref))
		return;
	close_all(files, 0, ~0u - 1, false);
	if (files->table != &files->first)
		table_free(files->table);
	slab_free(files_cache, files);
}

int files_unshare(void)
{
	struct files *old = current->files, *files;

	if (ref_read(&old->ref) == 1)
		return 0;
	files = files_clone(old);
	if (IS_ERR(files))
		return (int)PTR_ERR(files);
	spin_lock(&current->lock);
	current->files = files;
	spin_unlock(&current->lock);
	files_put(old);
	return 0;
}

void files_exec(void)
{
	close_all(current->files, 0, ~0u - 1, true);
}

static void mark_close_on_exec(struct files *files, unsigned int first, unsigned int last)
{
	spin_lock(&files->lock);
	for (unsigned int fd = first; fd <= last && fd < files->table->size; fd++) {
		if (bitmap_test(files->table->open, fd))
			bitmap_set(files->table->close_on_exec, fd);
	}
	spin_unlock(&files->lock);
}

int fd_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	int error;

	if ((flags & ~(unsigned int)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE) {
		error = files_unshare();
		if (error)
			return error;
	}
	last = MIN(last, ~0u - 1);
	if (flags & CLOSE_RANGE_CLOEXEC)
		mark_close_on_exec(current->files, first, last);
	else
		close_all(current->files, first, last, false);
	return 0;
}

void files_init(void)
{
	files_cache = slab_cache_create("files", sizeof(struct files), CACHE_LINE);
}
