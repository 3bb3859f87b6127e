/*
 * Descriptor tables. Readers look up slots under RCU without a lock; every change holds files->lock. A table that grows
 * is replaced by a larger copy, and the old one is freed after a grace period.
 */
#include "internal.h"

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/resource.h>
#include <kernel/vmap.h>
#include <lib/bitmap.h>
#include <lib/err.h>
#include <lib/string.h>

#define FD_LIMIT_MAX (1u << 20) /* as Linux's fs.nr_open */
#define WORD_BITS 64

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

static inline struct fd_ref get_with_mode(int fd, u32 refused)
{
	struct files *files = current->files;
	bool shared = ref_read(&files->ref) != 1;
	struct file *file = unlikely(shared) ? slot_get(files, (unsigned int)fd)
					     : slot_read(files, (unsigned int)fd);

	if (file && unlikely(file->mode & refused)) {
		if (shared)
			file_put(file);
		file = NULL;
	}
	return (struct fd_ref){ (u64)file | (file && shared) };
}

struct fd_ref fd_get(int fd)
{
	return get_with_mode(fd, FILE_PATH_ONLY);
}

struct fd_ref fd_get_path(int fd)
{
	return get_with_mode(fd, 0);
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

/* Makes room for descriptor `fd`. files->lock held, dropped meanwhile: 0 or -ENOMEM. */
static int table_grow(struct files *files, unsigned int fd)
{
	unsigned int size = 1u << (ilog2(fd | 128) + 1);
	struct fd_table *table, *old;

	spin_unlock(&files->lock);
	table = table_alloc(size);
	spin_lock(&files->lock);
	if (!table)
		return -ENOMEM;
	old = files->table;
	if (old->size >= size) {
		/* Another thread was faster. */
		spin_unlock(&files->lock);
		table_free(table);
		spin_lock(&files->lock);
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

static void free_slot_locked(struct files *files, unsigned int fd)
{
	struct fd_table *table = files->table;

	bitmap_clear(table->open, fd);
	bitmap_clear(table->close_on_exec, fd);
	if (fd < files->next_free)
		files->next_free = fd;
}

/* A reserved descriptor without a file yet is not inherited. */
static void clone_references(struct files *files, unsigned int count)
{
	struct fd_table *table = files->table;

	for (unsigned int fd = 0; fd < count; fd++) {
		if (table->slots[fd])
			file_get(table->slots[fd]);
		else if (bitmap_test(table->open, fd))
			free_slot_locked(files, fd);
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

static int file_close(struct file *file, struct files *owner)
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
	free_slot_locked(files, fd);
	return file;
}

int fd_close(int fd)
{
	struct files *files = current->files;
	struct file *file;

	spin_lock(&files->lock);
	file = slot_take_locked(files, (unsigned int)fd);
	spin_unlock(&files->lock);
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

		if (!bits[*from / WORD_BITS]) {
			*from |= WORD_BITS - 1;
			continue;
		}
		if (bitmap_test(bits, *from) && (file = slot_take_locked(files, *from)))
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

/* --- Opening ------------------------------------------------------------------------------------------------------- */

static unsigned int find_free(const struct fd_table *table, unsigned int from)
{
	unsigned int word = from / WORD_BITS;
	unsigned long free;

	if (from >= table->size)
		return from;
	free = ~table->open[word] & (~0UL << from % WORD_BITS);
	while (!free) {
		if (++word == table->size / WORD_BITS)
			return table->size;
		free = ~table->open[word];
	}
	return word * WORD_BITS + (unsigned int)__builtin_ctzl(free);
}

static void use_slot_locked(struct files *files, unsigned int fd, unsigned int flags)
{
	struct fd_table *table = files->table;

	bitmap_set(table->open, fd);
	if (flags & O_CLOEXEC)
		bitmap_set(table->close_on_exec, fd);
	else
		bitmap_clear(table->close_on_exec, fd);
}

static int reserve_locked(struct files *files, unsigned int minimum, unsigned int flags)
{
	u64 limit = MIN(task_limit(current, RLIMIT_NOFILE), (u64)FD_LIMIT_MAX);
	unsigned int fd;
	int error;

	for (;;) {
		fd = find_free(files->table, MAX(minimum, files->next_free));
		if (fd >= limit)
			return -EMFILE;
		if (likely(fd < files->table->size))
			break;
		error = table_grow(files, fd);
		if (error)
			return error;
	}
	use_slot_locked(files, fd, flags);
	if (minimum <= files->next_free)
		files->next_free = fd + 1;
	return (int)fd;
}

int fd_reserve_from(int minimum, unsigned int flags)
{
	struct files *files = current->files;
	int fd;

	if (minimum < 0 || (u64)minimum >= task_limit(current, RLIMIT_NOFILE))
		return -EINVAL;
	spin_lock(&files->lock);
	fd = reserve_locked(files, (unsigned int)minimum, flags);
	spin_unlock(&files->lock);
	return fd;
}

int fd_reserve(unsigned int flags)
{
	struct files *files = current->files;
	int fd;

	spin_lock(&files->lock);
	fd = reserve_locked(files, 0, flags);
	spin_unlock(&files->lock);
	return fd;
}

void fd_install(int fd, struct file *file)
{
	struct files *files = current->files;

	spin_lock(&files->lock);
	rcu_assign(files->table->slots[fd], file);
	spin_unlock(&files->lock);
}

void fd_release(int fd)
{
	struct files *files = current->files;

	spin_lock(&files->lock);
	free_slot_locked(files, (unsigned int)fd);
	spin_unlock(&files->lock);
}

int fd_install_new(struct file *file, unsigned int flags)
{
	int fd;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	fd = fd_reserve(flags);
	if (fd < 0)
		file_put(file);
	else
		fd_install(fd, file);
	return fd;
}

/* files->lock held; `to` is below the limit. 0 and the file that was there. */
static int dup_to_locked(struct files *files, struct file *file, unsigned int to,
			 unsigned int flags, struct file **replaced)
{
	struct fd_table *table;
	int error;

	while (to >= files->table->size) {
		error = table_grow(files, to);
		if (error)
			return error;
	}
	table = files->table;
	*replaced = table->slots[to];
	/* Reserved by an open in another thread that has not finished. */
	if (!*replaced && bitmap_test(table->open, to))
		return -EBUSY;
	file_get(file);
	rcu_assign(table->slots[to], file);
	use_slot_locked(files, to, flags);
	return 0;
}

int fd_dup_to(struct file *file, int to, unsigned int flags)
{
	struct files *files = current->files;
	struct file *replaced = NULL;
	int error;

	if (to < 0 || (u64)to >= MIN(task_limit(current, RLIMIT_NOFILE), (u64)FD_LIMIT_MAX))
		return -EBADF;
	spin_lock(&files->lock);
	error = dup_to_locked(files, file, (unsigned int)to, flags, &replaced);
	spin_unlock(&files->lock);
	if (replaced)
		file_close(replaced, files);
	return error ? error : to;
}

bool fd_close_on_exec(int fd)
{
	struct files *files = current->files;
	bool on;

	spin_lock(&files->lock);
	on = (unsigned int)fd < files->table->size &&
	     bitmap_test(files->table->close_on_exec, (unsigned int)fd);
	spin_unlock(&files->lock);
	return on;
}

void fd_set_close_on_exec(int fd, bool on)
{
	struct files *files = current->files;
	unsigned int slot = (unsigned int)fd;

	spin_lock(&files->lock);
	/* Nothing to do if it was closed by another thread meanwhile. */
	if (slot < files->table->size && bitmap_test(files->table->open, slot))
		use_slot_locked(files, slot, on ? O_CLOEXEC : 0);
	spin_unlock(&files->lock);
}

void files_init(void)
{
	files_cache = slab_cache_create("files", sizeof(struct files), CACHE_LINE);
}
