/*
 * cpu_timers.c - timers of CPU time fire after that much work, not after that much waiting; RLIMIT_CPU ends what works too long.
 * mutants: setitimer=0 getitimer=0 timer_create=ENOSYS timer_settime=0 timer_gettime=0 prlimit64=0
 */
#include "contract.h"
#include "spec.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/time.h>

static volatile sig_atomic_t count;

static void handler(int signo)
{
	(void)signo;
	count++;
}

static long long used_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static void work_until(int want)
{
	long long end = used_ns() + 5000000000LL;

	while (count < want)
		for (int i = 0; i < 10000; i++)
			if (i == 9999)
				expect(used_ns() < end);
}

/* It has not fired by waiting; a host that takes time away may let the program seem to have worked. */
static bool fired_in_sleep(long long begin)
{
	sleep_ms(80);
	if (count)
		expect(used_ns() - begin >= 30000000);
	return count;
}

static void interval(int which, int signo)
{
	struct itimerval timer = { .it_value = { 0, 40000 } }, now;
	long long begin = used_ns();

	handle(signo, handler, SA_RESTART);
	count = 0;
	must(setitimer(which, &timer, NULL));
	if (!fired_in_sleep(begin)) {
		must(getitimer(which, &now));
		expect(count || (now.it_value.tv_usec > 0 && now.it_value.tv_usec <= 60000));
	}
	work_until(1);
	expect(used_ns() - begin >= 30000000);
	timer.it_interval = timer.it_value;
	must(setitimer(which, &timer, &now));
	expect(!now.it_value.tv_sec && !now.it_value.tv_usec);
	count = 0;
	work_until(3);
	timer = (struct itimerval){ 0 };
	must(setitimer(which, &timer, &now));
	expect_eq(now.it_interval.tv_usec, 40000);
	signal(signo, SIG_DFL);
}

static void posix(int clock)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec spec = { .it_value = { 0, 40000000 } }, now;
	long long begin = used_ns();
	timer_t timer;

	handle(SIGUSR1, handler, SA_RESTART);
	count = 0;
	must(timer_create(clock, &event, &timer));
	must(timer_settime(timer, 0, &spec, NULL));
	if (!fired_in_sleep(begin)) {
		must(timer_gettime(timer, &now));
		expect(count || (now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 40000000));
	}
	work_until(1);
	expect(used_ns() - begin >= 30000000);
	spec.it_interval = spec.it_value;
	must(timer_settime(timer, 0, &spec, NULL));
	count = 0;
	work_until(3);
	must(timer_delete(timer));
}

static void *setter(void *arg)
{
	for (int i = 0; i < 100; i++) {
		struct itimerval timer = { .it_value = { 0, 1000 + i % 7 } }, old;

		must(setitimer(i % 3, &timer, &old));
		must(getitimer(i % 3, &old));
	}
	return arg;
}

/* Threads that set the same timers at once lose nothing but their turns. */
static void race(void)
{
	struct itimerval off = { 0 }, now;
	pthread_t threads[2];

	handle(SIGALRM, handler, SA_RESTART);
	handle(SIGVTALRM, handler, SA_RESTART);
	handle(SIGPROF, handler, SA_RESTART);
	for (int i = 0; i < 2; i++)
		must(pthread_create(&threads[i], NULL, setter, NULL));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 3; i++) {
		must(setitimer(i, &off, NULL));
		must(getitimer(i, &now));
		expect(!now.it_value.tv_sec && !now.it_value.tv_usec);
	}
	count = 0;
	sleep_ms(20);
	expect_eq(count, 0);
}

/* Ends by SIGXCPU: by itself, as nobody handles it. */
static void work_to_soft_limit(void)
{
	const struct rlimit limits = { 1, 10 };

	interval(ITIMER_PROF, SIGPROF);
	interval(ITIMER_VIRTUAL, SIGVTALRM);
	posix(CLOCK_PROCESS_CPUTIME_ID);
	posix(CLOCK_THREAD_CPUTIME_ID);
	race();
	must(setrlimit(RLIMIT_CPU, &limits));
	for (;;)
		continue;
}

/* Ends by SIGKILL: the handler has seen the soft limit before. */
static void work_to_hard_limit(void)
{
	struct rlimit limits = { 0, 1 };

	handle(SIGXCPU, handler, 0);
	must(setrlimit(RLIMIT_CPU, &limits));
	work_until(1);
	must(getrlimit(RLIMIT_CPU, &limits));
	expect_eq(limits.rlim_cur, 1); /* told again after a second */
	for (;;)
		continue;
}

static pid_t working_child(void (*work)(void))
{
	pid_t child = fork_child();

	if (!child)
		work();
	return child;
}

/* After a second of work; what is charged for it may be less, where a host takes time away. */
static void expect_limited(pid_t child, int signo)
{
	struct timeval used;
	struct rusage usage;
	int status;

	expect_eq(wait4(child, &status, 0, &usage), child);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != signo)
		broken("status %#x, expected signal %d", (unsigned int)status, signo);
	timeradd(&usage.ru_utime, &usage.ru_stime, &used);
	expect(used.tv_sec || used.tv_usec >= 500000);
}

int main(void)
{
	pid_t soft = working_child(work_to_soft_limit), hard = working_child(work_to_hard_limit);

	expect_limited(soft, SIGXCPU);
	expect_limited(hard, SIGKILL);
	say("they count work");
	return 0;
}
