/* What the two halves of unpacking the initramfs share: the stream (initramfs.c) and its entries (initramfs_entry.c). */
#pragma once

#include "internal.h"

#include <lib/cpio.h>

enum state {
	BETWEEN, /* zeros, or the first byte of a header */
	HEADER,
	NAME,
	DATA,
	PADDING, /* to a multiple of four, then `after_padding` */
};

/* Names of a file that has several: the first one seen, and by which numbers the others will know it. */
struct known_link {
	struct list link;
	u32 ino, dev_major, dev_minor, mode;
	char name[];
};

/* Folders get their time when all is unpacked: what is made in them would change it. */
struct folder_time {
	struct list link;
	struct inode *inode; /* a reference */
	s64 mtime_ns;
};

struct unpacking {
	enum state state, after_padding;
	u64 position; /* in this archive's stream */
	u8 header[CPIO_HEADER_SIZE];
	size_t have; /* bytes of what is being collected */
	struct cpio_entry entry;
	size_t name_size;
	char *name; /* CPIO_NAME_MAX */
	char *target; /* of a symbolic link, PATH_MAX + 1 */
	u64 data_done;
	struct file *file; /* being written; NULL: data is skipped or a link's target */
	struct list links, folders;
	const char *why;
};

static inline int unpack_fail(struct unpacking *u, int error, const char *why)
{
	u->why = why;
	return error;
}

/* The header and the name are there: makes it. 0 or -errno with u->why set. */
int entry_begin(struct unpacking *u);
/* The next `size` bytes of its contents. */
int entry_data(struct unpacking *u, const u8 *data, size_t size);
/* All of them were there. */
int entry_end(struct unpacking *u);
/* The archive is at its end: its inode numbers mean nothing any more. */
void entry_forget_links(struct unpacking *u);
void entry_set_folder_times(struct unpacking *u);
