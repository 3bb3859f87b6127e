/* /proc/cpuinfo, interrupts, kmsg. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/io_iter.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/time.h>
#include <lib/printf.h>
#include <lib/string.h>

/* --- cpuinfo ---------------------------------------------------------------------------------------------------------------- */

/* What every x86-64 CPU has; the rest has been asked for at boot. */
#define FLAGS_OF_ALL                                                                               \
	"fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat pse36 clflush mmx fxsr sse sse2 syscall lm"

static void flags_line(struct seq_file *out)
{
	seq_puts(out, "flags\t\t: " FLAGS_OF_ALL);
	for (unsigned int feature = 0; feature < CPU_FEATURE_COUNT; feature++) {
		const char *name = cpu_feature_name((enum cpu_feature)feature);

		if (name && cpu_has((enum cpu_feature)feature) && feature != CPU_TSC &&
		    feature != CPU_PGE)
			seq_printf(out, " %s", name);
	}
	seq_putc(out, '\n');
}

static void cpu_show(struct seq_file *out, unsigned int cpu)
{
	unsigned long long khz = clock_tsc.khz;

	seq_printf(
		out,
		"processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\nstepping\t: %u\n",
		cpu, cpu_vendor(), cpu_family(), cpu_model(), cpu_model_name(), cpu_stepping());
	seq_printf(out, "cpu MHz\t\t: %llu.%03llu\n", khz / 1000, khz % 1000);
	seq_printf(out, "physical id\t: 0\nsiblings\t: %u\ncore id\t\t: %u\ncpu cores\t: %u\n",
		   cpu_online_count(), cpu, cpu_online_count());
	seq_puts(out, "fpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\n");
	flags_line(out);
	seq_printf(out, "bugs\t\t:\nbogomips\t: %llu.%02llu\n", khz / 500, khz / 5 % 100);
	seq_puts(out, "clflush size\t: 64\ncache_alignment\t: 64\n"
		      "address sizes\t: 46 bits physical, 48 bits virtual\npower management:\n\n");
}

static int cpuinfo_show(struct seq_file *out, void *data)
{
	unsigned int cpu;

	(void)data;
	for_each_online_cpu (cpu)
		cpu_show(out, cpu);
	return 0;
}

static int interrupts_show(struct seq_file *out, void *data)
{
	(void)data;
	irq_show(out);
	return 0;
}

/* --- kmsg: one record for each read, taken by whoever comes first ---------------------------------------------------------- */

static struct mutex kmsg_lock = MUTEX_INIT(kmsg_lock, RANK_SLEEP_MISC);
static u64 kmsg_next; /* [kmsg_lock] */

struct kmsg_text {
	char line[LOG_LINE_MAX], text[LOG_LINE_MAX + 40];
};

static int kmsg_open(struct inode *inode, struct file *file)
{
	(void)inode, (void)file;
	return capable(CAP_SYSLOG) || capable(CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* "<6>[    1.234567] text\n": bytes; 0: no record yet. kmsg_lock held. */
static size_t record_format(struct kmsg_text *to)
{
	struct log_record_info info;
	u64 sequence = kmsg_next;
	ssize_t length = log_read(&sequence, &info, to->line, sizeof(to->line));

	if (length < 0 || sequence == kmsg_next)
		return 0;
	kmsg_next = sequence;
	return (size_t)scnprintf(to->text, sizeof(to->text), "<%u>[%5llu.%06llu] %.*s\n",
				 (unsigned int)info.level,
				 (unsigned long long)(info.time_ns / NSEC_PER_SEC),
				 (unsigned long long)(info.time_ns % NSEC_PER_SEC / NSEC_PER_USEC),
				 (int)length, to->line);
}

static ssize_t kmsg_read(struct file *file, struct io_iter *iter, u64 *position)
{
	struct kmsg_text *text = kmalloc(sizeof(*text), 0);
	ssize_t result = 0;

	(void)file, (void)position;
	if (!text)
		return -ENOMEM;
	while (iter->left && !result) {
		size_t size;

		mutex_lock(&kmsg_lock);
		size = record_format(text);
		mutex_unlock(&kmsg_lock);
		if (size)
			result = (ssize_t)io_iter_write(iter, text->text, size) ?: -EFAULT;
		else if (iter->no_wait)
			result = -EAGAIN;
		else if (wait_event_interruptible(&log_wait,
						  log_next_sequence() > READ_ONCE(kmsg_next)))
			result = -ERESTARTSYS;
	}
	kfree(text);
	return result;
}

static u32 kmsg_poll(struct file *file, struct poll_table *table)
{
	poll_wait(file, &log_wait, table);
	return log_next_sequence() > READ_ONCE(kmsg_next) ? READY_IN : 0;
}

static const struct file_ops kmsg_ops = { .open = kmsg_open, .read = kmsg_read, .poll = kmsg_poll };

static const struct proc_entry entries[] = {
	{ .name = "cpuinfo", .mode = 0444, .show = cpuinfo_show },
	{ .name = "interrupts", .mode = 0444, .show = interrupts_show },
	{ .name = "kmsg", .mode = 0400, .ops = &kmsg_ops },
};

void proc_hardware_init(void)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		proc_register(&entries[i]);
}
