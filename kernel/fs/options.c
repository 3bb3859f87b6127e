/* Mount options: "key=value,key,...". */
#include "internal.h"

#include <abi/errno.h>
#include <lib/parse.h>
#include <lib/string.h>

int options_parse(const char *options, option_fn option, void *data)
{
	char *copy = kstrdup(options), *word = copy;
	int error = copy ? 0 : -ENOMEM;

	while (!error && word) {
		char *comma = strchr(word, ','), *value;

		if (comma)
			*comma++ = 0;
		value = strchr(word, '=');
		if (value)
			*value++ = 0;
		if (*word)
			error = option(data, word, value ? value : "");
		word = comma;
	}
	kfree(copy);
	return error;
}

int option_number(const char *value, unsigned int base, u32 *number)
{
	u64 wide;

	if (parse_u64(value, base, &wide) || wide > ~0u)
		return -EINVAL;
	*number = (u32)wide;
	return 0;
}
