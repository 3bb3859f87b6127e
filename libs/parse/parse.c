/* Numbers from text, with every overflow found before it happens. */
#include <lib/parse.h>

#include <abi/errno.h>

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned int)(c - 'A') + 10;
	return 255;
}

/* Steps over 0x where base 16 allows it, and decides base 0. */
static const char *skip_prefix(const char *s, unsigned int *base)
{
	bool hex = s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit_value(s[2]) < 16;

	if (*base == 0)
		*base = hex ? 16 : s[0] == '0' ? 8 : 10;
	return *base == 16 && hex ? s + 2 : s;
}

int parse_u64_prefix(const char *s, unsigned int base, u64 *out, const char **end)
{
	const char *start = skip_prefix(s, &base);
	bool overflow = false;
	u64 value = 0;

	for (s = start; digit_value(*s) < base; s++) {
		overflow |= __builtin_mul_overflow(value, (u64)base, &value);
		overflow |= __builtin_add_overflow(value, (u64)digit_value(*s), &value);
	}
	if (s == start)
		return -EINVAL;
	if (overflow)
		return -ERANGE;
	*out = value;
	*end = s;
	return 0;
}

int parse_u64(const char *s, unsigned int base, u64 *out)
{
	const char *end;
	u64 value;
	int error = parse_u64_prefix(s, base, &value, &end);

	if (error)
		return error;
	if (*end == '\n')
		end++;
	if (*end)
		return -EINVAL;
	*out = value;
	return 0;
}

int parse_s64(const char *s, unsigned int base, s64 *out)
{
	bool negative = *s == '-';
	u64 magnitude;
	int error = parse_u64(*s == '-' || *s == '+' ? s + 1 : s, base, &magnitude);

	if (error)
		return error;
	if (magnitude > (u64)INT64_MAX + negative)
		return -ERANGE;
	*out = (s64)(negative ? -magnitude : magnitude);
	return 0;
}

int parse_int(const char *s, unsigned int base, int *out)
{
	s64 value;
	int error = parse_s64(s, base, &value);

	if (error)
		return error;
	if (value != (int)value)
		return -ERANGE;
	*out = (int)value;
	return 0;
}

static unsigned int suffix_shift(char c)
{
	static const char letters[] = "kmgtpe";

	for (unsigned int i = 0; letters[i]; i++) {
		if ((c | 0x20) == letters[i])
			return 10 * (i + 1);
	}
	return 0;
}

int parse_memory_size(const char *s, u64 *out, const char **end)
{
	u64 value;
	int error = parse_u64_prefix(s, 0, &value, &s);
	unsigned int shift;

	if (error)
		return error;
	shift = suffix_shift(*s);
	if (shift) {
		s++;
		if (value > ~0UL >> shift)
			return -ERANGE;
		value <<= shift;
	}
	*out = value;
	*end = s;
	return 0;
}
