/* /proc/<pid>/io: what a process or thread has read and written. */
#include "internal.h"

#include <kernel/procfs.h>

typedef unsigned long long ull;

static void io_read(const struct proc_target *target, struct io_counts *io)
{
	struct task *task = target->task;
	struct sighand *sighand;
	unsigned long flags;

	*io = task->io;
	if (!target->whole)
		return;
	sighand = task_lock_sighand(task, &flags);
	if (!sighand)
		return;
	process_io_locked(task->process, io);
	spin_unlock_irq(&sighand->lock, flags);
}

/* No file system here has a device below it: nothing is fetched from storage, nor sent to it. */
SHOW(io)
{
	struct io_counts io;
	int error = task_access_check(target->task);

	if (error)
		return error;
	io_read(target, &io);
	seq_printf(out, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", (ull)io.read_bytes,
		   (ull)io.written_bytes, (ull)io.reads, (ull)io.writes);
	seq_puts(out, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
	return 0;
}
