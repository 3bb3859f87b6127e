/*
 * flood.c - nothing is lost or mixed up however much goes through a pseudo-terminal, both ways, and pairs come and go.
 * mutants: ioctl(command:0x5402)=0 ioctl(command:0x40045431)=0
 */
#include "contract.h"
#include "pair.h"

#define TOTAL 20000

static void sends(int fd, unsigned int seed)
{
	unsigned char text[777];

	for (size_t done = 0; done < TOTAL;) {
		size_t size = TOTAL - done < sizeof(text) ? TOTAL - done : sizeof(text);

		for (size_t i = 0; i < size; i++)
			text[i] = (unsigned char)((done + i) * seed);
		for (size_t at = 0; at < size;)
			at += (size_t)must(write(fd, text + at, size - at));
		done += size;
	}
	_exit(0);
}

static void receives(int fd, unsigned int seed)
{
	unsigned char text[1000];

	for (size_t done = 0; done < TOTAL;) {
		ssize_t got = must(read(fd, text, sizeof(text)));

		for (ssize_t i = 0; i < got; i++)
			expect_eq(text[i], (unsigned char)((done + (size_t)i) * seed));
		done += (size_t)got;
	}
	_exit(0);
}

int main(void)
{
	struct pair pair = pair_open();

	raw(pair.slave);
	if (!fork_child())
		sends(pair.master, 7);
	if (!fork_child())
		sends(pair.slave, 5);
	if (!fork_child())
		receives(pair.slave, 7);
	if (!fork_child())
		receives(pair.master, 5);
	for (int i = 0; i < 4; i++) {
		int status;

		must(wait(&status));
		expect_eq(status, 0);
	}
	for (int i = 0; i < 4; i++)
		if (!fork_child()) {
			for (int n = 0; n < 20; n++) {
				struct pair own = pair_open();

				put(own.master, "x\n");
				put(own.slave, "y");
				close(n & 1 ? own.master : own.slave);
				close(n & 1 ? own.slave : own.master);
			}
			_exit(0);
		}
	for (int i = 0; i < 4; i++) {
		int status;

		must(wait(&status));
		expect_eq(status, 0);
	}
	say("all bytes in order, both ways");
	return 0;
}
