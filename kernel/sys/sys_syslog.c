/* syslog(2): the kernel's messages for dmesg and klogd. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/syscall.h>
#include <lib/printf.h>
#include <lib/string.h>

enum syslog_action {
	SYSLOG_CLOSE,
	SYSLOG_OPEN,
	SYSLOG_READ,
	SYSLOG_READ_ALL,
	SYSLOG_READ_CLEAR,
	SYSLOG_CLEAR,
	SYSLOG_CONSOLE_OFF,
	SYSLOG_CONSOLE_ON,
	SYSLOG_CONSOLE_LEVEL,
	SYSLOG_SIZE_UNREAD,
	SYSLOG_SIZE_BUFFER
};

#define PREFIX_MAX 40
#define LOG_BUFFER_SIZE (128 * 1024)
#define CONSOLE_LEVEL_MIN 1

static struct mutex syslog_lock = MUTEX_INIT(syslog_lock, RANK_SEQ_FILE);
static u64 read_sequence; /* [syslog_lock] next record of SYSLOG_READ */
static u64 clear_sequence; /* [syslog_lock] READ_ALL begins here */
static int saved_level = -1; /* [syslog_lock] before CONSOLE_OFF */

struct line {
	char text[LOG_LINE_MAX + PREFIX_MAX];
};

/* The record at *sequence in the form of the call, or 0 if there is none yet. */
static ssize_t line_read(struct line *line, u64 *sequence)
{
	struct log_record_info info;
	char *text = line->text + PREFIX_MAX;
	ssize_t size = log_read(sequence, &info, text, LOG_LINE_MAX - 1);
	size_t prefix;

	if (size <= 0)
		return size;
	prefix = (size_t)scnprintf(line->text, PREFIX_MAX, "<%d>[%5llu.%06llu] ", info.level,
				   (unsigned long long)(info.time_ns / NSEC_PER_SEC),
				   (unsigned long long)(info.time_ns % NSEC_PER_SEC / 1000));
	memmove(line->text + prefix, text, (size_t)size);
	if (line->text[prefix + (size_t)size - 1] != '\n')
		line->text[prefix + (size_t)size++] = '\n';
	return (ssize_t)prefix + size;
}

/* Whole lines from *sequence on, as many as fit. Bytes, or -EFAULT. */
static long lines_copy(struct line *line, u64 *sequence, struct user_ptr buffer, size_t size)
{
	size_t done = 0;

	for (;;) {
		u64 next = *sequence;
		ssize_t length = line_read(line, &next);

		if (length <= 0 || (size_t)length > size - done)
			return (long)done;
		if (user_write(user_ptr_add(buffer, done), line->text, (size_t)length))
			return done ? (long)done : -EFAULT;
		done += (size_t)length;
		*sequence = next;
	}
}

static size_t lines_size(struct line *line, u64 sequence)
{
	size_t sum = 0;
	ssize_t length;

	while ((length = line_read(line, &sequence)) > 0)
		sum += (size_t)length;
	return sum;
}

/* The last lines that fit. */
static long read_all(struct line *line, struct user_ptr buffer, size_t size)
{
	u64 sequence = MAX(clear_sequence, log_first_sequence());
	size_t whole = lines_size(line, sequence);

	while (whole > size) {
		ssize_t length = line_read(line, &sequence);

		if (length <= 0)
			return 0;
		whole -= MIN(whole, (size_t)length);
	}
	return lines_copy(line, &sequence, buffer, size);
}

static long read_next(struct line *line, struct user_ptr buffer, size_t size)
{
	long result;

	do {
		mutex_unlock(&syslog_lock);
		if (wait_event_interruptible(&log_wait,
					     READ_ONCE(read_sequence) < log_next_sequence())) {
			mutex_lock(&syslog_lock);
			return -ERESTARTSYS;
		}
		mutex_lock(&syslog_lock);
		result = lines_copy(line, &read_sequence, buffer, size);
	} while (!result && read_sequence >= log_next_sequence());
	return result;
}

static long read_call(unsigned int type, struct user_ptr buffer, int size)
{
	struct line *line;
	long result;

	if (!buffer.addr || size < 0)
		return -EINVAL;
	if (!size)
		return 0;
	line = kmalloc(sizeof(*line), 0);
	if (!line)
		return -ENOMEM;
	mutex_lock(&syslog_lock);
	result = type == SYSLOG_READ ? read_next(line, buffer, (size_t)size)
				     : read_all(line, buffer, (size_t)size);
	if (type == SYSLOG_READ_CLEAR && result >= 0)
		clear_sequence = log_next_sequence();
	mutex_unlock(&syslog_lock);
	kfree(line);
	return result;
}

static long size_unread(void)
{
	struct line *line = kmalloc(sizeof(*line), 0);
	long size;

	if (!line)
		return -ENOMEM;
	mutex_lock(&syslog_lock);
	size = (long)lines_size(line, read_sequence);
	mutex_unlock(&syslog_lock);
	kfree(line);
	return size;
}

static long set_level(unsigned int type, int level)
{
	mutex_lock(&syslog_lock);
	if (type == SYSLOG_CONSOLE_OFF) {
		if (saved_level < 0)
			saved_level = console_level();
		console_level_set(CONSOLE_LEVEL_MIN);
	} else if (type == SYSLOG_CONSOLE_ON) {
		if (saved_level >= 0)
			console_level_set(saved_level);
		saved_level = -1;
	} else {
		console_level_set(MAX(level, CONSOLE_LEVEL_MIN));
		saved_level = -1;
	}
	mutex_unlock(&syslog_lock);
	return 0;
}

long sys_syslog(unsigned int type, struct user_ptr buffer, int size)
{
	if (type != SYSLOG_READ_ALL && type != SYSLOG_SIZE_BUFFER && !capable(CAP_SYSLOG) &&
	    !capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (type) {
	case SYSLOG_CLOSE:
	case SYSLOG_OPEN:
		return 0;
	case SYSLOG_READ:
	case SYSLOG_READ_ALL:
	case SYSLOG_READ_CLEAR:
		return read_call(type, buffer, size);
	case SYSLOG_CLEAR:
		mutex_lock(&syslog_lock);
		clear_sequence = log_next_sequence();
		mutex_unlock(&syslog_lock);
		return 0;
	case SYSLOG_CONSOLE_OFF:
	case SYSLOG_CONSOLE_ON:
		return set_level(type, 0);
	case SYSLOG_CONSOLE_LEVEL:
		return size < 1 || size > 8 ? -EINVAL : set_level(type, size);
	case SYSLOG_SIZE_UNREAD:
		return size_unread();
	case SYSLOG_SIZE_BUFFER:
		return LOG_BUFFER_SIZE;
	}
	return -EINVAL;
}
