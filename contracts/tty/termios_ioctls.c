/*
 * termios_ioctls.c - what a terminal answers beside its settings, and what it refuses.
 * mutants: ioctl=0 ioctl=ENOTTY ioctl(command:TIOCGWINSZ)=0 read=0
 */
#include "contract.h"
#include <sys/ioctl.h>
#include <termios.h>

int main(void)
{
	int fd = must(open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK)), count = -1, line = -1;
	struct termios settings;
	struct stat st;
	char byte;

	must(fstat(fd, &st));
	expect(S_ISCHR(st.st_mode));
	must(ioctl(fd, FIONREAD, &count));
	expect_eq(count, 0);
	must(ioctl(fd, TIOCGETD, &line));
	expect_eq(line, 0);
	must(tcdrain(fd));
	must(ioctl(fd, TIOCOUTQ, &count));
	expect_eq(count, 0);
	must_fail(tcflush(fd, 9), EINVAL);
	must_fail(tcflow(fd, 9), EINVAL);
	must(tcflush(fd, TCIFLUSH));
	must_fail(read(fd, &byte, 1), EAGAIN);
	must_fail(ioctl(fd, TCGETS, NULL), EFAULT);
	must_fail(ioctl(fd, TCSETS, NULL), EFAULT);
	must_fail(ioctl(fd, 0x54ff, NULL), ENOTTY);
	must_fail(lseek(fd, 0, SEEK_SET), ESPIPE);
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), ENODEV);
	must(tcgetattr(fd, &settings));
	settings.c_lflag &= ~ICANON;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = 1;
	must(fcntl(fd, F_SETFL, 0));
	must(tcsetattr(fd, TCSANOW, &settings));
	expect_eq(read(fd, &byte, 1), 0);
	settings.c_cc[VTIME] = 0;
	must(tcsetattr(fd, TCSANOW, &settings));
	expect_eq(read(fd, &byte, 1), 0);
	settings.c_lflag |= ICANON;
	settings.c_cc[VMIN] = 1;
	must(tcsetattr(fd, TCSANOW, &settings));
	must_fail(ioctl(must(open("/dev/null", O_RDWR)), TIOCGWINSZ, &settings), ENOTTY);
	say("counts, refusals, and reads that do not wait");
	return 0;
}
