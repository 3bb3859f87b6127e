/* Formatted output against the host's snprintf: the same text, length and truncation. */
#include <lib/printf.h>
#undef snprintf
#undef vsnprintf

#include <unit.h>

/* The formats are made up as the test runs. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-overflow"

/* Both with a room from none to plenty. */
#define COMPARE(...)                                                                               \
	do {                                                                                       \
		for (size_t room = 0; room < sizeof(ours); room = 2 * room + 1) {                  \
			memset(ours, '#', sizeof(ours));                                           \
			memset(theirs, '#', sizeof(theirs));                                       \
			int host_len = snprintf(theirs, room, __VA_ARGS__);                        \
			EXPECT_EQ(lib_snprintf(ours, room, __VA_ARGS__), host_len);                \
			EXPECT(memcmp(ours, theirs, sizeof(ours)) == 0);                           \
			if (memcmp(ours, theirs, sizeof(ours)) != 0 && room > 60)                  \
				printf("\t\"%s\"\n\t\"%s\"\n", ours, theirs);                      \
		}                                                                                  \
	} while (0)

static char ours[600], theirs[600];

static void random_spec(char *format, const char *size, char conversion)
{
	size_t len = 0;

	format[len++] = '<';
	format[len++] = '%';
	for (int i = 0; i < 5; i++) {
		if (unit_random_below(4) == 0)
			format[len++] = "-+ #0"[i];
	}
	if (unit_random_below(2))
		len += (size_t)sprintf(format + len, "%d", (int)(1 + unit_random_below(40)));
	if (unit_random_below(2))
		len += (size_t)sprintf(format + len, ".%d", (int)unit_random_below(30));
	sprintf(format + len, "%s%c>", size, conversion);
}

static u64 random_number(void)
{
	switch (unit_random_below(5)) {
	case 0:
		return 0;
	case 1:
		return -unit_random_below(1000);
	default:
		return unit_random() >> unit_random_below(64);
	}
}

TEST(integers)
{
	static const char *const sizes[] = { "", "h", "hh", "l", "ll", "z", "j", "t" };
	char format[64];

	for (int round = 0; round < 40000; round++) {
		unsigned int size = (unsigned int)unit_random_below(8);
		char conversion = "diuxXo"[unit_random_below(6)];
		u64 value = random_number();

		random_spec(format, sizes[size], conversion);
		if (size < 3)
			COMPARE(format, (int)value);
		else
			COMPARE(format, value);
	}
}

TEST(strings_and_characters)
{
	char format[64];

	for (int round = 0; round < 5000; round++) {
		const char *text = &"a text of thirty characters..."[unit_random_below(31)];

		random_spec(format, "", 's');
		COMPARE(format, text);
	}
	COMPARE("%c%c|%5c|%-5c|", 'a', 'b', 'c', 'd');
	COMPARE("%c", 0);
}

TEST(stars)
{
	COMPARE("%*d|%-*d|%*d|", 7, 42, 7, 42, -7, 42);
	COMPARE("%.*d|%.*d|%*.*d|", 5, 42, -1, 42, 9, 4, 42);
	COMPARE("%.*s|%*s|", 3, "abcdef", -8, "abc");
	COMPARE("%0*x|", 16, 0xdead);
}

TEST(pointers)
{
	COMPARE("%p|%20p|%-20p|", (void *)0x1234, (void *)ours, (void *)~0UL);
}

TEST(plain_text)
{
	COMPARE("%s", "");
	COMPARE("100%%");
	COMPARE("a%db%sc", 1, "two");
	EXPECT_EQ(lib_snprintf(NULL, 0, "%d", 12345), 5);
}

TEST(not_a_pointer_and_not_a_conversion)
{
	const char *none = NULL;

	lib_snprintf(ours, sizeof(ours), "%s", none);
	EXPECT_STR(ours, "(null)");
	/* %n must never write. */
	lib_snprintf(ours, sizeof(ours), "a%nb", (int *)1);
	EXPECT_STR(ours, "a%nb");
	lib_snprintf(ours, sizeof(ours), "a%");
	EXPECT_STR(ours, "a%");
}

TEST(string_without_terminator)
{
	char *text = malloc(3);

	memcpy(text, "abc", 3);
	EXPECT_EQ(lib_snprintf(ours, sizeof(ours), "%.3s", text), 3);
	EXPECT_STR(ours, "abc");
	free(text);
}

TEST(widths_beyond_the_room)
{
	EXPECT_EQ(lib_snprintf(ours, 5, "%100000d", 1), 100000);
	EXPECT_STR(ours, "    ");
	EXPECT(lib_snprintf(ours, 5, "%99999999999999999999d", 1) > 0);
}

TEST(stored_length)
{
	EXPECT_EQ(scnprintf(ours, 4, "%d", 12345), 3);
	EXPECT_EQ(scnprintf(ours, 6, "%d", 12345), 5);
	EXPECT_EQ(scnprintf(ours, 1, "%d", 12345), 0);
	EXPECT_EQ(scnprintf(ours, 0, "%d", 12345), 0);
}
