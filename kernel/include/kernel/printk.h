/*
 * Kernel messages: formatted into a ring of records that dmesg and /dev/kmsg read, and written to the consoles when
 * their level is below the console level. Any context. Rate: a message that a user program can cause goes through
 * pr_limited, which prints at most a few of a kind and counts the rest. Never on a hot path.
 */
#pragma once

#include <lib/compiler.h>
#include <platform/console.h>

enum log_level {
	LOG_EMERG,
	LOG_ALERT,
	LOG_CRIT,
	LOG_ERR,
	LOG_WARNING,
	LOG_NOTICE,
	LOG_INFO,
	LOG_DEBUG
};
/* May be added to a level: a program says it. A whole facility of syslog(3), of which the kernel's own is 0. */
#define LOG_FROM_USER 8
#define LOG_LEVEL(level) ((int)(level)&7)

void printk(enum log_level level, const char *format, ...) __printf(2, 3);
void vprintk(enum log_level level, const char *format, __builtin_va_list args);
#define pr_err(...) printk(LOG_ERR, __VA_ARGS__)
#define pr_warn(...) printk(LOG_WARNING, __VA_ARGS__)
#define pr_notice(...) printk(LOG_NOTICE, __VA_ARGS__)
#define pr_info(...) printk(LOG_INFO, __VA_ARGS__)
#define pr_debug(...) printk(LOG_DEBUG, __VA_ARGS__)

struct rate_limit {
	u64 window_start_ns;
	u32 printed, suppressed;
};
bool rate_limit_allow(struct rate_limit *limit); /* 10 in 5 s */
#define pr_limited(level, ...)                                                                     \
	do {                                                                                       \
		static struct rate_limit pr_limit;                                                 \
		if (rate_limit_allow(&pr_limit))                                                   \
			printk(level, __VA_ARGS__);                                                \
	} while (0)

/* A bug: prints, dumps the stack, counts it (tests fail on a count that is not 0). Execution goes on. */
void warn_at(const char *file, int line, const char *format, ...) __printf(3, 4);
#define warn_on(condition)                                                                         \
	({                                                                                         \
		bool warn_hit = (condition);                                                       \
		if (unlikely(warn_hit))                                                            \
			warn_at(__FILE__, __LINE__, "%s", #condition);                             \
		warn_hit;                                                                          \
	})
u64 warn_count(void);
void warn_forgive(u64 count); /* a test asked for these */

/* Prints, stops the other CPUs, then as panic= says: reboot, or halt. */
__noreturn void panic(const char *format, ...) __printf(1, 2);

void console_register(const struct console *console); /* replaces one of the same name */
int console_level_set(int level);
int console_level(void);
void printk_console_lock(void); /* oops: from now on messages go straight to the consoles */
void dump_stack(void);

/*
 * Reading the ring. `*seq` names the next record (0: the oldest kept); a record overwritten meanwhile is skipped.
 * Returns bytes of the text in `buffer` (no NUL), 0 if there is no record yet, -EINVAL if the buffer is too small.
 */
struct log_record_info {
	u64 sequence;
	u64 time_ns;
	enum log_level level; /* with its facility */
};
ssize_t log_read(u64 *seq, struct log_record_info *info, char *buffer, size_t size);
u64 log_first_sequence(void), log_next_sequence(void);
struct wait_queue;
extern struct wait_queue log_wait; /* woken (by a deferred work) when a record was added */
#define LOG_LINE_MAX 1024
