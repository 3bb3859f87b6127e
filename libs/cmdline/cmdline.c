/* The kernel command line's words. */
#include <lib/cmdline.h>

#include <lib/string.h>

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Ends the text one earlier when it ends in a quote: the partner of one that was dropped. */
static void drop_quote_before(char *start, char *end)
{
	if (end > start && end[-1] == '"')
		end[-1] = '\0';
}

/* The word's end; *equals is its first '=' behind its first character. */
static char *scan_word(char *word, bool in_quotes, char **equals)
{
	char *end;

	*equals = NULL;
	for (end = word; *end && (in_quotes || !is_space(*end)); end++) {
		if (*end == '=' && !*equals && end != word)
			*equals = end;
		else if (*end == '"')
			in_quotes = !in_quotes;
	}
	return end;
}

char *cmdline_next(char **cursor, char **value)
{
	char *word = *cursor, *end, *equals;
	bool quoted;

	while (is_space(*word))
		word++;
	*value = NULL;
	*cursor = word;
	if (!*word)
		return NULL;
	quoted = *word == '"';
	word += quoted;
	end = scan_word(word, quoted, &equals);
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	if (equals) {
		*equals = '\0';
		*value = equals + 1;
		if (**value == '"')
			drop_quote_before((*value)++, end);
	}
	if (quoted)
		drop_quote_before(word, end);
	return word;
}

char *cmdline_join(char *key, char *value)
{
	size_t len = strlen(key);

	if (!value)
		return key;
	/* A quote was dropped between the two. */
	if (value != key + len + 1)
		memmove(key + len + 1, value, strlen(value) + 1);
	key[len] = '=';
	return key;
}

static char dash_folded(char c)
{
	return c == '-' ? '_' : c;
}

bool cmdline_key_equal(const char *a, const char *b)
{
	while (*a && dash_folded(*a) == dash_folded(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}
