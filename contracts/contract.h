/*
 * contract.h - what a contract program checks and reports with.
 *
 * A contract is one promise of the kernel to user space. It prints what it saw, the same on every run
 * (no process ids, addresses or times), and exits 0 if the promise was kept; the first broken
 * expectation prints itself and ends the process with status 1. Output goes out by write(2) at once,
 * so that a fork cannot print it twice and a crash cannot lose it.
 */
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL

static inline const char *errno_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "unknown errno";
}

__attribute__((format(printf, 1, 2))) static inline void say(const char *format, ...)
{
	char text[1024];
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(text, sizeof(text) - 1, format, args);
	va_end(args);
	if (size > (int)sizeof(text) - 2)
		size = sizeof(text) - 2;
	text[size++] = '\n';
	if (write(1, text, size) != size)
		_exit(1);
}

#define broken(...)                                                                                \
	do {                                                                                       \
		say("broken: " __VA_ARGS__);                                                       \
		_exit(1);                                                                          \
	} while (0)

/* The condition must hold. */
#define expect(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			broken("line %d: %s", __LINE__, #condition);                               \
	} while (0)

/* Two integers must be equal. */
#define expect_eq(got, want)                                                                       \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (got_ != want_)                                                                 \
			broken("line %d: %s is %lld, not %lld", __LINE__, #got, got_, want_);      \
	} while (0)

/* The call must not return -1 (or MAP_FAILED, which is the same); gives its result. */
#define must(call)                                                                                 \
	({                                                                                         \
		__auto_type result_ = (call);                                                      \
		if ((long)result_ == -1)                                                           \
			broken("line %d: %s: %s", __LINE__, #call, errno_name(errno));             \
		result_;                                                                           \
	})

/* The call must return -1 and set errno to the error. */
#define must_fail(call, error)                                                                     \
	do {                                                                                       \
		errno = 0;                                                                         \
		if ((long)(call) != -1)                                                            \
			broken("line %d: %s succeeds, expected %s", __LINE__, #call,               \
			       errno_name(error));                                                 \
		if (errno != (error))                                                              \
			broken("line %d: %s: %s, expected %s", __LINE__, #call, errno_name(errno), \
			       errno_name(error));                                                 \
	} while (0)

/* In the child the block that follows runs and then exits 0: `pid_t p = fork_child(); if (!p) {...}`. */
static inline pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		broken("fork: %s", errno_name(errno));
	return pid;
}

/* Wait for a child; gives wait(2)'s status word. */
static inline int child_status(pid_t pid)
{
	int status = -1;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got != pid)
		broken("waitpid gives %s", got < 0 ? errno_name(errno) : "another child");
	return status;
}

/* The child must exit with the status. */
#define expect_exit(pid, want)                                                                     \
	do {                                                                                       \
		int status_ = child_status(pid);                                                   \
		if (!WIFEXITED(status_) || WEXITSTATUS(status_) != (want))                         \
			broken("line %d: child %s %d, expected exit %d", __LINE__,                 \
			       WIFEXITED(status_) ? "exits" : "ends by signal",                    \
			       WIFEXITED(status_) ? WEXITSTATUS(status_) : WTERMSIG(status_),      \
			       (want));                                                            \
	} while (0)

/* The child must be ended by the signal. */
#define expect_killed(pid, want)                                                                   \
	do {                                                                                       \
		int status_ = child_status(pid);                                                   \
		if (!WIFSIGNALED(status_) || WTERMSIG(status_) != (want))                          \
			broken("line %d: child %s %d, expected signal %d", __LINE__,               \
			       WIFEXITED(status_) ? "exits" : "ends by signal",                    \
			       WIFEXITED(status_) ? WEXITSTATUS(status_) : WTERMSIG(status_),      \
			       (want));                                                            \
	} while (0)

static inline long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static inline void sleep_ms(long ms)
{
	struct timespec rest = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&rest, &rest) < 0 && errno == EINTR)
		continue;
}

static inline void handle(int signo, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	must(sigaction(signo, &action, NULL));
}

static inline void *map_anon(size_t size)
{
	return must(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* Memory that forked children share. */
static inline void *map_shared(size_t size)
{
	return must(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

/* A new file in the current folder with the text in it, open for reading and writing. */
static inline int file_with(const char *name, const char *text)
{
	int fd = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644));

	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		broken("cannot fill %s", name);
	return fd;
}

/* What touching an address does: signo 0 if nothing happened. */
struct touch {
	int signo;
	int code;
	void *address;
};

static sigjmp_buf touch_jump;
static struct touch touch_seen;

static inline void touch_handler(int signo, siginfo_t *info, void *context)
{
	(void)context;
	touch_seen = (struct touch){ signo, info->si_code, info->si_addr };
	siglongjmp(touch_jump, 1);
}

/* Read a byte, or write back the byte read with `write`; SIGSEGV and SIGBUS are caught and told. */
static inline struct touch touch(volatile void *address, bool write)
{
	struct sigaction action = { .sa_sigaction = touch_handler, .sa_flags = SA_SIGINFO };
	volatile char *byte = address;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	touch_seen = (struct touch){ 0 };
	if (!sigsetjmp(touch_jump, 1)) {
		if (write)
			*byte = 1;
		else
			(void)*byte;
	}
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	return touch_seen;
}

/* Touching the address must give the signal with the code, and name the address. */
#define expect_fault(where, write, sig, how)                                                       \
	do {                                                                                       \
		struct touch t_ = touch(where, write);                                             \
		expect_eq(t_.signo, sig);                                                          \
		expect_eq(t_.code, how);                                                           \
		expect(t_.address == (void *)(where));                                             \
	} while (0)

#define expect_readable(where) expect_eq(touch(where, false).signo, 0)
#define expect_writable(where) expect_eq(touch(where, true).signo, 0)
