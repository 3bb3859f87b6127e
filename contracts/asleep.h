/* asleep.h - waiting until another process waits, instead of for some time. */
#pragma once

#include "contract.h"

/* The letter of /proc/PID/stat; Z also if there is no such process. */
static inline char process_state(pid_t pid)
{
	char path[32], text[256] = "";
	const char *name_end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 'Z';
	if (read(fd, text, sizeof(text) - 1) < 0)
		expect_eq(errno, ESRCH);
	close(fd);
	name_end = strrchr(text, ')');
	return name_end ? name_end[2] : 'Z';
}

/* Until the process sleeps, so that a signal would wake it, or has ended. */
static inline void wait_asleep(pid_t pid)
{
	while (!strchr("SZX", process_state(pid)))
		sleep_ms(1);
}
