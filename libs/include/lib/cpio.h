/*
 * Iterates over a cpio archive in memory, in the formats "newc" and "crc" (magic 070701 and
 * 070702), as an initramfs has them. The archive is untrusted. Several archives may follow each
 * other, with zero bytes between them.
 */
#pragma once

#include <lib/compiler.h>

#define CPIO_HEADER_SIZE 110
#define CPIO_NAME_MAX 4096

struct cpio_entry {
	/* NUL terminated, inside the archive; may be absolute, empty or contain ".." */
	const char *name;
	size_t name_len;
	const u8 *data;
	u64 size;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 nlink;
	u32 mtime;
	u32 ino;
	u32 dev_major;
	u32 dev_minor;
	u32 rdev_major;
	u32 rdev_minor;
	/* Ordinal of the archive it is in: inode numbers mean the same file only within one. */
	u32 archive;
};

/* Where the walk is. Starts as { 0 }. */
struct cpio_cursor {
	size_t pos;
	u32 archive;
};

/*
 * 1 and the next entry, 0 at the end of data, or an error with cursor->pos at the offending byte:
 *	-EILSEQ  no cpio header where one is due. After a complete archive this may be a
 *		 compressed one: the caller may look.
 *	-EINVAL  a header with a bad number or an impossible name
 *	-ENODATA the archive ends in the middle of an entry
 * Trailers are skipped.
 */
int cpio_next(const u8 *data, size_t len, struct cpio_cursor *cursor, struct cpio_entry *out);

/*
 * For an archive that comes in pieces: the CPIO_HEADER_SIZE bytes of one header. Fills the numbers of *out and the size of
 * the name, its NUL included, that follows. 0, -EILSEQ or -EINVAL as cpio_next.
 */
int cpio_parse_header(const u8 *header, struct cpio_entry *out, size_t *name_size);

/*
 * For an entry with nlink > 1 that is no directory: the first entry before `end` (a cursor's pos
 * from before cpio_next returned it) with the same inode. False when `entry` is the first. The data
 * of such a file may come with any one of its names; the others have size 0.
 */
bool cpio_find_link(const u8 *data, size_t end, const struct cpio_entry *entry,
		    struct cpio_entry *first);
