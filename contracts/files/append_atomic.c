/*
 * append_atomic.c - appends by several processes neither overlap nor tear.
 * mutants: openat(flags&O_APPEND)=flags^O_APPEND write(fd:3)#7=0 write=EINVAL
 */
#include "contract.h"

#define WRITERS 4
#define LINES 100
#define WIDTH 64

int main(void)
{
	char line[WIDTH + 1], all[WRITERS * LINES * WIDTH + 1];
	pid_t children[WRITERS];
	int next[WRITERS] = { 0 };
	int fd;

	close(file_with("log", ""));
	for (int w = 0; w < WRITERS; w++) {
		children[w] = fork_child();
		if (!children[w]) {
			fd = must(open("log", O_WRONLY | O_APPEND));
			for (int i = 0; i < LINES; i++) {
				snprintf(line, sizeof(line), "%d %-*d\n", w, WIDTH - 3, i);
				expect_eq(write(fd, line, WIDTH), WIDTH);
			}
			_exit(0);
		}
	}
	for (int w = 0; w < WRITERS; w++)
		expect_exit(children[w], 0);
	fd = must(open("log", O_RDONLY));
	expect_eq(read(fd, all, sizeof(all)), WRITERS * LINES * WIDTH);
	for (int i = 0; i < WRITERS * LINES; i++) {
		int w = all[i * WIDTH] - '0';

		expect(w >= 0 && w < WRITERS && all[i * WIDTH + WIDTH - 1] == '\n');
		expect_eq(atoi(all + i * WIDTH + 2), next[w]);
		next[w]++;
	}
	say("400 lines of four writers, whole and in order");
	return 0;
}
