/*
 * cpio "newc": each entry is a header of 110 characters (magic and thirteen numbers of eight
 * hexadecimal digits), the name with its NUL, padding to 4 bytes, the data, padding to 4 bytes.
 */
#include <lib/cpio.h>

#include <abi/errno.h>
#include <lib/string.h>

#define MAGIC_LEN 6
#define FIELDS 13
#define FIELD_DIGITS 8
#define TRAILER "TRAILER!!!"

_Static_assert(MAGIC_LEN + FIELDS * FIELD_DIGITS == CPIO_HEADER_SIZE, "newc header");

enum {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_FILESIZE,
	FIELD_DEV_MAJOR,
	FIELD_DEV_MINOR,
	FIELD_RDEV_MAJOR,
	FIELD_RDEV_MINOR,
	FIELD_NAMESIZE,
	FIELD_CHECK,
};

static bool has_magic(const u8 *header)
{
	return memcmp(header, "07070", MAGIC_LEN - 1) == 0 && (header[5] == '1' || header[5] == '2');
}

static bool parse_field(const u8 *digits, u32 *out)
{
	u32 value = 0;

	for (int i = 0; i < FIELD_DIGITS; i++) {
		u32 c = digits[i], letter = (c | 0x20) - 'a';

		if (c - '0' < 10)
			value = value << 4 | (c - '0');
		else if (letter < 6)
			value = value << 4 | (letter + 10);
		else
			return false;
	}
	*out = value;
	return true;
}

static bool parse_header(const u8 *header, u32 *fields)
{
	for (int i = 0; i < FIELDS; i++) {
		if (!parse_field(header + MAGIC_LEN + i * FIELD_DIGITS, &fields[i]))
			return false;
	}
	return true;
}

static void fill_entry(struct cpio_entry *out, const u32 *fields)
{
	out->ino = fields[FIELD_INO];
	out->mode = fields[FIELD_MODE];
	out->uid = fields[FIELD_UID];
	out->gid = fields[FIELD_GID];
	out->nlink = fields[FIELD_NLINK];
	out->mtime = fields[FIELD_MTIME];
	out->size = fields[FIELD_FILESIZE];
	out->dev_major = fields[FIELD_DEV_MAJOR];
	out->dev_minor = fields[FIELD_DEV_MINOR];
	out->rdev_major = fields[FIELD_RDEV_MAJOR];
	out->rdev_minor = fields[FIELD_RDEV_MINOR];
}

int cpio_parse_header(const u8 *header, struct cpio_entry *out, size_t *name_size)
{
	u32 fields[FIELDS];

	if (!has_magic(header))
		return -EILSEQ;
	if (!parse_header(header, fields))
		return -EINVAL;
	*name_size = fields[FIELD_NAMESIZE];
	if (*name_size == 0 || *name_size > CPIO_NAME_MAX)
		return -EINVAL;
	fill_entry(out, fields);
	return 0;
}

/* The entry whose header is at `pos`; *next is what follows it. 0 or an error. */
static int read_entry(const u8 *data, size_t len, size_t pos, struct cpio_entry *out, size_t *next)
{
	size_t left = len - pos, name_size, data_at;
	int error;

	if (left < CPIO_HEADER_SIZE)
		return has_magic(data + pos) ? -ENODATA : -EILSEQ;
	error = cpio_parse_header(data + pos, out, &name_size);
	if (error)
		return error;
	/* All below 2^33: no sum overflows. Positions are padded, not lengths. */
	data_at = ALIGN_UP(pos + CPIO_HEADER_SIZE + name_size, 4);
	if (left < CPIO_HEADER_SIZE + name_size)
		return -ENODATA;
	out->name = (const char *)data + pos + CPIO_HEADER_SIZE;
	out->name_len = name_size - 1;
	if (strnlen(out->name, name_size) != out->name_len)
		return -EINVAL;
	if (out->size && (data_at > len || out->size > len - data_at))
		return -ENODATA;
	out->data = data + MIN(data_at, len);
	*next = MIN(ALIGN_UP(data_at + out->size, 4), len);
	return 0;
}

int cpio_next(const u8 *data, size_t len, struct cpio_cursor *cursor, struct cpio_entry *out)
{
	for (;;) {
		size_t next;
		int error;

		while (cursor->pos < len && data[cursor->pos] == 0)
			cursor->pos++;
		if (cursor->pos == len)
			return 0;
		error = len - cursor->pos < MAGIC_LEN
				? -EILSEQ
				: read_entry(data, len, cursor->pos, out, &next);
		if (error)
			return error;
		cursor->pos = next;
		out->archive = cursor->archive;
		if (!str_equal(out->name, TRAILER))
			return 1;
		cursor->archive++;
	}
}

bool cpio_find_link(const u8 *data, size_t end, const struct cpio_entry *entry,
		    struct cpio_entry *first)
{
	struct cpio_cursor cursor = { 0 };

	while (cpio_next(data, end, &cursor, first) == 1) {
		if (first->archive == entry->archive && first->ino == entry->ino &&
		    first->dev_major == entry->dev_major && first->dev_minor == entry->dev_minor &&
		    first->nlink > 1 && ((first->mode ^ entry->mode) & 0170000) == 0)
			return true;
	}
	return false;
}
