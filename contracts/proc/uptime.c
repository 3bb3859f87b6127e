/*
 * uptime.c - /proc/uptime counts seconds since boot as CLOCK_BOOTTIME does, /proc/loadavg has its five.
 * mutants: read=0 read=fill(buffer,1) openat=ENOENT clock_nanosleep=0
 */
#include "contract.h"

static double uptime(void)
{
	char text[100];
	int fd = must(open("/proc/uptime", O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));
	double up, idle;

	text[size] = 0;
	must(close(fd));
	expect(sscanf(text, "%lf %lf\n", &up, &idle) == 2);
	expect(up > 0 && idle >= 0);
	return up;
}

int main(void)
{
	double a, b, begin = uptime();
	struct timespec boot;
	char text[100];
	int fd, x, y, last;
	ssize_t size;

	must(clock_gettime(CLOCK_BOOTTIME, &boot));
	expect(boot.tv_sec + 1 >= begin && boot.tv_sec - begin < 2);
	sleep_ms(120);
	expect(uptime() - begin >= 0.1);
	fd = must(open("/proc/loadavg", O_RDONLY));
	size = must(read(fd, text, sizeof(text) - 1));
	text[size] = 0;
	expect(sscanf(text, "%lf %lf %*f %d/%d %d\n", &a, &b, &x, &y, &last) == 5);
	expect(x >= 1 && y >= x && last >= getpid());
	say("uptime moves with the clock");
	return 0;
}
