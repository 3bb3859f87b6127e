/*
 * Unpacks the initramfs into the root file system: cpio archives, plain or gzip, one after the other.
 *
 * The archive passes through as a stream: inflate fills a buffer, a state machine cuts it into entries, and file contents
 * go from the buffer straight into the page cache. So nothing is ever held twice but that buffer.
 */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/time.h>
#include <kernel/vmap.h>
#include <lib/cpio.h>
#include <lib/err.h>
#include <lib/inflate.h>
#include <lib/string.h>

#define CHUNK (128 * KIB)

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

static int fail(struct unpacking *u, int error, const char *why)
{
	u->why = why;
	return error;
}

/* --- Entries -------------------------------------------------------------------------------------------------------------- */

/* What Linux leaves out without a word: a name that cannot be. Running out of room is another matter. */
static int tolerate(struct unpacking *u, int error)
{
	if (error == -ENOMEM || error == -ENOSPC)
		return fail(u, error, "not enough memory");
	return 0;
}

static void set_attributes(const struct unpacking *u, struct inode *inode)
{
	inode->mode = (inode->mode & S_IFMT) | (u->entry.mode & 07777);
	inode->uid = u->entry.uid;
	inode->gid = u->entry.gid;
	inode->atime_ns = inode->mtime_ns = (s64)u->entry.mtime * (s64)NSEC_PER_SEC;
}

static int remember_folder(struct unpacking *u, struct inode *inode)
{
	struct folder_time *folder = kmalloc(sizeof(*folder), 0);

	if (!folder)
		return fail(u, -ENOMEM, "not enough memory");
	folder->inode = inode_get(inode);
	folder->mtime_ns = inode->mtime_ns;
	list_add(&folder->link, &u->folders);
	return 0;
}

/* Owner, mode and time of what is at the entry's name. */
static int finish_name(struct unpacking *u)
{
	struct path path;
	struct inode *inode;
	int error = path_lookup(AT_FDCWD, u->name, 0, &path);

	if (error)
		return tolerate(u, error);
	inode = dentry_inode(path.dentry);
	set_attributes(u, inode);
	if (inode_is_dir(inode))
		error = remember_folder(u, inode);
	path_put(&path);
	return error;
}

static bool same_file(const struct known_link *known, const struct cpio_entry *entry)
{
	return known->ino == entry->ino && known->dev_major == entry->dev_major &&
	       known->dev_minor == entry->dev_minor && known->mode == entry->mode;
}

static const char *find_link(const struct unpacking *u)
{
	struct known_link *known;

	list_for_each_entry (known, &u->links, link) {
		if (same_file(known, &u->entry))
			return known->name;
	}
	return NULL;
}

static int remember_link(struct unpacking *u)
{
	struct known_link *known = kmalloc(sizeof(*known) + u->name_size, 0);

	if (!known)
		return fail(u, -ENOMEM, "not enough memory");
	known->ino = u->entry.ino;
	known->dev_major = u->entry.dev_major;
	known->dev_minor = u->entry.dev_minor;
	known->mode = u->entry.mode;
	memcpy(known->name, u->name, u->name_size);
	list_add(&known->link, &u->links);
	return 0;
}

static void forget_links(struct unpacking *u)
{
	while (!list_empty(&u->links)) {
		struct known_link *known = list_first_entry(&u->links, struct known_link, link);

		list_del(&known->link);
		kfree(known);
	}
}

/* A later entry replaces an earlier one of another kind; a folder stays a folder. */
static void clear_way(const struct unpacking *u)
{
	struct path path;
	u32 mode;

	if (path_lookup(AT_FDCWD, u->name, 0, &path))
		return;
	mode = dentry_inode(path.dentry)->mode;
	path_put(&path);
	if ((mode & S_IFMT) == (u->entry.mode & S_IFMT) && !S_ISLNK(mode))
		return;
	if (S_ISDIR(mode))
		vfs_rmdir(AT_FDCWD, u->name);
	else
		vfs_unlink(AT_FDCWD, u->name);
}

