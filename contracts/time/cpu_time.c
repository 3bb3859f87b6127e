/*
 * cpu_time.c - CPU time grows while a process computes, not while it sleeps, and wait4 hands it over.
 * mutants: clock_gettime=0 getrusage=0 times=0 wait4=fill(rusage,144) getrusage=ENOSYS
 */
#include "contract.h"
#include "spec.h"
#include <sys/resource.h>
#include <sys/times.h>

static long long cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static long long used_us(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000LL +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int main(void)
{
	struct rusage usage;
	struct tms tms;
	long long begin = cpu_ns();
	pid_t child;
	int status;

	sleep_ms(200);
	expect(cpu_ns() - begin < 150000000);
	child = fork_child();
	if (!child) {
		begin = cpu_ns();
		while (cpu_ns() - begin < 200000000)
			continue;
		_exit(0);
	}
	expect_eq(wait4(child, &status, 0, &usage), child);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	expect(used_us(&usage) >= 100000 && used_us(&usage) < 20000000);
	memset(&usage, 0, sizeof(usage));
	must(getrusage(RUSAGE_CHILDREN, &usage));
	expect(used_us(&usage) >= 100000 && used_us(&usage) < 20000000);
	expect(times(&tms) > 0);
	expect(tms.tms_cutime + tms.tms_cstime >= 10);
	say("asleep it costs nothing, at work it does, and the parent learns it");
	return 0;
}
