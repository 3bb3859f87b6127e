/* whole_text.h - a small file as one text. */
#pragma once

#include "contract.h"

/* Until the next call. A file of /proc is made as it is read: all that fits. */
static inline char *whole_text(const char *path)
{
	static char text[65536];
	int fd = must(open(path, O_RDONLY));
	ssize_t size = 0, got;

	while ((got = must(read(fd, text + size, sizeof(text) - 1 - size))) > 0)
		size += got;
	text[size] = 0;
	must(close(fd));
	return text;
}
