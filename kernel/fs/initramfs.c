/*
 * Unpacks the initramfs into the root file system: cpio archives, plain or gzip, one after the other.
 *
 * The archive passes through as a stream: inflate fills a buffer, a state machine cuts it into entries, and file contents
 * go from the buffer straight into the page cache. So nothing is ever held twice but that buffer.
 */
#include "initramfs.h"

#include <abi/errno.h>
#include <kernel/vmap.h>
#include <lib/inflate.h>
#include <lib/string.h>

#define CHUNK (128 * KIB)

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
		return unpack_fail(u, -EINVAL,
				   error == -EILSEQ ? "no cpio archive" : "corrupt cpio header");
	u->state = NAME;
	u->have = 0;
	return 0;
}

static int name_complete(struct unpacking *u)
{
	int error;

	if (strnlen(u->name, u->name_size) != u->name_size - 1)
		return unpack_fail(u, -EINVAL, "corrupt cpio header");
	if (str_equal(u->name, "TRAILER!!!")) {
		entry_forget_links(u);
		pad_then(u, BETWEEN);
		return 0;
	}
	u->data_done = 0;
	error = entry_begin(u);
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
		error = entry_data(u, data, *used);
	if (!error && u->data_done == u->entry.size) {
		error = entry_end(u);
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
		       : unpack_fail(u, -EINVAL, "the cpio archive is cut off");
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
		return unpack_fail(u, -ENOMEM, "not enough memory");
	if (status == Z_BUF_ERROR)
		return unpack_fail(u, -EINVAL, "the gzip data is cut off");
	return unpack_fail(u, -EINVAL, "corrupt gzip data");
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
			error = unpack_fail(u, -EINVAL, "no cpio archive in the gzip data");
	}
	return error ? error : at_end(u);
}

static int unpack_gzip(struct unpacking *u, const u8 *data, size_t size, size_t *taken)
{
	z_stream stream = { .zalloc = zlib_alloc, .zfree = zlib_free };
	u8 *chunk = vmalloc(CHUNK);
	int error;

	if (!chunk)
		return unpack_fail(u, -ENOMEM, "not enough memory");
	/* The counters of a z_stream have 32 bits: an archive of 4 GiB would not have been loaded. */
	stream.next_in = (z_const Bytef *)(uintptr_t)data;
	stream.avail_in = (uInt)MIN(size, 0xffffffffUL);
	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
		error = unpack_fail(u, -ENOMEM, "not enough memory");
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
			return unpack_fail(u, -EINVAL, formats[i].why);
	}
	return unpack_fail(u, -EINVAL, "it is no cpio archive");
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
	entry_forget_links(u);
	entry_set_folder_times(u);
	kfree(u->target);
	kfree(u->name);
	kfree(u);
	return error;
}