/* 1: it is another name of a file seen before, and now exists. */
static int try_link(struct unpacking *u)
{
	const char *first;
	int error;

	if (u->entry.nlink < 2)
		return 0;
	first = find_link(u);
	if (!first)
		return remember_link(u);
	vfs_unlink(AT_FDCWD, u->name);
	error = tolerate(u, vfs_link(AT_FDCWD, first, AT_FDCWD, u->name, 0));
	return error ? error : 1;
}

static int begin_regular(struct unpacking *u)
{
	int linked = try_link(u);
	u32 flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (linked == 1 ? 0 : O_TRUNC);

	if (linked < 0 || (linked && !u->entry.size))
		return MIN(linked, 0);
	u->file = vfs_open_at(AT_FDCWD, u->name, flags, 0600);
	if (IS_ERR(u->file)) {
		int error = (int)PTR_ERR(u->file);

		u->file = NULL;
		return tolerate(u, error);
	}
	return 0;
}

static int make_node(struct unpacking *u)
{
	u64 device = DEV_MAKE((u64)u->entry.rdev_major, u->entry.rdev_minor);
	int linked = try_link(u), error;

	if (linked)
		return MIN(linked, 0);
	error = vfs_mknod(AT_FDCWD, u->name, u->entry.mode, device);
	return error && error != -EEXIST ? tolerate(u, error) : finish_name(u);
}

static int make_folder(struct unpacking *u)
{
	int error = vfs_mkdir(AT_FDCWD, u->name, 0755);

	return error && error != -EEXIST ? tolerate(u, error) : finish_name(u);
}

/* The header and the name are there. */
static int begin_entry(struct unpacking *u)
{
	if (!S_ISLNK(u->entry.mode))
		clear_way(u);
	switch (u->entry.mode & S_IFMT) {
	case S_IFREG:
		return begin_regular(u);
	case S_IFDIR:
		return make_folder(u);
	case S_IFLNK:
		return u->entry.size > PATH_MAX ? fail(u, -EINVAL, "corrupt cpio archive") : 0;
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return make_node(u);
	}
	return fail(u, -EINVAL, "corrupt cpio archive");
}

static int end_symlink(struct unpacking *u)
{
	int error;

	u->target[u->entry.size] = 0;
	clear_way(u);
	error = vfs_symlink(u->target, AT_FDCWD, u->name);
	return error ? tolerate(u, error) : finish_name(u);
}

static int end_entry(struct unpacking *u)
{
	if (S_ISLNK(u->entry.mode))
		return end_symlink(u);
	if (u->file) {
		set_attributes(u, u->file->inode);
		file_put(u->file);
		u->file = NULL;
	}
	return 0;
}

static int take_data(struct unpacking *u, const u8 *data, size_t size)
{
	ssize_t done;

	if (S_ISLNK(u->entry.mode)) {
		memcpy(u->target + u->data_done, data, size);
	} else if (u->file) {
		done = page_cache_write_kernel(u->file->inode, data, size, u->data_done);
		if (done != (ssize_t)size)
			return fail(u, -ENOSPC, "not enough memory");
		if (u->file->inode->size < u->data_done + size)
			u->file->inode->size = u->data_done + size;
	}
	u->data_done += size;
	return 0;
}

/* --- The stream ------------------------------------------------------------------------------------------------------------ */

static void pad_then(struct unpacking *u, enum state after)
{
	u->after_padding = after;
	u->state = u->position % 4 ? PADDING : after;
}

static int header_complete(struct unpacking *u)
{
	int error = cpio_parse_header(u->header, &u->entry, &u->name_size);

	if (error)
		return fail(u, -EINVAL,
			    error == -EILSEQ ? "no cpio archive" : "corrupt cpio header");
	u->state = NAME;
	u->have = 0;
	return 0;
}

