/* Files whose text is made on reading. */
#include <kernel/seq_file.h>

#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/limits.h>
#include <kernel/io_iter.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <kernel/vmap.h>
#include <lib/err.h>
#include <lib/printf.h>
#include <lib/string.h>

#define SIZE_FIRST 1024
#define SIZE_MAX_KMALLOC SLAB_SIZE_MAX

static void buffer_free(char *buffer, size_t size)
{
	if (size > SIZE_MAX_KMALLOC)
		vfree(buffer);
	else
		kfree(buffer);
}

static char *buffer_alloc(size_t size)
{
	return size > SIZE_MAX_KMALLOC ? vmalloc(size) : kmalloc(size, 0);
}

/* Room for `more` bytes and a NUL behind what is used; false, for good, when there is no memory. */
static bool make_room(struct seq_file *out, size_t more)
{
	size_t size = out->size ? out->size : SIZE_FIRST;
	char *buffer;

	if (out->failed)
		return false;
	if (likely(out->used + more < out->size))
		return true;
	while (size <= out->used + more)
		size *= 2;
	buffer = buffer_alloc(size);
	if (!buffer) {
		out->failed = true;
		return false;
	}
	memcpy(buffer, out->buffer, out->used);
	buffer_free(out->buffer, out->size);
	out->buffer = buffer;
	out->size = size;
	return true;
}

void seq_write(struct seq_file *out, const void *data, size_t size)
{
	if (!make_room(out, size))
		return;
	memcpy(out->buffer + out->used, data, size);
	out->used += size;
}

void seq_puts(struct seq_file *out, const char *text)
{
	seq_write(out, text, strlen(text));
}

void seq_putc(struct seq_file *out, char c)
{
	seq_write(out, &c, 1);
}

void seq_printf(struct seq_file *out, const char *format, ...)
{
	size_t room = out->failed ? 0 : out->size - out->used, length;
	va_list args;

	va_start(args, format);
	length = (size_t)vsnprintf(room ? out->buffer + out->used : NULL, room, format, args);
	va_end(args);
	if (length >= room) {
		if (!make_room(out, length))
			return;
		va_start(args, format);
		vsnprintf(out->buffer + out->used, out->size - out->used, format, args);
		va_end(args);
	}
	out->used += length;
}

void seq_escape(struct seq_file *out, const char *text)
{
	for (; *text; text++) {
		if (*text == ' ' || *text == '\t' || *text == '\n' || *text == '\\' || *text == '#')
			seq_printf(out, "\\%03o", (unsigned int)(u8)*text);
		else
			seq_putc(out, *text);
	}
}

void seq_path(struct seq_file *out, const struct path *path)
{
	char *buffer = kmalloc(PATH_MAX, 0), *text;

	if (!buffer) {
		out->failed = true;
		return;
	}
	text = path_text(path, buffer, PATH_MAX);
	if (!IS_ERR(text))
		seq_escape(out, text);
	kfree(buffer);
}

int seq_open(struct file *file, int (*show)(struct seq_file *out, void *data), void *data,
	     void (*release)(void *data))
{
	struct seq_file *seq = kzalloc(sizeof(*seq));

	if (!seq)
		return -ENOMEM;
	mutex_init(&seq->lock, RANK_SEQ_FILE);
	seq->show = show;
	seq->data = data;
	seq->release = release;
	file->private_data = seq;
	return 0;
}

/* Makes the text, if a reader at this position needs it made. seq->lock held. */
static int fill(struct seq_file *seq, u64 position)
{
	int error;

	if (seq->filled && position)
		return 0;
	seq->used = 0;
	seq->failed = false;
	error = seq->show(seq, seq->data);
	if (!error && seq->failed)
		error = -ENOMEM;
	seq->filled = !error;
	return error;
}

static ssize_t read_locked(struct seq_file *seq, struct io_iter *iter, u64 *position)
{
	int error = fill(seq, *position);
	size_t moved;

	if (error)
		return error;
	if (*position >= seq->used || !iter->left)
		return 0;
	moved = io_iter_write(iter, seq->buffer + *position, seq->used - *position);
	*position += moved;
	return moved ? (ssize_t)moved : -EFAULT;
}

ssize_t seq_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct seq_file *seq = file->private_data;
	ssize_t result;

	mutex_lock(&seq->lock);
	result = read_locked(seq, iter, position);
	mutex_unlock(&seq->lock);
	return result;
}

s64 seq_seek(struct file *file, s64 offset, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	return file_seek_size(file, offset, whence, 0);
}

void seq_release(struct file *file)
{
	struct seq_file *seq = file->private_data;

	if (seq->release)
		seq->release(seq->data);
	buffer_free(seq->buffer, seq->size);
	kfree(seq);
}
