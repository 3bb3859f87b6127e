/* Numbers from text: limits, bases and everything that is no number. */
#include <lib/parse.h>

#include <errno.h>

#include <unit.h>

#define UNTOUCHED 0x5a5aUL

static const struct {
	const char *text;
	unsigned int base;
	int error;
	u64 value;
} u64_cases[] = {
	{ "0", 10, 0, 0 },
	{ "0", 0, 0, 0 },
	{ "42\n", 10, 0, 42 },
	{ "18446744073709551615", 10, 0, UINT64_MAX },
	{ "18446744073709551616", 10, -ERANGE, 0 },
	{ "99999999999999999999999999", 10, -ERANGE, 0 },
	{ "ffffffffffffffff", 16, 0, UINT64_MAX },
	{ "0xFfFf", 16, 0, 0xffff },
	{ "0x10", 0, 0, 16 },
	{ "010", 0, 0, 8 },
	{ "010", 10, 0, 10 },
	{ "08", 0, -EINVAL, 0 },
	{ "0x", 0, -EINVAL, 0 },
	{ "0xg", 16, -EINVAL, 0 },
	{ "0x10", 10, -EINVAL, 0 },
	{ "10000000000000000", 16, -ERANGE, 0 },
	{ "1777777777777777777777", 8, 0, UINT64_MAX },
	{ "2000000000000000000000", 8, -ERANGE, 0 },
	{ "zz", 36, 0, 35 * 36 + 35 },
	{ "", 10, -EINVAL, 0 },
	{ "\n", 10, -EINVAL, 0 },
	{ " 1", 10, -EINVAL, 0 },
	{ "1 ", 10, -EINVAL, 0 },
	{ "1\n\n", 10, -EINVAL, 0 },
	{ "-1", 10, -EINVAL, 0 },
	{ "+1", 10, -EINVAL, 0 },
	{ "12a", 10, -EINVAL, 0 },
};

TEST(parse_u64)
{
	for (size_t i = 0; i < ARRAY_LEN(u64_cases); i++) {
		u64 value = UNTOUCHED;

		EXPECT_EQ(parse_u64(u64_cases[i].text, u64_cases[i].base, &value),
			  u64_cases[i].error);
		EXPECT_EQ(value, u64_cases[i].error ? UNTOUCHED : u64_cases[i].value);
	}
}

static const struct {
	const char *text;
	int error;
	s64 value;
} s64_cases[] = {
	{ "-1", 0, -1 },
	{ "+7\n", 0, 7 },
	{ "-0", 0, 0 },
	{ "9223372036854775807", 0, INT64_MAX },
	{ "9223372036854775808", -ERANGE, 0 },
	{ "-9223372036854775808", 0, INT64_MIN },
	{ "-9223372036854775809", -ERANGE, 0 },
	{ "--1", -EINVAL, 0 },
	{ "-", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
};

TEST(parse_s64)
{
	for (size_t i = 0; i < ARRAY_LEN(s64_cases); i++) {
		s64 value = UNTOUCHED;

		EXPECT_EQ(parse_s64(s64_cases[i].text, 10, &value), s64_cases[i].error);
		EXPECT_EQ(value, s64_cases[i].error ? (s64)UNTOUCHED : s64_cases[i].value);
	}
}

TEST(parse_int)
{
	int value = 5;

	EXPECT_EQ(parse_int("2147483648", 10, &value), -ERANGE);
	EXPECT_EQ(parse_int("-2147483649", 10, &value), -ERANGE);
	EXPECT_EQ(value, 5);
	EXPECT_EQ(parse_int("-2147483648", 10, &value), 0);
	EXPECT_EQ(value, INT32_MIN);
	EXPECT_EQ(parse_int("2147483647", 10, &value), 0);
	EXPECT_EQ(value, INT32_MAX);
}

static const struct {
	const char *text;
	int error;
	u64 value;
	char next;
} size_cases[] = {
	{ "128M", 0, 128UL << 20, '\0' }, { "1k,", 0, 1024, ',' },
	{ "0x10G", 0, 16UL << 30, '\0' }, { "2T", 0, 2UL << 40, '\0' },
	{ "3P", 0, 3UL << 50, '\0' },	  { "15e", 0, 15UL << 60, '\0' },
	{ "16E", -ERANGE, 0, '\0' },	  { "17", 0, 17, '\0' },
	{ "4KB", 0, 4096, 'B' },	  { "K", -EINVAL, 0, '\0' },
};

TEST(parse_memory_size)
{
	for (size_t i = 0; i < ARRAY_LEN(size_cases); i++) {
		const char *end = NULL;
		u64 value = UNTOUCHED;

		EXPECT_EQ(parse_memory_size(size_cases[i].text, &value, &end), size_cases[i].error);
		EXPECT_EQ(value, size_cases[i].error ? UNTOUCHED : size_cases[i].value);
		EXPECT(size_cases[i].error ? !end : *end == size_cases[i].next);
	}
}

TEST(prefix)
{
	const char *end;
	u64 value;

	EXPECT_EQ(parse_u64_prefix("12:34", 10, &value, &end), 0);
	EXPECT_EQ(value, 12);
	EXPECT_STR(end, ":34");
}
