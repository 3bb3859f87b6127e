/*
 * lines.c - a master types into its slave: lines, echo, erasing, end of file, raw mode, and output processing.
 * mutants: ioctl(command:0x5402)=0 ioctl(command:0x541b)=0 ioctl(command:0x5401)=0
 */
#include "contract.h"
#include "pair.h"

int main(void)
{
	struct pair pair = pair_open();
	struct termios modes;
	char text[64];
	int count;

	expect(isatty(pair.master) && isatty(pair.slave));
	expect_eq(state(pair.master), POLLOUT);
	expect_eq(state(pair.slave), POLLOUT);
	put(pair.slave, "out\n");
	show("from the slave", pair.master, 5);
	put(pair.master, "typed\r");
	show("echo", pair.master, 7);
	show("line", pair.slave, 6);
	put(pair.master, "abc\177d\x15last\n");
	show("erased", pair.slave, 5);
	show("its echo", pair.master, 22);
	put(pair.master, "ab\x04");
	show("up to the end of file", pair.slave, 2);
	put(pair.master, "\x04");
	expect_eq(read(pair.slave, text, sizeof(text)), 0);
	show("echo without them", pair.master, 2);
	put(pair.master, "one\ntwo\n");
	show("both echoed", pair.master, 10);
	expect_eq(read(pair.slave, text, sizeof(text)), 4);
	must(ioctl(pair.slave, FIONREAD, &count));
	expect_eq(count, 4);
	expect_eq(read(pair.slave, text, 2), 2);
	expect_eq(read(pair.slave, text, sizeof(text)), 2);

	must(tcgetattr(pair.slave, &modes));
	say("modes %o %o %o %o speed %u", modes.c_iflag, modes.c_oflag, modes.c_cflag,
	    modes.c_lflag, cfgetospeed(&modes));
	cfmakeraw(&modes);
	must(tcsetattr(pair.master, TCSANOW, &modes));
	must(tcgetattr(pair.slave, &modes));
	expect_eq(modes.c_lflag & (ICANON | ECHO | ISIG), 0);
	put(pair.master, "\x03\x04\r\n");
	show("raw", pair.slave, 4);
	put(pair.slave, "\n\t");
	show("raw output", pair.master, 2);
	expect_eq(state(pair.master), POLLOUT);
	must(fcntl(pair.master, F_SETFL, O_NONBLOCK));
	must_fail(read(pair.master, text, 1), EAGAIN);
	must_fail(lseek(pair.master, 0, SEEK_SET), ESPIPE);
	return 0;
}
