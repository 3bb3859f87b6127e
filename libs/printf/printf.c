/*
 * Formatted output: one conversion is parsed into a struct spec, then written as prefix, zeros,
 * digits and padding.
 */
#include <lib/printf.h>

#include <lib/string.h>

enum {
	FLAG_LEFT = 1,
	FLAG_PLUS = 2,
	FLAG_SPACE = 4,
	FLAG_ALTERNATE = 8,
	FLAG_ZERO = 16,
};

struct spec {
	unsigned int flags;
	int width;
	int precision; /* -1: none given */
	int size; /* of an integer argument in bytes */
	char conversion;
};

/* Counts everything, stores what fits before `end`. */
struct output {
	char *start;
	size_t room;
	size_t len;
};

static void put_text(struct output *out, const char *text, size_t len)
{
	if (out->len < out->room)
		memcpy(out->start + out->len, text, MIN(len, out->room - out->len));
	out->len += len;
}

static void put_fill(struct output *out, char fill, int count)
{
	if (count <= 0)
		return;
	if (out->len < out->room)
		memset(out->start + out->len, fill, MIN((size_t)count, out->room - out->len));
	out->len += (size_t)count;
}

/* A number saturates far below overflow: no output is that wide. */
static int parse_number(const char **format)
{
	int value = 0;

	for (; **format >= '0' && **format <= '9'; (*format)++) {
		if (value < 100000000)
			value = value * 10 + (**format - '0');
	}
	return value;
}

static void parse_flags(const char **format, struct spec *spec)
{
	static const char letters[] = "-+ #0";
	const char *letter;

	for (; **format; (*format)++) {
		letter = strchr(letters, **format);
		if (!letter)
			return;
		spec->flags |= 1U << (letter - letters);
	}
}

static int parse_size(const char **format)
{
	int size = sizeof(int);

	switch (**format) {
	case 'h':
		size = *++*format == 'h' ? 1 : 2;
		*format += size == 1;
		break;
	case 'l':
		size = 8;
		*format += 1 + ((*format)[1] == 'l');
		break;
	case 'z':
	case 'j':
	case 't':
		size = 8;
		(*format)++;
		break;
	}
	return size;
}

/* The least digits of `value` before `end`; returns their start. */
static char *format_digits(char *end, u64 value, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";

	if (base == 10) {
		for (; value; value /= 10)
			*--end = (char)('0' + value % 10);
		return end;
	}
	for (; value; value /= base)
		*--end = digits[value % base];
	return end;
}

/*
 * `prefix`, zeros up to the precision (or the width, with FLAG_ZERO), digits; all of it padded to
 * the width.
 */
