/*
 * Shared within kernel/dev/tty.
 *
 * tty->lock, a spinlock with interrupts off, guards all state of a terminal. Input goes interrupt -> raw ring -> input_work ->
 * line buffer -> reader; at each step a full buffer stops the one before, down to the device. Signals are sent after the
 * lock has been dropped. read_lock and write_lock serialise readers and writers, who copy user memory under them.
 */
#pragma once

#include <kernel/dev.h>
#include <kernel/pid.h>
#include <kernel/task.h>
#include <kernel/tty.h>
#include <lib/bitmap.h>
#include <lib/ring.h>

#define TTY_RAW_SIZE 4096
#define TTY_LINE_SIZE 4096 /* a power of two; a line has up to 4095 bytes, as in Linux */
#define TTY_LINE_MASK (TTY_LINE_SIZE - 1)
#define TTY_EXPANSION 8 /* a tab: the most that one byte of output becomes */
#define TTY_CHAR_NONE 0 /* of c_cc: disabled; with an end-of-line mark in the buffer: end of file */

struct tty {
	struct refcount ref;
	struct char_device node;
	const struct tty_driver_ops *ops; /* [I] */
	void *driver_data; /* [I] */
	u32 open_count; /* [open_lock] */
	struct mutex open_lock; /* RANK_SLEEP_MISC */
	struct mutex read_lock, write_lock; /* RANK_TTY */
	struct wait_queue read_wait, write_wait;
	struct work input_work;

	struct spinlock lock; /* RANK_TTY_BUFFER */
	struct abi_termios2 termios; /* [lock] */
	struct abi_winsize winsize; /* [lock] */
	struct pid *session, *group; /* [lock] references; NULL: nobody's terminal */
	u32 generation; /* [lock] hang-ups so far: files opened before the last one are dead */
	bool stopped; /* [lock] output, by the stop character or TCXONC */
	bool held; /* [lock] by TCXONC: nothing else lets it go on */
	bool throttled; /* [lock] the device holds input back */
	bool is_pty; /* [I] */
	bool wants_room; /* [A] a write had to stop: O_ASYNC tells when it may go on */
	bool exclusive; /* [A] TIOCEXCL: nobody else may open it */

	struct ring raw; /* [lock] */
	u8 raw_storage[TTY_RAW_SIZE];

	/* The line buffer. Counters run for ever, indices are modulo its size: tail <= canon_head <= head. [lock] */
	u8 line[TTY_LINE_SIZE];
	unsigned long line_ends[TTY_LINE_SIZE / 64]; /* marks: last byte of a line */
	u32 tail, canon_head, head;
	u32 column, canon_column; /* of the cursor; where the line being typed began */
	bool literal_next;
	bool input_arrived; /* in this batch: readers are to be woken after it */
};

/* file->private_data of an open terminal. */
struct tty_file {
	struct tty *tty; /* reference */
	u32 generation; /* [I] */
	bool console; /* /dev/console: no job control, survives hang-ups */
	bool is_master; /* of the pseudo-terminal `tty` */
};

static inline struct tty_file *tty_file_of(const struct file *file)
{
	return file->private_data;
}

static inline u8 tty_cc(const struct tty *tty, unsigned int index)
{
	return tty->termios.c_cc[index];
}

static inline bool tty_iflag(const struct tty *tty, u32 bit)
{
	return tty->termios.c_iflag & bit;
}

static inline bool tty_oflag(const struct tty *tty, u32 bit)
{
	return tty->termios.c_oflag & bit;
}

static inline bool tty_lflag(const struct tty *tty, u32 bit)
{
	return tty->termios.c_lflag & bit;
}

/* A stopped pseudo-terminal takes nothing; the driver of a device takes what it has room for, and holds it. */
static inline bool output_is_refused(const struct tty *tty)
{
	return READ_ONCE(tty->stopped) && tty->is_pty;
}

static inline bool is_control(u8 c)
{
	return c < 0x20 || c == 0x7f;
}

/* A later byte of a UTF-8 character, if the terminal is told that it has such. */
static inline bool is_continuation(const struct tty *tty, u8 c)
{
	return tty_iflag(tty, IUTF8) && (c & 0xc0) == 0x80;
}

/* tty.c */
struct tty *tty_alloc(const struct tty_driver_ops *ops,
		      void *driver_data); /* ref 1, no node; NULL */
/* Consumes the reference of `tty`. */
int tty_open_terminal(struct tty *tty, struct file *file, bool is_console);
void tty_release(struct file *file);
u32 tty_poll(struct file *file, struct poll_table *table);
bool tty_is_hung_up(const struct file *file);
extern const struct async_ops tty_async_ops;
int tty_async_begin(struct file *file); /* async_ops.begin: who owns the file if nobody was chosen */

/* output.c. tty->lock held. */
size_t output_locked(struct tty *tty, const u8 *data,
		     size_t size); /* by the output modes; bytes of `data` taken */
void echo_raw(struct tty *tty, u8 c); /* a control character as itself */
void echo_char(struct tty *tty, u8 c); /* a control character as ^X */
void output_stop(struct tty *tty, bool stop);
ssize_t tty_write(struct file *file, struct io_iter *iter, u64 *position);
int tty_drain(struct tty *tty); /* nothing held: waits until all is sent; 0, -ERESTARTSYS or -EIO */

/* input.c */
void input_init(struct tty *tty);
void input_work_queue(struct tty *tty); /* any context; the caller has a reference */
void input_flush_locked(struct tty *tty);
void input_modes_changed_locked(struct tty *tty, u32 old_lflag);
u32 input_count_locked(const struct tty *tty); /* FIONREAD */
void input_erase_locked(struct tty *tty, u8 c); /* erase.c */
void input_reprint_locked(struct tty *tty);

/* read.c */
ssize_t tty_read(struct file *file, struct io_iter *iter, u64 *position);
bool input_ready_locked(const struct tty *tty, bool poll);

/* ioctl.c */
long tty_ioctl(struct file *file, unsigned int command, u64 argument);
long tty_line_ioctl(struct tty *tty, unsigned int command,
		    u64 argument); /* neither modes nor jobs */
long termios_ioctl(struct tty *tty, unsigned int command,
		   u64 argument); /* -ENOTTY: not one of these */

/* job.c */
/* `signo` SIGTTIN or SIGTTOU: 0 if the caller may go on, -EIO, or -ERESTARTSYS with the signal sent to its group. */
int job_check(struct tty *tty, int signo);
int job_open(struct tty *tty); /* a session leader without a terminal gets this one, if nobody has it */
long job_ioctl(struct file *file, unsigned int command,
	       u64 argument); /* -ENOIOCTL: not one of these */
#define ENOIOCTL 515
struct tty *job_current_tty(void); /* a reference; NULL */
