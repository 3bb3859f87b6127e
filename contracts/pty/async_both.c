/*
 * async_both.c - of two O_ASYNC opens of one terminal both are told of a byte, and of room after a write that had to stop.
 * mutants: fcntl(command:4)#2+=0 fcntl(command:10)=0
 */
#include "contract.h"
#include "pair.h"
#include "signals/async_io.h"

static void taken(const char *when, int first, int second)
{
	struct timespec wait = { 5, 0 };
	bool told[2] = { false, false };
	const sigset_t set = async_signals();
	siginfo_t info;

	while (!told[0] || !told[1]) {
		expect(sigtimedwait(&set, &info, &wait) == ASYNC_SIGNAL);
		expect(info.si_fd == first || info.si_fd == second);
		if (!told[info.si_fd == second])
			say("%s: %s", when, reason_name(info.si_code));
		told[info.si_fd == second] = true;
	}
	wait = (struct timespec){ 0, 2000000 };
	while (sigtimedwait(&set, &info, &wait) > 0)
		continue;
}

int main(void)
{
	struct pair pair = pair_open();
	int second = must(open(pair.name, O_RDWR | O_NOCTTY | O_NONBLOCK));
	char bytes[4096];

	signals_block();
	must(fcntl(pair.slave, F_SETFL, O_RDWR | O_NONBLOCK));
	async_on(pair.slave, ASYNC_SIGNAL);
	async_on(second, ASYNC_SIGNAL);
	put(pair.master, "line\n");
	taken("input", pair.slave, second);
	must(fcntl(pair.master, F_SETFL, O_RDWR | O_NONBLOCK));
	fill(second, pair.master);
	while (read(pair.master, bytes, sizeof(bytes)) > 0)
		continue;
	taken("room", pair.slave, second);
	return 0;
}
