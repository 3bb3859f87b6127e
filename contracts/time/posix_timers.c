/*
 * posix_timers.c - timers of a process: one signal each, overruns, threads, what fork and exec do with them.
 * mutants: timer_create=ENOSYS timer_settime=0 timer_gettime=0 timer_getoverrun=EINVAL timer_delete=0 rt_sigaction=0
 */
#include "contract.h"
#include "spec.h"
#include <pthread.h>
#include <poll.h>
#include <sys/resource.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile sig_atomic_t count, code, overrun, value, taker;

static void handler(int signo, siginfo_t *info, void *context)
{
	(void)signo;
	(void)context;
	count++;
	code = info->si_code;
	overrun = info->si_overrun;
	value = info->si_value.sival_int;
	taker = (int)syscall(SYS_gettid);
}

/* The kernel's own calls: the library's timer_t is not the number. */
static int create(int clock, struct sigevent *event)
{
	int id = -77;

	must(syscall(SYS_timer_create, clock, event, &id));
	return id;
}

static void set(int id, int flags, long value_ms, long interval_ms)
{
	struct itimerspec spec = spec_of(value_ms, interval_ms);

	must(syscall(SYS_timer_settime, id, flags, &spec, NULL));
}

static struct itimerspec get(int id)
{
	struct itimerspec now;

	must(syscall(SYS_timer_gettime, id, &now));
	return now;
}

static void wait_count(int want)
{
	for (int waited = 0; count < want; sleep_ms(2))
		expect(waited++ < 5000);
}

static void once(int clock)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGUSR1,
				  .sigev_value.sival_int = 1234 };
	int id = create(clock, &event);
	struct itimerspec now, spec;

	count = 0;
	now = get(id);
	expect(!ns_of(now.it_value) && !ns_of(now.it_interval));
	set(id, 0, 30, 0);
	now = get(id);
	expect(ns_of(now.it_value) > 0 && ns_of(now.it_value) <= 30000000);
	wait_count(1);
	expect_eq(code, SI_TIMER);
	expect_eq(value, 1234);
	expect_eq(overrun, 0);
	now = get(id);
	expect(!ns_of(now.it_value));
	/* Absolute, and disarmed in time. */
	must(clock_gettime(clock, &spec.it_value));
	spec.it_value.tv_sec += 2;
	spec.it_interval = (struct timespec){ 0, 0 };
	must(syscall(SYS_timer_settime, id, TIMER_ABSTIME, &spec, NULL));
	spec = spec_of(0, 5);
	must(syscall(SYS_timer_settime, id, 0, &spec, &now));
	expect(ns_of(now.it_value) > 1000000000 && ns_of(now.it_value) <= 2000000000);
	now = get(id);
	expect(!ns_of(now.it_value) && !ns_of(now.it_interval));
	must(syscall(SYS_timer_delete, id));
	must_fail(syscall(SYS_timer_gettime, id, &now), EINVAL);
}

static void overruns(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	int id = create(CLOCK_MONOTONIC, &event);
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGRTMIN);
	count = 0;
	must(sigprocmask(SIG_BLOCK, &mask, NULL));
	set(id, 0, 10, 10);
	sleep_ms(205);
	must(sigprocmask(SIG_UNBLOCK, &mask, NULL));
	expect(count >= 1);
	expect(count > 1 || overrun >= 15);
	expect(syscall(SYS_timer_getoverrun, id) >= 0);
	wait_count(5);
	set(id, 0, 0, 0);
	expect_eq(syscall(SYS_timer_getoverrun, id), 0);
	must(syscall(SYS_timer_delete, id));
}

/* Nobody hears a signal that is ignored, but the timer goes on. */
static void ignored(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	int id = create(CLOCK_MONOTONIC, &event);
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	signal(SIGUSR2, SIG_IGN);
	set(id, 0, 1, 1);
	sleep_ms(50);
	count = 0;
	must(sigaction(SIGUSR2, &action, NULL));
	wait_count(3);
	must(syscall(SYS_timer_delete, id));
}

static void silent(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	int id = create(CLOCK_MONOTONIC, &event);
	struct itimerspec now;

	set(id, 0, 20, 0);
	now = get(id);
	expect(ns_of(now.it_value) > 0);
	sleep_ms(30);
	now = get(id);
	expect(!ns_of(now.it_value));
	set(id, 0, 20, 40);
	sleep_ms(30);
	now = get(id);
	expect(ns_of(now.it_value) > 0 && ns_of(now.it_value) <= 40000000);
	must(syscall(SYS_timer_delete, id));
}

