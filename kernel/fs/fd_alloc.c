/* Descriptors: which number is free, reserving one and giving it a file, dup, close-on-exec. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/resource.h>
#include <lib/bitmap.h>
#include <lib/err.h>

#define FD_LIMIT_MAX (1u << 20) /* as Linux's fs.nr_open */

static unsigned int find_free(const struct fd_table *table, unsigned int from)
{
	unsigned int word = from / FD_WORD_BITS;
	unsigned long free;

	if (from >= table->size)
		return from;
	free = ~table->open[word] & (~0UL << from % FD_WORD_BITS);
	while (unlikely(!free)) {
		if (++word == table->size / FD_WORD_BITS)
			return table->size;
		free = ~table->open[word];
	}
	return word * FD_WORD_BITS + (unsigned int)__builtin_ctzl(free);
}

static inline void slot_use(struct fd_table *table, unsigned int fd, unsigned int flags)
{
	bitmap_set(table->open, fd);
	if (unlikely(flags & O_CLOEXEC))
		bitmap_set(table->close_on_exec, fd);
	else
		bitmap_clear(table->close_on_exec, fd);
}

static u64 fd_limit(void)
{
	return MIN(task_limit(current, RLIMIT_NOFILE), (u64)FD_LIMIT_MAX);
}

static inline int reserve(struct files *files, unsigned int minimum, unsigned int flags, bool locked)
{
	unsigned int fd;
	int error;

	for (;;) {
		fd = find_free(files->table, MAX(minimum, files->next_free));
		if (unlikely(fd >= fd_limit()))
			return -EMFILE;
		if (likely(fd < files->table->size))
			break;
		error = fd_table_grow(files, fd, locked);
		if (error)
			return error;
	}
	slot_use(files->table, fd, flags);
	if (minimum <= files->next_free)
		files->next_free = fd + 1;
	return (int)fd;
}

int fd_reserve_from(int minimum, unsigned int flags)
{
	struct files *files = current->files;
	bool locked;
	int fd;

	if (minimum < 0 || (u64)minimum >= task_limit(current, RLIMIT_NOFILE))
		return -EINVAL;
	locked = fd_table_lock(files);
	fd = reserve(files, (unsigned int)minimum, flags, locked);
	fd_table_unlock(files, locked);
	return fd;
}

int fd_reserve(unsigned int flags)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);
	int fd = reserve(files, 0, flags, locked);

	fd_table_unlock(files, locked);
	return fd;
}

void fd_install(int fd, struct file *file)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);

	rcu_assign(files->table->slots[fd], file);
	fd_table_unlock(files, locked);
}

void fd_release(int fd)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);

	fd_slot_free(files, (unsigned int)fd);
	fd_table_unlock(files, locked);
}

int fd_reserve_two(int fds[2], unsigned int flags, struct user_ptr user)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);
	int error;

	fds[0] = reserve(files, 0, flags, locked);
	fds[1] = fds[0] < 0 ? fds[0] : reserve(files, 0, flags, locked);
	fd_table_unlock(files, locked);
	error = fds[1] < 0 ? fds[1] : user_write(user, fds, 2 * sizeof(fds[0]));
	if (likely(!error))
		return 0;
	if (fds[1] >= 0)
		fd_release(fds[1]);
	if (fds[0] >= 0)
		fd_release(fds[0]);
	return error;
}

int fd_install_new(struct file *file, unsigned int flags)
{
	struct files *files = current->files;
	bool locked;
	int fd;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	locked = fd_table_lock(files);
	fd = reserve(files, 0, flags, locked);
	if (likely(fd >= 0))
		rcu_assign(files->table->slots[fd], file);
	fd_table_unlock(files, locked);
	if (unlikely(fd < 0))
		file_put(file);
	return fd;
}

/* `to` is below the limit. 0 and the file that was there; -EBUSY: reserved by an open in another thread. */
static int dup_to(struct files *files, struct file *file, unsigned int to, struct file **replaced,
		  bool locked)
{
	struct fd_table *table;
	int error;

	while (to >= files->table->size) {
		error = fd_table_grow(files, to, locked);
		if (error)
			return error;
	}
	table = files->table;
	*replaced = table->slots[to];
	if (!*replaced && bitmap_test(table->open, to))
		return -EBUSY;
	file_get(file);
	rcu_assign(table->slots[to], file);
	return 0;
}

int fd_dup_to(struct file *file, int to, unsigned int flags)
{
	struct files *files = current->files;
	struct file *replaced = NULL;
	bool locked;
	int error;

	if (to < 0 || (u64)to >= fd_limit())
		return -EBADF;
	locked = fd_table_lock(files);
	error = dup_to(files, file, (unsigned int)to, &replaced, locked);
	if (!error)
		slot_use(files->table, (unsigned int)to, flags);
	fd_table_unlock(files, locked);
	if (replaced)
		file_close(replaced, files);
	return error ? error : to;
}

bool fd_close_on_exec(int fd)
{
	struct files *files = current->files;
	bool locked = fd_table_lock(files);
	bool on = (unsigned int)fd < files->table->size &&
		  bitmap_test(files->table->close_on_exec, (unsigned int)fd);

	fd_table_unlock(files, locked);
	return on;
}

void fd_set_close_on_exec(int fd, bool on)
{
	struct files *files = current->files;
	unsigned int slot = (unsigned int)fd;
	bool locked = fd_table_lock(files);

	/* Nothing to do if it was closed by another thread meanwhile. */
	if (slot < files->table->size && bitmap_test(files->table->open, slot))
		slot_use(files->table, slot, on ? O_CLOEXEC : 0);
	fd_table_unlock(files, locked);
}
