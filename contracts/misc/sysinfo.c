/*
 * sysinfo.c - sysinfo tells uptime, memory and processes as they are.
 * mutants: sysinfo=0 sysinfo=ENOSYS sysinfo=fill(info,112) kill=0
 */
#include "contract.h"
#include <sys/sysinfo.h>

int main(void)
{
	struct sysinfo info, more;
	struct timespec boot;
	pid_t child;

	memset(&info, 0xff, sizeof(info));
	must(sysinfo(&info));
	must(clock_gettime(CLOCK_BOOTTIME, &boot));
	expect(boot.tv_sec - info.uptime <= 2 && info.uptime - boot.tv_sec <= 2);
	expect(info.mem_unit >= 1 && info.totalram > info.freeram && info.freeram > 0);
	expect(info.totalram * info.mem_unit > 16 << 20);
	expect(info.procs >= 2);
	child = fork_child();
	if (!child)
		for (;;)
			pause();
	must(sysinfo(&more));
	expect(more.procs >= 2);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must_fail(syscall(SYS_sysinfo, 1), EFAULT);
	say("uptime, memory, processes");
	return 0;
}
