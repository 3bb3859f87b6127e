/*
 * termios_ioctls.c - what a terminal answers beside its settings, and what it refuses.
 * mutants: ioctl=0 ioctl=ENOTTY ioctl(command:TIOCGWINSZ)=0 ioctl(command:TIOCOUTQ)=0 ioctl(command:TCXONC,argument:0)=0 read=0
 */
#include "contract.h"
#include <sys/ioctl.h>
#include <termios.h>

#define READS 10

static int fd;

static int number(unsigned long request)
{
	int value = -1;

	must(ioctl(fd, request, &value));
	return value;
}

static void counts(void)
{
	char byte;

	expect_eq(number(FIONREAD), 0);
	expect_eq(number(TIOCGETD), 0);
	must(tcdrain(fd));
	expect_eq(number(TIOCOUTQ), 0);
	must(tcflush(fd, TCIFLUSH));
	must_fail(read(fd, &byte, 1), EAGAIN);
}

/* What is written to a stopped terminal is counted, and can be dropped: nobody reads it. */
static void output_held(void)
{
	int held, dropped;
	ssize_t written;

	must(tcflow(fd, TCOOFF));
	written = write(fd, "dropped", 7);
	held = number(TIOCOUTQ);
	must(tcflush(fd, TCOFLUSH));
	dropped = number(TIOCOUTQ);
	must(tcflow(fd, TCOON));
	expect_eq(written, 7);
	expect_eq(held, 7);
	expect_eq(dropped, 0);
	must(tcdrain(fd));
}

static void refusals(void)
{
	static const unsigned long to_write[] = { TCGETS,     FIONREAD,	    TIOCOUTQ, TIOCGETD,
						  TIOCGWINSZ, TIOCGSOFTCAR, TIOCGEXCL },
				   to_read[] = { TCSETS, TCSETSW, TIOCSWINSZ, TIOCSSOFTCAR },
				   unknown[] = { 0x54ff,    TIOCGPTN, TIOCPKT,
						 TIOCGPGRP, TIOCGSID, TIOCNOTTY };
	int value = 0;

	must_fail(tcflush(fd, 9), EINVAL);
	must_fail(tcflow(fd, 9), EINVAL);
	for (size_t i = 0; i < sizeof(to_write) / sizeof(to_write[0]); i++)
		must_fail(ioctl(fd, to_write[i], NULL), EFAULT);
	for (size_t i = 0; i < sizeof(to_read) / sizeof(to_read[0]); i++)
		must_fail(ioctl(fd, to_read[i], NULL), EFAULT);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		must_fail(ioctl(fd, unknown[i], &value), ENOTTY);
	must_fail(lseek(fd, 0, SEEK_SET), ESPIPE);
	must_fail(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), ENODEV);
	must_fail(ioctl(must(open("/dev/null", O_RDWR)), TIOCGWINSZ, &value), ENOTTY);
}

/* The carrier is ignored or not: the same setting by two names. */
static void software_carrier(void)
{
	struct termios settings;
	int old = number(TIOCGSOFTCAR), changed = !old;

	must(ioctl(fd, TIOCSSOFTCAR, &changed));
	expect_eq(number(TIOCGSOFTCAR), changed);
	must(tcgetattr(fd, &settings));
	expect_eq(!!(settings.c_cflag & CLOCAL), changed);
	must(ioctl(fd, TIOCSSOFTCAR, &old));
	expect_eq(number(TIOCGSOFTCAR), old);
}

static void exclusive(void)
{
	expect_eq(number(TIOCGEXCL), 0);
	must(ioctl(fd, TIOCEXCL));
	expect_eq(number(TIOCGEXCL), 1);
	must(ioctl(fd, TIOCNXCL));
	expect_eq(number(TIOCGEXCL), 0);
}

/* Reads nothing, `times` times: how long that takes. */
static long long reads_ns(int vtime, int times)
{
	struct termios settings;
	long long begin;
	char byte;

	must(tcgetattr(fd, &settings));
	settings.c_lflag &= ~ICANON;
	settings.c_cc[VMIN] = 0;
	settings.c_cc[VTIME] = (cc_t)vtime;
	must(tcsetattr(fd, TCSANOW, &settings));
	begin = now_ns();
	while (times--)
		expect_eq(read(fd, &byte, 1), 0);
	return now_ns() - begin;
}

int main(void)
{
	struct termios settings;
	struct stat st;

	fd = must(open("/dev/ttyS0", O_RDWR | O_NOCTTY | O_NONBLOCK));
	must(fstat(fd, &st));
	expect(S_ISCHR(st.st_mode));
	must(tcgetattr(fd, &settings));
	counts();
	output_held();
	refusals();
	software_carrier();
	exclusive();
	must(fcntl(fd, F_SETFL, 0));
	expect(reads_ns(1, 1) >= 90000000); /* a tenth of a second, by some clock */
	expect(reads_ns(0, READS) < READS * 90000000);
	must(tcsetattr(fd, TCSANOW, &settings));
	say("counts, refusals, and reads that do not wait");
	return 0;
}