static void put_number(struct output *out, const struct spec *spec, const char *prefix, u64 value,
		       unsigned int base)
{
	char buffer[24];
	char *end = buffer + sizeof(buffer);
	char *digits = format_digits(end, value, base, spec->conversion == 'X');
	int len = (int)(end - digits), prefix_len = (int)strlen(prefix), zeros, padding;

	if (spec->precision >= 0)
		zeros = spec->precision - len;
	else if ((spec->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO)
		zeros = MAX(spec->width - prefix_len - len, len == 0);
	else
		zeros = len == 0;
	/* Octal's alternate form is one more zero if none leads already. */
	if (spec->conversion == 'o' && (spec->flags & FLAG_ALTERNATE) && zeros <= 0)
		zeros = 1;
	zeros = MAX(zeros, 0);
	padding = spec->width - prefix_len - zeros - len;
	if (!(spec->flags & FLAG_LEFT))
		put_fill(out, ' ', padding);
	put_text(out, prefix, (size_t)prefix_len);
	put_fill(out, '0', zeros);
	put_text(out, digits, (size_t)len);
	if (spec->flags & FLAG_LEFT)
		put_fill(out, ' ', padding);
}

static void put_signed(struct output *out, const struct spec *spec, s64 value)
{
	const char *sign = spec->flags & FLAG_PLUS ? "+" : spec->flags & FLAG_SPACE ? " " : "";

	if (spec->size == 1)
		value = (s8)value;
	else if (spec->size == 2)
		value = (s16)value;
	if (value < 0)
		put_number(out, spec, "-", -(u64)value, 10);
	else
		put_number(out, spec, sign, (u64)value, 10);
}

static void put_unsigned(struct output *out, const struct spec *spec, u64 value)
{
	unsigned int base = 10;
	const char *prefix = "";

	if (spec->size < 8)
		value &= (1UL << (8 * spec->size)) - 1;
	if (spec->conversion == 'o')
		base = 8;
	if (spec->conversion == 'x' || spec->conversion == 'X') {
		base = 16;
		if (value && (spec->flags & FLAG_ALTERNATE))
			prefix = spec->conversion == 'x' ? "0x" : "0X";
	}
	put_number(out, spec, prefix, value, base);
}

static void put_string(struct output *out, const struct spec *spec, const char *text, size_t len)
{
	int padding = len < (size_t)spec->width ? spec->width - (int)len : 0;

	if (!(spec->flags & FLAG_LEFT))
		put_fill(out, ' ', padding);
	put_text(out, text, len);
	if (spec->flags & FLAG_LEFT)
		put_fill(out, ' ', padding);
}

static void parse_spec(const char **format, va_list *args, struct spec *spec)
{
	parse_flags(format, spec);
	if (**format == '*') {
		(*format)++;
		spec->width = va_arg(*args, int);
		if (spec->width < 0) {
			spec->flags |= FLAG_LEFT;
			spec->width = spec->width == INT32_MIN ? 0 : -spec->width;
		}
	} else {
		spec->width = parse_number(format);
	}
	if (**format == '.') {
		(*format)++;
		if (**format == '*') {
			(*format)++;
			spec->precision = MAX(va_arg(*args, int), -1);
		} else {
			spec->precision = parse_number(format);
		}
	}
	spec->size = parse_size(format);
	spec->conversion = **format;
}

/* False for an unknown conversion, whose argument cannot be known either. */
static bool put_conversion(struct output *out, const struct spec *spec, va_list *args)
{
	struct spec pointer = *spec;
	const char *text;
	char byte;

	switch (spec->conversion) {
	case 'd':
	case 'i':
		put_signed(out, spec, spec->size == 8 ? va_arg(*args, s64) : va_arg(*args, int));
		return true;
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		put_unsigned(out, spec,
			     spec->size == 8 ? va_arg(*args, u64) : va_arg(*args, unsigned int));
		return true;
	case 'p':
		pointer.conversion = 'x';
		put_number(out, &pointer, "0x", (u64)(uintptr_t)va_arg(*args, void *), 16);
		return true;
	case 'c':
		byte = (char)va_arg(*args, int);
		put_string(out, spec, &byte, 1);
		return true;
	case 's':
		text = va_arg(*args, const char *);
		if (!text)
			text = "(null)";
		put_string(out, spec, text,
			   spec->precision < 0 ? strlen(text)
					       : strnlen(text, (size_t)spec->precision));
		return true;
	case '%':
		put_text(out, "%", 1);
		return true;
	}
	return false;
}

static void put_format(struct output *out, const char *format, va_list *args)
{
	while (*format) {
		const char *start = format;
		struct spec spec = { .precision = -1 };

		while (*format && *format != '%')
			format++;
		put_text(out, start, (size_t)(format - start));
		if (!*format)
			return;
		start = format++;
		parse_spec(&format, args, &spec);
		if (!put_conversion(out, &spec, args)) {
			/* Shown as it stands: the mistake is seen, no argument misread. */
			put_text(out, start, strlen(start));
			return;
		}
		format++;
	}
}

int vsnprintf(char *to, size_t size, const char *format, va_list args)
{
	struct output out = { .start = to, .room = size ? size - 1 : 0 };
	va_list copy;

	va_copy(copy, args);
	put_format(&out, format, &copy);
	va_end(copy);
	if (size)
		to[MIN(out.len, size - 1)] = '\0';
	return (int)MIN(out.len, (size_t)INT32_MAX);
}

int vscnprintf(char *to, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(to, size, format, args);

	if ((size_t)len < size)
		return len;
	return size ? (int)(size - 1) : 0;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(to, size, format, args);
	va_end(args);
	return len;
}

int scnprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vscnprintf(to, size, format, args);
	va_end(args);
	return len;
}
