/*
 * packet.c - in packet mode the master's reads say whether they are data or news: flushes, flow control.
 * mutants: ioctl(command:0x5420)=0 ioctl(command:0x540a)=0 ioctl(command:0x540b)=0
 */
#include "contract.h"
#include "pair.h"

static void news(const char *title, int fd)
{
	unsigned char text[32];
	ssize_t got;

	expect_eq(state(fd) & (POLLPRI | POLLIN), POLLPRI | POLLIN);
	got = must(read(fd, text, sizeof(text)));
	expect_eq(got, 1);
	say("%s: status %#x", title, text[0]);
}

int main(void)
{
	struct pair pair = pair_open();
	struct termios modes;
	char text[32];
	int on = 1;

	must(ioctl(pair.master, TIOCGPKT, &on));
	expect_eq(on, 0);
	on = 1;
	must(ioctl(pair.master, TIOCPKT, &on));
	must(ioctl(pair.master, TIOCGPKT, &on));
	expect_eq(on, 1);
	put(pair.slave, "data");
	expect_eq(read(pair.master, text, sizeof(text)), 5);
	expect(text[0] == TIOCPKT_DATA && memcmp(text + 1, "data", 4) == 0);
	expect_eq(state(pair.master), POLLOUT);

	must(tcflow(pair.slave, TCOOFF));
	news("stopped", pair.master);
	must(tcflow(pair.slave, TCOON));
	news("started", pair.master);
	must(tcflush(pair.slave, TCIFLUSH));
	news("input flushed", pair.master);
	must(tcflush(pair.slave, TCOFLUSH));
	news("output flushed", pair.master);
	must(tcgetattr(pair.slave, &modes));
	modes.c_iflag &= ~(tcflag_t)IXON;
	must(tcsetattr(pair.slave, TCSANOW, &modes));
	news("no flow control", pair.master);
	modes.c_iflag |= IXON;
	must(tcsetattr(pair.slave, TCSANOW, &modes));
	news("flow control", pair.master);

	must(tcflush(pair.slave, TCIFLUSH));
	put(pair.slave, "later");
	news("news first", pair.master);
	expect_eq(read(pair.master, text, 3), 3);
	expect(memcmp(text, "\0la", 3) == 0);
	expect_eq(read(pair.master, text, sizeof(text)), 4);
	on = 0;
	must(ioctl(pair.master, TIOCPKT, &on));
	put(pair.slave, "plain");
	expect_eq(read(pair.master, text, sizeof(text)), 5);
	return 0;
}
