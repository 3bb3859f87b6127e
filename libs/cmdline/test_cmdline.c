/* Command lines and the words that Linux's rules make of them. */
#include <lib/cmdline.h>

#include <unit.h>

/* Every word as <key> or <key|value>. */
static void expect_words(const char *line, const char *expected)
{
	char copy[256], words[512] = "", *cursor = copy, *value;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *key; (key = cmdline_next(&cursor, &value));) {
		size_t used = strlen(words);

		snprintf(words + used, sizeof(words) - used, value ? "<%s|%s>" : "<%s>", key, value);
	}
	EXPECT_STR(words, expected);
	EXPECT_EQ(*cursor, 0);
}

TEST(words)
{
	expect_words("", "");
	expect_words("  \t\n ", "");
	expect_words("quiet", "<quiet>");
	expect_words(" quiet  ro\n", "<quiet><ro>");
	expect_words("console=ttyS0 init=/bin/sh", "<console|ttyS0><init|/bin/sh>");
	expect_words("a=b=c", "<a|b=c>");
	expect_words("a= b", "<a|><b>");
	expect_words("=x", "<=x>");
}

TEST(quotes)
{
	expect_words("a=\"b c\" d", "<a|b c><d>");
	expect_words("\"a=b c\" d", "<a|b c><d>");
	expect_words("a=b\" \"c", "<a|b\" \"c>");
	expect_words("\"a b\"", "<a b>");
	expect_words("a=\"b c", "<a|b c>");
	expect_words("a=\"\"", "<a|>");
	expect_words("a=\"", "<a|>");
	expect_words("\"", "<>");
	expect_words("\"\"x", "<\"x>");
}

TEST(rest_belongs_to_init)
{
	char line[] = "quiet -- single  \"two words\"", *cursor = line, *value;

	EXPECT_STR(cmdline_next(&cursor, &value), "quiet");
	EXPECT_STR(cmdline_next(&cursor, &value), "--");
	EXPECT(!value);
	EXPECT_STR(cursor, "single  \"two words\"");
}

TEST(join)
{
	char line[] = "A=1 B=\"2 3\" C D=", *cursor = line, *value, *key;

	key = cmdline_next(&cursor, &value);
	EXPECT_STR(cmdline_join(key, value), "A=1");
	key = cmdline_next(&cursor, &value);
	EXPECT_STR(cmdline_join(key, value), "B=2 3");
	key = cmdline_next(&cursor, &value);
	EXPECT_STR(cmdline_join(key, value), "C");
	key = cmdline_next(&cursor, &value);
	EXPECT_STR(cmdline_join(key, value), "D=");
}

TEST(keys)
{
	EXPECT(cmdline_key_equal("init-on-alloc", "init_on_alloc"));
	EXPECT(!cmdline_key_equal("init-on-alloc", "init_on_allo"));
	EXPECT(!cmdline_key_equal("init", "initrd"));
	EXPECT(cmdline_key_equal("", ""));
}

/* Any text: the words stay within it and the walk ends. */
TEST(random_text)
{
	static const char letters[] = "ab=\" \t-";
	char text[24];

	for (int round = 0; round < 50000; round++) {
		size_t len = unit_random_below(sizeof(text));
		char *exact = malloc(len + 1), *cursor = exact, *value;
		size_t words = 0;

		for (size_t i = 0; i < len; i++)
			exact[i] = letters[unit_random_below(sizeof(letters) - 1)];
		exact[len] = '\0';
		for (char *key; (key = cmdline_next(&cursor, &value)); words++) {
			EXPECT(key >= exact && key + strlen(key) <= exact + len);
			cmdline_join(key, value);
		}
		EXPECT(words <= len);
		free(exact);
	}
}