static int name_complete(struct unpacking *u)
{
	int error;

	if (strnlen(u->name, u->name_size) != u->name_size - 1)
		return fail(u, -EINVAL, "corrupt cpio header");
	if (str_equal(u->name, "TRAILER!!!")) {
		forget_links(u);
		pad_then(u, BETWEEN);
		return 0;
	}
	u->data_done = 0;
	error = begin_entry(u);
	if (error)
		return error;
	pad_then(u, DATA);
	return 0;
}

/* Up to `want` bytes of what is collected at `to`: how many were taken. */
static size_t collect(struct unpacking *u, void *to, size_t want, const u8 *data, size_t size)
{
	size_t step = MIN(want - u->have, size);

	memcpy((u8 *)to + u->have, data, step);
	u->have += step;
	return step;
}

/* Skips zeros: how many; *other is set when what follows is no cpio archive. */
static size_t between(struct unpacking *u, const u8 *data, size_t size, bool *other)
{
	size_t skipped = 0;

	while (skipped < size && !data[skipped])
		skipped++;
	if (skipped < size) {
		if (data[skipped] == '0') {
			u->state = HEADER;
			u->have = 0;
			u->position = 0;
		} else {
			*other = true;
		}
	}
	return skipped;
}

static int feed_data(struct unpacking *u, const u8 *data, size_t size, size_t *used)
{
	int error = 0;

	*used = MIN(size, u->entry.size - u->data_done);
	u->position += *used;
	if (*used)
		error = take_data(u, data, *used);
	if (!error && u->data_done == u->entry.size) {
		error = end_entry(u);
		u->have = 0;
		pad_then(u, BETWEEN);
	}
	return error;
}

/* One step of the machine on at least one byte. */
static int feed_step(struct unpacking *u, const u8 *data, size_t size, size_t *used, bool *other)
{
	switch (u->state) {
	case BETWEEN:
		*used = between(u, data, size, other);
		return 0;
	case HEADER:
		*used = collect(u, u->header, sizeof(u->header), data, size);
		u->position += *used;
		return u->have == sizeof(u->header) ? header_complete(u) : 0;
	case NAME:
		*used = collect(u, u->name, u->name_size, data, size);
		u->position += *used;
		return u->have == u->name_size ? name_complete(u) : 0;
	case DATA:
		return feed_data(u, data, size, used);
	case PADDING:
		*used = 1;
		u->position++;
		if (u->position % 4 == 0)
			u->state = u->after_padding;
	}
	return 0;
}

/* Takes bytes until all are used, something other than cpio begins between two archives (*other), or an error. */
static int feed(struct unpacking *u, const u8 *data, size_t size, size_t *taken, bool *other)
{
	size_t at = 0, used = 0;
	int error = 0;

	*other = false;
	/* An entry without data is complete before its first byte. */
	while (!error && !*other &&
	       (at < size || (u->state == DATA && u->data_done == u->entry.size))) {
		error = feed_step(u, data + at, size - at, &used, other);
		at += used;
	}
	*taken = at;
	return error;
}

static int at_end(struct unpacking *u)
{
	return u->state == BETWEEN || (u->state == PADDING && u->after_padding == BETWEEN)
		       ? 0
		       : fail(u, -EINVAL, "the cpio archive is cut off");
}

/* --- gzip ------------------------------------------------------------------------------------------------------------------- */

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
	(void)opaque;
	return kmalloc_array(items, size, 0);
}

static void zlib_free(voidpf opaque, voidpf address)
{
	(void)opaque;
	kfree(address);
}

static int inflate_error(struct unpacking *u, int status)
{
	if (status == Z_MEM_ERROR)
		return fail(u, -ENOMEM, "not enough memory");
	if (status == Z_BUF_ERROR)
		return fail(u, -EINVAL, "the gzip data is cut off");
	return fail(u, -EINVAL, "corrupt gzip data");
}

/* Inflates one member, chunk by chunk, through the machine. */
static int inflate_all(struct unpacking *u, z_stream *stream, u8 *chunk)
{
	int status = Z_OK, error = 0;
	size_t taken;
	bool other;

	while (!error && status != Z_STREAM_END) {
		stream->next_out = chunk;
		stream->avail_out = CHUNK;
		status = inflate(stream, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END)
			return inflate_error(u, status);
		error = feed(u, chunk, CHUNK - stream->avail_out, &taken, &other);
		if (!error && other)
			error = fail(u, -EINVAL, "no cpio archive in the gzip data");
	}
	return error ? error : at_end(u);
}

