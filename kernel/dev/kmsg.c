/* /dev/kmsg: one record of the kernel log for each read, one message for each write. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/io_iter.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/time.h>
#include <lib/parse.h>
#include <lib/printf.h>
#include <lib/string.h>

#include "internal.h"

#define RECORD_MAX (4 * LOG_LINE_MAX + 64) /* each byte may become \x?? */

struct kmsg_reader {
	struct mutex lock;
	u64 sequence; /* [lock] next record */
	char line[LOG_LINE_MAX]; /* [lock] */
	char text[RECORD_MAX]; /* [lock] */
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg_reader *reader;

	(void)inode;
	file->private_data = NULL;
	if (!(file->mode & FILE_READ))
		return 0;
	reader = kzalloc(sizeof(*reader));
	if (!reader)
		return -ENOMEM;
	mutex_init(&reader->lock, RANK_SEQ_FILE);
	reader->sequence = log_first_sequence();
	file->private_data = reader;
	return 0;
}

static void kmsg_release(struct file *file)
{
	kfree(file->private_data);
}

/* "level,sequence,microseconds,-;text\n", unprintable bytes escaped. */
static size_t record_format(struct kmsg_reader *reader, const struct log_record_info *info,
			    size_t length)
{
	int at = scnprintf(reader->text, sizeof(reader->text), "%u,%llu,%llu,-;",
			   (unsigned int)info->level, (unsigned long long)info->sequence,
			   (unsigned long long)(info->time_ns / NSEC_PER_USEC));

	for (size_t i = 0; i < length; i++) {
		u8 c = (u8)reader->line[i];

		at += scnprintf(reader->text + at, sizeof(reader->text) - (size_t)at,
				c < ' ' || c >= 127 || c == '\\' ? "\\x%02x" : "%c", c);
	}
	at += scnprintf(reader->text + at, sizeof(reader->text) - (size_t)at, "\n");
	return (size_t)at;
}

static ssize_t record_read(struct kmsg_reader *reader, struct io_iter *iter)
{
	struct log_record_info info;
	u64 sequence = reader->sequence;
	ssize_t length;
	size_t size;

	if (sequence < log_first_sequence()) {
		reader->sequence = log_first_sequence();
		return -EPIPE;
	}
	length = log_read(&sequence, &info, reader->line, sizeof(reader->line));
	if (length < 0 || sequence == reader->sequence)
		return -EAGAIN;
	size = record_format(reader, &info, (size_t)length);
	/* As on Linux the reader is past it, whatever becomes of it. */
	reader->sequence = sequence;
	if (iter->left < size)
		return -EINVAL;
	if (io_iter_write(iter, reader->text, size) != size)
		return -EFAULT;
	return (ssize_t)size;
}

static ssize_t kmsg_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct kmsg_reader *reader = file->private_data;
	ssize_t result;

	(void)position;
	for (;;) {
		mutex_lock(&reader->lock);
		result = record_read(reader, iter);
		mutex_unlock(&reader->lock);
		if (result != -EAGAIN || iter->no_wait)
			return result;
		if (wait_event_interruptible(&log_wait,
					     log_next_sequence() > READ_ONCE(reader->sequence)))
			return -ERESTARTSYS;
	}
}

/* "<6>text": priority and facility as syslog has them. */
static ssize_t kmsg_write(struct file *file, struct io_iter *iter, u64 *position)
{
	size_t size = iter->left;
	unsigned int level = LOG_WARNING | LOG_FROM_USER;
	const char *text;
	char *line;
	u64 priority;

	(void)file, (void)position;
	if (size > LOG_LINE_MAX - 32)
		return -EINVAL;
	line = kmalloc(size + 1, 0);
	if (!line)
		return -ENOMEM;
	if (io_iter_read(iter, line, size) != size) {
		kfree(line);
		return -EFAULT;
	}
	line[size] = 0;
	text = line;
	if (line[0] == '<' && !parse_u64_prefix(line + 1, 10, &priority, &text) && *text == '>') {
		level = priority & 0xf8 ? priority & 0xff : (priority & 7) | LOG_FROM_USER;
		text++;
	} else {
		text = line;
	}
	printk((enum log_level)level, "%s", text);
	kfree(line);
	return (ssize_t)size;
}

static s64 kmsg_seek(struct file *file, s64 offset, int whence)
{
	struct kmsg_reader *reader = file->private_data;

	if (!reader)
		return -EBADF;
	if (offset)
		return -ESPIPE;
	if (whence == SEEK_SET || whence == SEEK_DATA)
		WRITE_ONCE(reader->sequence, log_first_sequence());
	else if (whence == SEEK_END)
		WRITE_ONCE(reader->sequence, log_next_sequence());
	else
		return -EINVAL;
	return 0;
}

static u32 kmsg_poll(struct file *file, struct poll_table *table)
{
	struct kmsg_reader *reader = file->private_data;

	if (!reader)
		return READY_OUT;
	poll_wait(file, &log_wait, table);
	return log_next_sequence() > READ_ONCE(reader->sequence) ? READY_IN : 0;
}

const struct file_ops kmsg_file_ops = {
	.open = kmsg_open,
	.release = kmsg_release,
	.read = kmsg_read,
	.write = kmsg_write,
	.seek = kmsg_seek,
	.poll = kmsg_poll,
};
