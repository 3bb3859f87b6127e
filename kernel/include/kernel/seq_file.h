/*
 * Files whose text the kernel makes on reading (/proc, /sys). The show function writes the whole text with seq_printf into
 * a growing buffer once per open position 0; reads then copy from it. Output never fails half-way: out of memory is
 * remembered and read returns -ENOMEM.
 */
#pragma once

#include <kernel/file.h>

struct path;

struct seq_file {
	char *buffer; /* kmalloc or vmalloc, grows */
	size_t size, used;
	bool failed;
	bool filled; /* show has run for this pass */
	int (*show)(struct seq_file *out, void *data);
	void *data; /* of the opener */
	void (*release)(void *data); /* optional */
	struct mutex lock;
};

void seq_printf(struct seq_file *out, const char *format, ...) __printf(2, 3);
void seq_puts(struct seq_file *out, const char *text);
void seq_putc(struct seq_file *out, char c);
void seq_write(struct seq_file *out, const void *data, size_t size);
/* Escapes space, tab, newline, backslash as octal, as in /proc/mounts. */
void seq_escape(struct seq_file *out, const char *text);
void seq_path(struct seq_file *out, const struct path *path);

/* From an open operation: 0 or -ENOMEM. Then use seq_read, seq_seek, seq_release (or seq_file_ops). */
int seq_open(struct file *file, int (*show)(struct seq_file *out, void *data), void *data,
	     void (*release)(void *data));
ssize_t seq_read(struct file *file, struct io_iter *iter, u64 *position);
s64 seq_seek(struct file *file, s64 offset, int whence);
void seq_release(struct file *file);
