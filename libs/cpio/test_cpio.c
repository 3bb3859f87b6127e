/*
 * Archives made here, whole and mutilated. Each lies in an allocation of its exact size, so a read
 * beyond it is seen.
 */
#include <lib/cpio.h>

#include <errno.h>

#include <unit.h>

static u8 archive[16384];
static size_t length;
/* Every byte of data is read. */
static volatile u8 sink;

static void pad(void)
{
	while (length % 4)
		archive[length++] = 0;
}

static void add(const char *name, u32 ino, u32 mode, u32 nlink, const char *data)
{
	length += (size_t)sprintf((char *)archive + length,
				  "070701%08X%08X%08x%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", ino,
				  mode, 1000, 100, nlink, 0x5f5e100, (u32)strlen(data), 8, 1, 4, 64,
				  (u32)strlen(name) + 1, 0);
	memcpy(archive + length, name, strlen(name) + 1);
	length += strlen(name) + 1;
	pad();
	memcpy(archive + length, data, strlen(data));
	length += strlen(data);
	pad();
}

static void add_trailer(void)
{
	add("TRAILER!!!", 0, 0, 1, "");
}

static void add_zeros(size_t count)
{
	memset(archive + length, 0, count);
	length += count;
}

static void make_archive(void)
{
	length = 0;
	add(".", 1, 040755, 2, "");
	add("bin", 2, 040755, 2, "");
	add("bin/hello", 3, 0100755, 1, "hello, world\n");
	add("bin/first", 4, 0100644, 2, "");
	add("bin/second", 4, 0100644, 2, "shared");
	add("dev/console", 5, 020600, 1, "");
	add("link", 6, 0120777, 1, "bin/hello");
	add_trailer();
}

/* Walks a copy of the first `len` bytes; the result is the last call's. */
static int walk(size_t len, char *names, size_t size, size_t *end)
{
	u8 *copy = malloc(len ? len : 1);
	struct cpio_cursor cursor = { 0 };
	struct cpio_entry entry;
	size_t used = 0, steps = 0;
	int more;

	memcpy(copy, archive, len);
	names[0] = '\0';
	while ((more = cpio_next(copy, len, &cursor, &entry)) == 1) {
		u8 sum = 0;

		used += (size_t)snprintf(names + used, size - used, "%s:%u ", entry.name,
					 (u32)entry.size);
		used = used < size ? used : size;
		EXPECT(strlen(entry.name) == entry.name_len);
		for (u64 i = 0; i < entry.size; i++)
			sum ^= entry.data[i];
		sink = sum;
		EXPECT(++steps <= len);
		EXPECT(cursor.pos <= len);
	}
	EXPECT(cursor.pos <= len);
	*end = cursor.pos;
	free(copy);
	return more;
}

static char names[4096];
static size_t end;

TEST(all_entries)
{
	make_archive();
	EXPECT_EQ(walk(length, names, sizeof(names), &end), 0);
	EXPECT_STR(names, ".:0 bin:0 bin/hello:13 bin/first:0 bin/second:6 dev/console:0 link:9 ");
	EXPECT_EQ(end, length);
}

TEST(fields)
{
	struct cpio_cursor cursor = { 0 };
	struct cpio_entry entry;

	length = 0;
	add("f", 77, 0100644, 1, "data");
	EXPECT_EQ(cpio_next(archive, length, &cursor, &entry), 1);
	EXPECT_EQ(entry.ino, 77);
	EXPECT_EQ(entry.mode, 0100644);
	EXPECT_EQ(entry.uid, 1000);
	EXPECT_EQ(entry.gid, 100);
	EXPECT_EQ(entry.nlink, 1);
	EXPECT_EQ(entry.mtime, 0x5f5e100);
	EXPECT_EQ(entry.dev_major, 8);
	EXPECT_EQ(entry.dev_minor, 1);
	EXPECT_EQ(entry.rdev_major, 4);
	EXPECT_EQ(entry.rdev_minor, 64);
	EXPECT(memcmp(entry.data, "data", 4) == 0);
}

TEST(several_archives)
{
	make_archive();
	add_zeros(512 - length % 512);
	add("more", 3, 0100644, 1, "x");
	add_trailer();
	add_zeros(256);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), 0);
	EXPECT(strstr(names, "link:9 more:1 "));
}

TEST(compressed_archive_follows)
{
	size_t start;

	make_archive();
	add_zeros(8);
	start = length;
	memcpy(archive + length, "\x1f\x8b\x08rest", 7);
	length += 7;
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EILSEQ);
	EXPECT_EQ(end, start);
}

TEST(nothing)
{
	length = 0;
	EXPECT_EQ(walk(0, names, sizeof(names), &end), 0);
	add_zeros(100);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), 0);
	memcpy(archive, "no cpio archive at all", 22);
	EXPECT_EQ(walk(22, names, sizeof(names), &end), -EILSEQ);
	memcpy(archive, "070707", 6);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EILSEQ);
}

TEST(hard_links)
{
	struct cpio_cursor cursor = { 0 }, before = { 0 };
	struct cpio_entry entry, first;
	int links = 0;

	make_archive();
	add("other", 4, 0100644, 2, "a different file: a different archive");
	while (cpio_next(archive, length, &cursor, &entry) == 1) {
		if (cpio_find_link(archive, before.pos, &entry, &first)) {
			EXPECT_STR(entry.name, "bin/second");
			EXPECT_STR(first.name, "bin/first");
			links++;
		}
		before = cursor;
	}
	EXPECT_EQ(links, 1);
}

TEST(truncated_everywhere)
{
	make_archive();
	for (size_t len = 0; len < length; len++) {
		int result = walk(len, names, sizeof(names), &end);

		EXPECT(result == 0 || result == -ENODATA || result == -EILSEQ);
	}
}

TEST(impossible_sizes)
{
	make_archive();
	memcpy(archive + 54, "FFFFFFFF", 8);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -ENODATA);
	make_archive();
	memcpy(archive + 94, "FFFFFFFF", 8);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EINVAL);
	memcpy(archive + 94, "00000000", 8);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EINVAL);
	memcpy(archive + 94, "0000000g", 8);
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EINVAL);
	/* A name without its NUL, and one with a NUL inside. */
	make_archive();
	archive[111] = 'x';
	EXPECT_EQ(walk(length, names, sizeof(names), &end), -EINVAL);
}

TEST(flipped_bytes)
{
	for (int round = 0; round < 20000; round++) {
		size_t len;

		make_archive();
		for (u64 flips = 1 + unit_random_below(4); flips; flips--)
			archive[unit_random_below(length)] =
				unit_random_below(2) ? (u8)unit_random()
						     : "0123456789abcdefF"[unit_random_below(17)];
		len = unit_random_below(4) ? length : unit_random_below(length);
		walk(len, names, sizeof(names), &end);
	}
}