/* Each needs an entry of the limit, also one that sends nothing. */
static void limited(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	struct rlimit none = { 0, 0 };
	pid_t child = fork_child();
	int id;

	if (!child) {
		must(setrlimit(RLIMIT_SIGPENDING, &none));
		must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), EAGAIN);
		must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EAGAIN);
		_exit(0);
	}
	expect_exit(child, 0);
}

static volatile int thread_id, thread_stop;

static void *thread_main(void *arg)
{
	thread_id = (int)syscall(SYS_gettid);
	while (!thread_stop)
		sleep_ms(2);
	return arg;
}

static void to_thread(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	pthread_t thread;
	int id, unused;

	must(pthread_create(&thread, NULL, thread_main, NULL));
	while (!thread_id)
		sleep_ms(1);
	event.sigev_notify_thread_id = thread_id;
	id = create(CLOCK_MONOTONIC, &event);
	count = 0;
	set(id, 0, 10, 10);
	wait_count(3);
	expect_eq(taker, thread_id);
	thread_stop = 1;
	pthread_join(thread, NULL);
	sleep_ms(30);
	count = 0;
	sleep_ms(50);
	expect_eq(count, 0);
	must(syscall(SYS_timer_delete, id));
	event.sigev_notify_thread_id = getppid();
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &unused), EINVAL);
}

/* A blocked signal of a timer, and one of ours, to take along into exec. */
static void leave_pending(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	sigset_t both, pending;

	sigemptyset(&both);
	sigaddset(&both, SIGUSR1);
	sigaddset(&both, SIGUSR2);
	must(sigprocmask(SIG_BLOCK, &both, NULL));
	set(create(CLOCK_MONOTONIC, &event), 0, 1, 0);
	must(raise(SIGUSR2));
	sleep_ms(20);
	must(sigpending(&pending));
	expect(sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
}

static void inheritance(void)
{
	int id = create(CLOCK_MONOTONIC, NULL);
	struct itimerspec now;
	char number[16];
	pid_t child;

	set(id, 0, 60000, 0);
	child = fork_child();
	if (!child) {
		must_fail(syscall(SYS_timer_gettime, id, &now), EINVAL);
		id = create(CLOCK_MONOTONIC, NULL);
		leave_pending();
		set(id, 0, 400, 0); /* not before the exec, on a slow machine either */
		snprintf(number, sizeof(number), "%d", id);
		execl("/proc/self/exe", "posix_timers", number, NULL);
		_exit(9);
	}
	expect_exit(child, 0);
	now = get(id);
	expect(ns_of(now.it_value) > 0);
	must(syscall(SYS_timer_delete, id));
}

/* After exec: the timer is gone, its SIGALRM would end us; of what was pending, the timers' is gone. */
static int after_exec(const char *number)
{
	struct itimerspec now;
	sigset_t pending;

	must(sigpending(&pending));
	expect(!sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGUSR2));
	must_fail(syscall(SYS_timer_gettime, atoi(number), &now), EINVAL);
	sleep_ms(450);
	return 0;
}

static void errors(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = 0 };
	struct itimerspec spec = spec_of(1, 0);
	int id;

	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_signo = 65;
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_signo = SIGUSR1;
	event.sigev_notify = 77;
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id), EINVAL);
	event.sigev_notify = SIGEV_SIGNAL;
	must_fail(syscall(SYS_timer_create, 99, &event, &id), EINVAL);
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, &event, &id), EOPNOTSUPP);
	must_fail(syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, &event, &id), EOPNOTSUPP);
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, (void *)1, &id), EFAULT);
	must_fail(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, (void *)1), EFAULT);
	id = create(CLOCK_MONOTONIC, &event);
	must_fail(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
	must_fail(syscall(SYS_timer_settime, id, 0, (void *)1, NULL), EFAULT);
	spec.it_value.tv_nsec = -1;
	must_fail(syscall(SYS_timer_settime, id, 0, &spec, NULL), EINVAL);
	must_fail(syscall(SYS_timer_gettime, id, (void *)1), EFAULT);
	must(syscall(SYS_timer_delete, id));
	must_fail(syscall(SYS_timer_delete, id), EINVAL);
	must_fail(syscall(SYS_timer_getoverrun, id), EINVAL);
	must_fail(syscall(SYS_timer_settime, -1, 0, &spec, NULL), EINVAL);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	if (argc > 1)
		return after_exec(argv[1]);
	must(sigaction(SIGUSR1, &action, NULL));
	must(sigaction(SIGRTMIN, &action, NULL));
	once(CLOCK_MONOTONIC);
	once(CLOCK_REALTIME);
	once(CLOCK_BOOTTIME);
	once(CLOCK_TAI);
	overruns();
	ignored();
	silent();
	limited();
	to_thread();
	inheritance();
	errors();
	say("one signal each, with what was missed; not after exec, not in a child");
	return 0;
}
