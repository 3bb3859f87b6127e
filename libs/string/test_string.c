/* Each function at every alignment and length from 0 to 130 against the host's libc. */
#include <lib/string.h>

#include <errno.h>

#include <unit.h>

#define LEN_MAX 130
/* On both sides of the area, to see what was written beside it. */
#define MARGIN 16
#define AREA (MARGIN + 8 + LEN_MAX + MARGIN)

static u8 ours[AREA], theirs[AREA], source[AREA];

static void randomize(u8 *area)
{
	for (size_t i = 0; i < AREA; i++)
		area[i] = (u8)unit_random();
}

static void expect_areas_equal(void)
{
	EXPECT(memcmp(ours, theirs, AREA) == 0);
}

TEST(memcpy_and_memset)
{
	randomize(source);
	for (size_t to = MARGIN; to < MARGIN + 8; to++) {
		for (size_t from = MARGIN; from < MARGIN + 8; from++) {
			for (size_t len = 0; len <= LEN_MAX; len++) {
				randomize(ours);
				memcpy(theirs, ours, AREA);
				EXPECT(lib_memcpy(ours + to, source + from, len) == ours + to);
				memcpy(theirs + to, source + from, len);
				expect_areas_equal();
				EXPECT(lib_memset(ours + to, (int)(len + 200), len) == ours + to);
				memset(theirs + to, (int)(len + 200), len);
				expect_areas_equal();
			}
		}
	}
}

TEST(memmove_at_every_distance)
{
	for (size_t to = 0; to + LEN_MAX <= AREA; to++) {
		for (size_t from = 0; from + LEN_MAX <= AREA; from++) {
			for (size_t len = 0; len <= LEN_MAX; len++) {
				if (len == 0)
					randomize(ours);
				memcpy(theirs, ours, AREA);
				EXPECT(lib_memmove(ours + to, ours + from, len) == ours + to);
				memmove(theirs + to, theirs + from, len);
				expect_areas_equal();
			}
		}
	}
}

TEST(long_copies)
{
	enum { LONG = 20000 };
	static u8 a[LONG], b[LONG];

	for (int round = 0; round < 500; round++) {
		size_t to = unit_random_below(LONG), from = unit_random_below(LONG);
		size_t len = unit_random_below(LONG - (to > from ? to : from) + 1);

		for (size_t i = 0; i < 64; i++)
			a[unit_random_below(LONG)] = (u8)unit_random();
		memcpy(b, a, LONG);
		lib_memmove(a + to, a + from, len);
		memmove(b + to, b + from, len);
		EXPECT(memcmp(a, b, LONG) == 0);
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

TEST(memcmp_of_all_lengths)
{
	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			randomize(source);
			memcpy(ours, source + shift, len);
			EXPECT_EQ(lib_memcmp(ours, source + shift, len), 0);
			for (int round = 0; len && round < 4; round++) {
				ours[unit_random_below(len)] ^= (u8)unit_random();
				EXPECT_EQ(sign(lib_memcmp(ours, source + shift, len)),
					  sign(memcmp(ours, source + shift, len)));
				EXPECT_EQ(sign(lib_memcmp(source + shift, ours, len)),
					  sign(memcmp(source + shift, ours, len)));
			}
		}
	}
}

TEST(memchr_and_find_other)
{
	for (size_t shift = 0; shift < 8; shift++) {
		for (size_t len = 0; len <= LEN_MAX; len++) {
			for (size_t at = 0; at < len + 10; at++) {
				memset(ours, 0xaa, AREA);
				ours[shift + at] = 0x80;
				EXPECT(lib_memchr(ours + shift, 0x80, len) ==
				       memchr(ours + shift, 0x80, len));
				EXPECT(mem_find_other(ours + shift, 0xaa, len) ==
				       memchr(ours + shift, 0x80, len));
			}
		}
	}
	memset(ours, 0, AREA);
	EXPECT(mem_is_zero(ours, AREA));
	EXPECT(!mem_is_zero("\0\0\1", 3));
}

/* A string of `len` at the end of its allocation, from few letters, so that they repeat. */
static char *random_string(size_t len, char **allocation)
{
	size_t shift = unit_random_below(8);

	*allocation = malloc(shift + len + 1);
	for (size_t i = 0; i < shift + len; i++)
		(*allocation)[i] = "abc\xff"[unit_random_below(4)];
	(*allocation)[shift + len] = '\0';
	return *allocation + shift;
}

TEST(strings_of_all_lengths)
{
	for (size_t len = 0; len <= LEN_MAX; len++) {
		for (int round = 0; round < 16; round++) {
			char *free_a, *free_b, *a = random_string(len, &free_a);
			char *b = random_string(unit_random_below(LEN_MAX), &free_b);
			size_t max = unit_random_below(LEN_MAX + 5);
			int byte = "abcd\xff"[unit_random_below(6)];

			if (round & 1)
				memcpy(b, a, strlen(a) < strlen(b) ? strlen(a) : strlen(b));
			EXPECT_EQ(lib_strlen(a), len);
			EXPECT_EQ(lib_strnlen(a, max), strnlen(a, max));
			EXPECT_EQ(lib_strnlen(a, SIZE_MAX), len);
			EXPECT_EQ(sign(lib_strcmp(a, b)), sign(strcmp(a, b)));
			EXPECT_EQ(sign(lib_strncmp(a, b, max)), sign(strncmp(a, b, max)));
			EXPECT(lib_strchr(a, byte) == strchr(a, byte));
			EXPECT(lib_strrchr(a, byte) == strrchr(a, byte));
			EXPECT(lib_strchrnul(a, byte)[0] == (strchr(a, byte) ? (char)byte : '\0'));
			b[strlen(b) < 3 ? strlen(b) : 3] = '\0';
			EXPECT(lib_strstr(a, b) == strstr(a, b));
			free(free_a);
			free(free_b);
		}
	}
}

TEST(strnlen_needs_no_terminator)
{
	char *text = malloc(13);

	memset(text, 'x', 13);
	EXPECT_EQ(lib_strnlen(text, 13), 13);
	free(text);
}

TEST(strscpy)
{
	char to[6];

	memset(to, '#', sizeof(to));
	EXPECT_EQ(strscpy(to, "abc", sizeof(to)), 3);
	EXPECT_STR(to, "abc");
	EXPECT_EQ(to[4], '#');
	EXPECT_EQ(strscpy(to, "abcde", sizeof(to)), 5);
	EXPECT_STR(to, "abcde");
	EXPECT_EQ(strscpy(to, "abcdef", sizeof(to)), -E2BIG);
	EXPECT_STR(to, "abcde");
	EXPECT_EQ(strscpy(to, "x", 1), -E2BIG);
	EXPECT_STR(to, "");
	EXPECT_EQ(strscpy(to, "", 1), 0);
	EXPECT_EQ(strscpy(to, "x", 0), -E2BIG);
}

TEST(prefixes)
{
	EXPECT(str_starts_with("init=/bin/sh", "init="));
	EXPECT(str_starts_with("x", ""));
	EXPECT(!str_starts_with("ini", "init"));
	EXPECT(str_equal("a", "a"));
	EXPECT(!str_equal("a", "ab"));
}
