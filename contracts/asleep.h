/* asleep.h - waiting until another process waits, instead of for some time. */
#pragma once

#include "contract.h"

#define ASLEEP_SECONDS 15

/* The letter of /proc/PID/stat; 0 if there is no such process. */
static inline char process_state(pid_t pid)
{
	char path[32], text[256] = "";
	const char *name_end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		expect_eq(errno, ESRCH);
	close(fd);
	name_end = strrchr(text, ')');
	return name_end ? name_end[2] : 0;
}

/* Until the first thread of the process has ended; the process may have others. */
static inline void wait_first_thread(pid_t pid)
{
	char letter;

	while ((letter = process_state(pid)) != 'Z') {
		expect(letter);
		sleep_ms(1);
	}
}

/* Until the process sleeps, so that a signal would wake it, or has ended. */
static inline void wait_asleep(pid_t pid)
{
	const long long deadline = now_ns() + ASLEEP_SECONDS * 1000000000LL;
	char letter;

	while ((letter = process_state(pid)) && !strchr("SZX", letter)) {
		if (now_ns() > deadline)
			broken("a process is in state %c for %d seconds, never asleep", letter,
			       ASLEEP_SECONDS);
		sleep_ms(1);
	}
}