static int unpack_gzip(struct unpacking *u, const u8 *data, size_t size, size_t *taken)
{
	z_stream stream = { .zalloc = zlib_alloc, .zfree = zlib_free };
	u8 *chunk = vmalloc(CHUNK);
	int error;

	if (!chunk)
		return fail(u, -ENOMEM, "not enough memory");
	/* The counters of a z_stream have 32 bits: an archive of 4 GiB would not have been loaded. */
	stream.next_in = (z_const Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)MIN(size, 0xffffffffUL);
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
		error = fail(u, -ENOMEM, "not enough memory");
	} else {
		error = inflate_all(u, &stream, chunk);
		*taken = (size_t)(stream.next_in - data);
		inflateEnd(&stream);
	}
	vfree(chunk);
	return error;
}

/* --- All of it ---------------------------------------------------------------------------------------------------------------- */

static int unknown_format(struct unpacking *u, const u8 *data, size_t size)
{
	static const struct {
		u8 magic[4], length;
		const char *why;
	} formats[] = {
		{ { 0xfd, '7', 'z', 'X' }, 4, "it is compressed with xz, and only gzip is known" },
		{ { 0x28, 0xb5, 0x2f, 0xfd },
		  4,
		  "it is compressed with zstd, and only gzip is known" },
		{ { 0x02, 0x21, 0x4c, 0x18 },
		  4,
		  "it is compressed with lz4, and only gzip is known" },
		{ { 'B', 'Z', 'h' }, 3, "it is compressed with bzip2, and only gzip is known" },
		{ { 0x5d, 0, 0 }, 3, "it is compressed with lzma, and only gzip is known" },
		{ { 0x89, 'L', 'Z', 'O' }, 4, "it is compressed with lzo, and only gzip is known" },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (size >= formats[i].length &&
		    memcmp(data, formats[i].magic, formats[i].length) == 0)
			return fail(u, -EINVAL, formats[i].why);
	}
	return fail(u, -EINVAL, "it is no cpio archive");
}

static int unpack_all(struct unpacking *u, const u8 *data, size_t size)
{
	size_t at = 0, taken = 0;
	bool other;
	int error;

	for (;;) {
		error = feed(u, data + at, size - at, &taken, &other);
		at += taken;
		if (error || !other)
			return error ? error : at_end(u);
		if (size - at < 2 || data[at] != 0x1f || data[at + 1] != 0x8b)
			return unknown_format(u, data + at, size - at);
		error = unpack_gzip(u, data + at, size - at, &taken);
		if (error)
			return error;
		at += taken;
		u->state = BETWEEN;
	}
}

static void set_folder_times(struct unpacking *u)
{
	while (!list_empty(&u->folders)) {
		struct folder_time *folder = list_first_entry(&u->folders, struct folder_time, link);

		folder->inode->atime_ns = folder->inode->mtime_ns = folder->mtime_ns;
		inode_put(folder->inode);
		list_del(&folder->link);
		kfree(folder);
	}
}

int initramfs_unpack(const void *data, size_t size, const char **why)
{
	struct unpacking *u = kzalloc(sizeof(*u));
	int error;

	*why = "not enough memory";
	if (!u)
		return -ENOMEM;
	u->name = kmalloc(CPIO_NAME_MAX, 0);
	u->target = kmalloc(PATH_MAX + 1, 0);
	list_init(&u->links);
	list_init(&u->folders);
	error = u->name && u->target ? unpack_all(u, data, size) : -ENOMEM;
	if (!error || u->why)
		*why = u->why;
	if (u->file)
		file_put(u->file);
	forget_links(u);
	set_folder_times(u);
	kfree(u->target);
	kfree(u->name);
	kfree(u);
	return error;
}
