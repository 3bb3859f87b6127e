/*
 * oom_score.c - oom_score_adj moves the score, is inherited, and is lowered below what root set only by root; oom_adj is its old form.
 * mutants: write=EINVAL write#2=0 write#8=4 setresuid=0
 */
#include "asleep.h"
#include <pthread.h>

static int fds[3];
enum { SCORE, ADJ, OLD };

static int get(int which)
{
	char text[32] = "";

	expect(pread(fds[which], text, sizeof(text) - 1, 0) > 1);
	return atoi(text);
}

static int put(int which, const char *text)
{
	must(lseek(fds[which], 0, SEEK_SET));
	return write(fds[which], text, strlen(text)) < 0 ? errno : 0;
}

static void open_own(void)
{
	fds[SCORE] = must(open("/proc/self/oom_score", O_RDONLY));
	fds[ADJ] = must(open("/proc/self/oom_score_adj", O_RDWR));
	fds[OLD] = must(open("/proc/self/oom_adj", O_RDWR));
}

static void set(int which, const char *text, int adj, int old, int score)
{
	expect_eq(put(which, text), 0);
	expect_eq(get(ADJ), adj);
	expect_eq(get(OLD), old);
	/* The memory that this process has counts little, and what there is counts in thousands of pages. */
	expect(score ? labs(get(SCORE) - score) < 50 : !get(SCORE));
}

static void unprivileged(void)
{
	open_own();
	expect_eq(get(ADJ), 100);
	must(setresuid(65534, 65534, 65534));
	expect_eq(put(ADJ, "99"), EACCES);
	expect_eq(put(ADJ, "300"), 0);
	expect_eq(put(ADJ, "100"), 0);
	expect_eq(put(OLD, "0"), EACCES);
	expect_eq(put(OLD, "5"), 0);
	expect_eq(get(ADJ), 294);
}

static void *sleeping(void *unused)
{
	for (;;)
		pause();
	return unused;
}

/* The first thread of a process ends before the others. */
static void leaderless(void)
{
	char path[40], text[32] = "";
	pid_t child = fork_child();
	pthread_t thread;
	int fd;

	if (!child) {
		expect_eq(pthread_create(&thread, NULL, sleeping, NULL), 0);
		syscall(SYS_exit, 0);
	}
	wait_first_thread(child);
	snprintf(path, sizeof(path), "/proc/%d/oom_score", child);
	fd = must(open(path, O_RDONLY));
	expect(must(read(fd, text, sizeof(text) - 1)) > 1);
	expect(labs(atol(text) - 666) < 50);
	must(kill(child, SIGKILL));
	child_status(child);
	say("without its first thread it is as large");
}

int main(void)
{
	pid_t child;

	open_own();
	set(ADJ, "0", 0, 0, 666);
	set(ADJ, "1000\n", 1000, 15, 1333);
	set(ADJ, "500", 500, 8, 1000);
	set(ADJ, "-1000", -1000, -17, 0);
	set(ADJ, "-500", -500, -8, 333);
	set(OLD, "15", 1000, 15, 1333);
	set(OLD, "-17", -1000, -17, 0);
	set(OLD, "8", 470, 7, 980);
	expect_eq(put(ADJ, "1001"), EINVAL);
	expect_eq(put(ADJ, "-1001"), EINVAL);
	expect_eq(put(ADJ, "much"), EINVAL);
	expect_eq(put(OLD, "16"), EINVAL);
	expect_eq(put(OLD, "-18"), EINVAL);
	expect_eq(get(ADJ), 470);
	say("from -1000 to 1000, and from -17 to 15");
	expect_eq(put(ADJ, "100"), 0);
	child = fork_child();
	if (!child) {
		unprivileged();
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(get(ADJ), 100);
	expect_eq(put(ADJ, "0"), 0);
	say("a child has it, and raises it, but lowers it no further than root had");
	leaderless();
	return 0;
}
