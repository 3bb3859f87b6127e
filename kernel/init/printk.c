/*
 * The kernel log. Text lies in a byte ring, described by a ring of records; both are overwritten from the oldest on. One
 * lock, the innermost of all, guards them; consoles are written under it, so lines of several CPUs do not mix.
 */
#include <abi/errno.h>
#include <kernel/init.h>
#include <kernel/locks.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <kernel/wait.h>
#include <kernel/work.h>
#include <lib/printf.h>
#include <lib/string.h>

#define LOG_TEXT_SIZE (256 * KIB)
#define LOG_RECORDS 4096
#define CONSOLES_MAX 4

struct log_record {
	u64 text; /* position in the stream of all text ever logged */
	u64 time_ns;
	u16 length;
	u8 level;
};

static struct spinlock log_lock = SPINLOCK_INIT(RANK_PRINTK);
static char log_text[LOG_TEXT_SIZE]; /* [log] */
static struct log_record log_records[LOG_RECORDS]; /* [log] by sequence modulo LOG_RECORDS */
static u64 log_next; /* [log] sequence of the next record */
static u64 log_text_end; /* [log] stream position */
static const struct console *consoles[CONSOLES_MAX]; /* [log] */
static int level_shown = LOG_DEBUG; /* [A] messages of a lower level go to the consoles */
static bool log_unlocked; /* oops: other CPUs are stopped, the lock may be held for ever */
static u64 warnings; /* [A] */

static struct work log_wake_work;
static bool log_wake_ready; /* work threads run */
struct wait_queue log_wait = WAIT_QUEUE_INIT(log_wait);

static void log_wake(struct work *work)
{
	(void)work;
	wait_wake_all(&log_wait, 0);
}

void printk_wake_init(void)
{
	work_init(&log_wake_work, log_wake);
	store_release(&log_wake_ready, true);
}

static void log_store(enum log_level level, const char *text, size_t length, u64 now)
{
	struct log_record *record = &log_records[log_next % LOG_RECORDS];

	record->text = log_text_end;
	record->time_ns = now;
	record->length = (u16)length;
	record->level = (u8)level;
	for (size_t i = 0; i < length; i++)
		log_text[(log_text_end + i) % LOG_TEXT_SIZE] = text[i];
	log_text_end += length;
	log_next++;
}

static u64 log_first_locked(void)
{
	u64 first = log_next > LOG_RECORDS ? log_next - LOG_RECORDS : 0;

	while (first < log_next &&
	       log_text_end - log_records[first % LOG_RECORDS].text > LOG_TEXT_SIZE)
		first++;
	return first;
}

/* One write a line, so that a console can keep it together. */
static void console_show(const char *text, size_t length, u64 now)
{
	static char line[LOG_LINE_MAX + 32]; /* [log] */
	int size = scnprintf(line, sizeof(line), "[%5llu.%06llu] %.*s\n",
			     (unsigned long long)(now / NSEC_PER_SEC),
			     (unsigned long long)(now % NSEC_PER_SEC / NSEC_PER_USEC), (int)length,
			     text);

	for (unsigned int i = 0; i < CONSOLES_MAX && consoles[i]; i++)
		consoles[i]->write(line, (size_t)size);
}

static unsigned long log_enter(void)
{
	return READ_ONCE(log_unlocked) ? irq_save() : spin_lock_irq(&log_lock);
}

static void log_leave(unsigned long flags)
{
	if (READ_ONCE(log_unlocked))
		irq_restore(flags);
	else
		spin_unlock_irq(&log_lock, flags);
}

/* Each line of the message becomes a record. */
static void log_lines(enum log_level level, const char *text, size_t length)
{
	u64 now = clock_ns();

	while (length) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline ? (size_t)(newline - text) : length;

		log_store(level, text, line, now);
		if (LOG_LEVEL(level) < READ_ONCE(level_shown))
			console_show(text, line, now);
		line += newline != NULL;
		text += line;
		length -= line;
	}
}

void vprintk(enum log_level level, const char *format, __builtin_va_list args)
{
	static char buffer[LOG_LINE_MAX]; /* [log] */
	unsigned long flags = log_enter();
	int length = vsnprintf(buffer, sizeof(buffer), format, args);

	if (length > 0)
		log_lines(level, buffer, MIN((size_t)length, sizeof(buffer) - 1));
	log_leave(flags);
	if (load_acquire(&log_wake_ready) && !log_unlocked && preemptible())
		(void)work_queue(&log_wake_work);
}

void printk(enum log_level level, const char *format, ...)
{
	__builtin_va_list args;

	__builtin_va_start(args, format);
	vprintk(level, format, args);
	__builtin_va_end(args);
}

void console_register(const struct console *console)
{
	unsigned long flags = log_enter();

	for (unsigned int i = 0; i < CONSOLES_MAX; i++)
		if (!consoles[i] || str_equal(consoles[i]->name, console->name)) {
			consoles[i] = console;
			break;
		}
	log_leave(flags);
}

int console_level_set(int level)
{
	return xchg(&level_shown, level);
}

int console_level(void)
{
	return READ_ONCE(level_shown);
}

void printk_console_lock(void)
{
	WRITE_ONCE(log_unlocked, true);
	WRITE_ONCE(level_shown, LOG_DEBUG + 1);
}

ssize_t log_read(u64 *seq, struct log_record_info *info, char *buffer, size_t size)
{
	unsigned long flags = log_enter();
	u64 sequence = MAX(*seq, log_first_locked());
	const struct log_record *record = &log_records[sequence % LOG_RECORDS];
	ssize_t result = 0;

	if (sequence < log_next) {
		*info = (struct log_record_info){ sequence, record->time_ns,
						  (enum log_level)record->level };
		result = record->length;
		if (record->length > size)
			result = -EINVAL;
		for (ssize_t i = 0; i < result; i++)
			buffer[i] = log_text[(record->text + (u64)i) % LOG_TEXT_SIZE];
		if (result >= 0)
			*seq = sequence + 1;
	}
	log_leave(flags);
	return result;
}

u64 log_first_sequence(void)
{
	unsigned long flags = log_enter();
	u64 first = log_first_locked();

	log_leave(flags);
	return first;
}

u64 log_next_sequence(void)
{
	return READ_ONCE(log_next);
}

bool rate_limit_allow(struct rate_limit *limit)
{
	u64 now = clock_ns();

	if (now - READ_ONCE(limit->window_start_ns) > 5 * NSEC_PER_SEC) {
		WRITE_ONCE(limit->window_start_ns, now);
		WRITE_ONCE(limit->printed, 0);
	}
	if (__atomic_fetch_add(&limit->printed, 1, __ATOMIC_RELAXED) < 10)
		return true;
	__atomic_fetch_add(&limit->suppressed, 1, __ATOMIC_RELAXED);
	return false;
}

void warn_at(const char *file, int line, const char *format, ...)
{
	__builtin_va_list args;

	__atomic_fetch_add(&warnings, 1, __ATOMIC_RELAXED);
	printk(LOG_WARNING, "WARNING: %s:%d", file, line);
	__builtin_va_start(args, format);
	vprintk(LOG_WARNING, format, args);
	__builtin_va_end(args);
	dump_stack();
}

u64 warn_count(void)
{
	return READ_ONCE(warnings);
}

void warn_forgive(u64 count)
{
	__atomic_fetch_sub(&warnings, count, __ATOMIC_RELAXED);
}
