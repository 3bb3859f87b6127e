/*
 * lookup_while_exiting.c - many tasks look up the same processes in /proc while those end: all is found or is not.
 * mutants: openat=EACCES openat#200=EIO
 */
#include "contract.h"

#define LOOKERS 4
#define ROUNDS 40

static volatile pid_t *target;

static void look(void)
{
	static const char *const names[] = { "", "/stat", "/fd", "/task", "/fd/0", "/cwd" };
	char path[64];

	while (*target >= 0) {
		for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			int fd;

			snprintf(path, sizeof(path), "/proc/%d%s", *target, names[i]);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd >= 0)
				close(fd);
			else
				expect(errno == ENOENT || errno == ESRCH);
		}
	}
}

int main(void)
{
	pid_t lookers[LOOKERS];

	target = map_shared(PAGE);
	for (int i = 0; i < LOOKERS; i++) {
		lookers[i] = fork_child();
		if (!lookers[i]) {
			look();
			_exit(0);
		}
	}
	for (int i = 0; i < ROUNDS; i++) {
		pid_t child = fork_child();

		if (!child) {
			sleep_ms(2);
			_exit(0);
		}
		*target = child;
		expect_exit(child, 0);
		sleep_ms(1);
	}
	*target = -1;
	for (int i = 0; i < LOOKERS; i++)
		expect_exit(lookers[i], 0);
	say("%d processes ended under %d pairs of eyes", ROUNDS, LOOKERS);
	return 0;
}
