/* async_io.h - an O_ASYNC file's signals, taken one by one. */
#pragma once

#include "contract.h"
#include <poll.h>

#define ASYNC_SIGNAL (SIGRTMIN + 3)

static inline sigset_t async_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGURG);
	sigaddset(&set, ASYNC_SIGNAL);
	return set;
}

static inline void signals_block(void)
{
	const sigset_t set = async_signals();

	must(sigprocmask(SIG_BLOCK, &set, NULL));
}

static inline const char *reason_name(int code)
{
	static const char *const names[] = { "",	 "POLL_IN",  "POLL_OUT", "POLL_MSG",
					     "POLL_ERR", "POLL_PRI", "POLL_HUP" };

	if (code == SI_KERNEL)
		return "SI_KERNEL";
	return code >= POLL_IN && code <= POLL_HUP ? names[code] : "another code";
}

/* Waits for the first signal, if `some`, then takes all: tells each, as of `fd`. */
static inline void signals_tell(const char *when, int fd, bool some)
{
	struct timespec wait = { some ? 5 : 0, some ? 0 : 2000000 };
	const sigset_t set = async_signals();
	siginfo_t info;
	int signo, count = 0;

	while ((signo = sigtimedwait(&set, &info, &wait)) > 0) {
		if (signo == ASYNC_SIGNAL)
			say("%s: %s, fd is %s, band %#lx", when, reason_name(info.si_code),
			    info.si_fd == fd ? "the file's" : "wrong", (long)info.si_band);
		else
			say("%s: %s, %s", when, signo == SIGIO ? "SIGIO" : "SIGURG",
			    reason_name(info.si_code));
		count++;
		wait = (struct timespec){ 0, 2000000 };
	}
	if (!count)
		say("%s: no signal", when);
	if (some && !count)
		broken("no signal");
}

static inline void async_on(int fd, int signo)
{
	must(fcntl(fd, F_SETOWN, getpid()));
	must(fcntl(fd, F_SETSIG, signo));
	must(fcntl(fd, F_SETFL, must(fcntl(fd, F_GETFL)) | O_ASYNC));
}

static inline void async_off(int fd)
{
	must(fcntl(fd, F_SETFL, must(fcntl(fd, F_GETFL)) & ~O_ASYNC));
}
