/*
 * console_termios.c - the serial console is a terminal whose settings can be read, changed and put back.
 * mutants: ioctl=0 ioctl(command:TCSETS)=0 ioctl=ENOTTY ioctl=fill(argument,4)
 */
#include "contract.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	int fd = must(open("/dev/ttyS0", O_RDWR | O_NOCTTY));
	struct termios old, changed, back;
	struct winsize size;

	expect(isatty(fd));
	expect(!isatty(must(open("/dev/null", O_RDWR))));
	must(tcgetattr(fd, &old));
	expect((old.c_lflag & (ICANON | ECHO | ISIG)) == (ICANON | ECHO | ISIG));
	expect(old.c_oflag & OPOST && old.c_oflag & ONLCR && old.c_iflag & ICRNL);
	expect(old.c_cc[VINTR] == 3 && old.c_cc[VSUSP] == 26 && old.c_cc[VEOF] == 4);
	changed = old;
	changed.c_lflag &= ~(ICANON | ECHO);
	changed.c_cc[VINTR] = 7;
	changed.c_cc[VMIN] = 5;
	must(tcsetattr(fd, TCSANOW, &changed));
	must(tcgetattr(fd, &back));
	expect_eq(back.c_lflag, changed.c_lflag);
	expect(back.c_cc[VINTR] == 7 && back.c_cc[VMIN] == 5);
	must(tcsetattr(fd, TCSADRAIN, &old));
	must(tcgetattr(fd, &back));
	expect(old.c_iflag == back.c_iflag && old.c_oflag == back.c_oflag);
	expect(old.c_cflag == back.c_cflag && old.c_lflag == back.c_lflag);
	for (int i = 0; i <= VEOL2; i++)
		expect_eq(back.c_cc[i], old.c_cc[i]);

	must(ioctl(fd, TIOCGWINSZ, &size));
	size.ws_row = 33;
	size.ws_col = 77;
	must(ioctl(fd, TIOCSWINSZ, &size));
	size.ws_row = size.ws_col = 0;
	must(ioctl(fd, TIOCGWINSZ, &size));
	expect(size.ws_row == 33 && size.ws_col == 77);
	size.ws_row = size.ws_col = 0;
	must(ioctl(fd, TIOCSWINSZ, &size));
	must_fail(ioctl(must(open("/dev/null", O_RDWR)), TCGETS, &back), ENOTTY);
	say("settings and window size round trip");
	return 0;
}
