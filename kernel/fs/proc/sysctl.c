/* /proc/sys: settings of the kernel, and figures that Linux's programs look for there. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/mman.h>
#include <kernel/init.h>
#include <kernel/inotify.h>
#include <kernel/namespaces.h>
#include <kernel/pid.h>
#include <kernel/pipe.h>
#include <kernel/printk.h>
#include <kernel/pty.h>
#include <kernel/random.h>
#include <kernel/vm.h>
#include <lib/parse.h>
#include <lib/string.h>

#define FILE_MAX_DEFAULT (~0UL >> 1)

/* --- A number, read or changed -------------------------------------------------------------------------------------------------- */

struct setting {
	int *value;
	int low, high;
};

static int setting_show(struct seq_file *out, void *data)
{
	const struct setting *setting = data;

	seq_printf(out, "%d\n", READ_ONCE(*setting->value));
	return 0;
}

static ssize_t setting_write(void *data, char *text, size_t size)
{
	const struct setting *setting = data;
	int value;

	if (parse_int(text, 10, &value) || value < setting->low || value > setting->high)
		return -EINVAL;
	WRITE_ONCE(*setting->value, value);
	return (ssize_t)size;
}

static int text_show(struct seq_file *out, void *data)
{
	seq_printf(out, "%s\n", (const char *)data);
	return 0;
}

/* --- Names ------------------------------------------------------------------------------------------------------------------------ */

static int hostname_show(struct seq_file *out, void *data)
{
	struct abi_utsname uts;

	spin_lock(&init_namespaces.lock);
	uts = init_namespaces.uts;
	spin_unlock(&init_namespaces.lock);
	seq_printf(out, "%s\n", data ? uts.domainname : uts.nodename);
	return 0;
}

static ssize_t hostname_write(void *data, char *text, size_t size)
{
	char *newline = strchr(text, '\n');

	if (newline)
		*newline = 0;
	spin_lock(&init_namespaces.lock);
	(void)strscpy(data ? init_namespaces.uts.domainname : init_namespaces.uts.nodename, text,
		      sizeof(init_namespaces.uts.nodename));
	spin_unlock(&init_namespaces.lock);
	return (ssize_t)size;
}

/* --- Randomness --------------------------------------------------------------------------------------------------------------------- */

struct uuid {
	u8 bytes[16];
};

/* RFC 4122, version 4. */
static void uuid_make(struct uuid *uuid)
{
	random_bytes(uuid->bytes, sizeof(uuid->bytes));
	uuid->bytes[6] = (uuid->bytes[6] & 0x0f) | 0x40;
	uuid->bytes[8] = (uuid->bytes[8] & 0x3f) | 0x80;
}

static void uuid_print(struct seq_file *out, const struct uuid *uuid)
{
	for (unsigned int i = 0; i < sizeof(uuid->bytes); i++)
		seq_printf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
			   uuid->bytes[i]);
	seq_putc(out, '\n');
}

static struct uuid boot_id;

static int boot_id_show(struct seq_file *out, void *data)
{
	(void)data;
	uuid_print(out, &boot_id);
	return 0;
}

static int uuid_show(struct seq_file *out, void *data)
{
	struct uuid uuid;

	(void)data;
	uuid_make(&uuid);
	uuid_print(out, &uuid);
	return 0;
}

/* --- The rest ------------------------------------------------------------------------------------------------------------------------- */

static int threads_max_show(struct seq_file *out, void *data)
{
	(void)data;
	seq_printf(out, "%u\n", task_count_max());
	return 0;
}

static int printk_show(struct seq_file *out, void *data)
{
	(void)data;
	seq_printf(out, "%d\t4\t1\t7\n", console_level());
	return 0;
}

static ssize_t printk_write(void *data, char *text, size_t size)
{
	const char *end;
	u64 level;

	(void)data;
	if (parse_u64_prefix(text, 10, &level, &end) || level > LOG_DEBUG + 1)
		return -EINVAL;
	(void)console_level_set((int)level);
	return (ssize_t)size;
}

static int file_nr_show(struct seq_file *out, void *data)
{
	(void)data;
	seq_printf(out, "%llu\t0\t%lu\n", (unsigned long long)files_open_count(), FILE_MAX_DEFAULT);
	return 0;
}

static int pty_nr_show(struct seq_file *out, void *data)
{
	(void)data;
	seq_printf(out, "%u\n", pty_count());
	return 0;
}

static int inode_nr_show(struct seq_file *out, void *data)
{
	(void)data;
	seq_printf(out, "%llu\t0\n", (unsigned long long)inode_count());
	return 0;
}

/* `data`: which of the two. The one that was set last counts, the other is 0. */
static int overcommit_limit_show(struct seq_file *out, void *data)
{
	seq_printf(out, "%lu\n", READ_ONCE(*(unsigned long *)data));
	return 0;
}

static ssize_t overcommit_limit_write(void *data, char *text, size_t size)
{
	bool ratio = data == &vm_overcommit_ratio;
	u64 value;

	if (parse_u64(text, 10, &value) || (ratio && value > 100000))
		return -EINVAL;
	/* Never both 0 in between. */
	WRITE_ONCE(*(unsigned long *)data, value);
	WRITE_ONCE(*(ratio ? &vm_overcommit_kbytes : &vm_overcommit_ratio), 0);
	return (ssize_t)size;
}

static int panic_seconds;
static const struct setting fault_pages = { &vm_fault_pages, 1, VM_FAULT_PAGES_MAX };
static const struct setting zero_ahead_low = { &vm_zero_ahead_low, 0, INT32_MAX };
static const struct setting zero_ahead_high = { &vm_zero_ahead_high, 0, INT32_MAX };
static const struct setting overcommit_memory = { &vm_overcommit_memory, 0, 2 };
static const struct setting panic_setting = { &panic_seconds, -1, 0x7fffffff };
static const struct setting inotify_events = { &inotify_max_events, 0, INT32_MAX };
static const struct setting inotify_instances = { &inotify_max_instances, 0, INT32_MAX };
static const struct setting inotify_watches = { &inotify_max_watches, 0, INT32_MAX };
static const struct setting pty_max = { &pty_limit, 0, INT32_MAX };
static const struct setting pipe_size = { (int *)&pipe_max_size, PAGE_SIZE, 1 << 30 };

#define SETTING(path, setting)                                                                     \
	{                                                                                          \
		.name = (path), .mode = 0644, .show = setting_show, .write = setting_write,        \
		.data = (void *)(uintptr_t) & (setting)                                            \
	}
#define TEXT(path, text)                                                                           \
	{                                                                                          \
		.name = (path), .mode = 0444, .show = text_show, .data = (void *)(uintptr_t)(text) \
	}

static const struct proc_entry entries[] = {
	TEXT("sys/kernel/ostype", "Linux"),
	TEXT("sys/kernel/osrelease", kernel_release),
	TEXT("sys/kernel/version", kernel_version),
	{ .name = "sys/kernel/hostname",
	  .mode = 0644,
	  .show = hostname_show,
	  .write = hostname_write },
	{ .name = "sys/kernel/domainname",
	  .mode = 0644,
	  .show = hostname_show,
	  .write = hostname_write,
	  .data = (void *)1 },
	TEXT("sys/kernel/pid_max", "32768"),
	{ .name = "sys/kernel/threads-max", .mode = 0444, .show = threads_max_show },
	TEXT("sys/kernel/ngroups_max", "65536"),
	TEXT("sys/kernel/cap_last_cap", "40"),
	TEXT("sys/kernel/core_pattern", "core"),
	TEXT("sys/kernel/overflowuid", "65534"),
	TEXT("sys/kernel/overflowgid", "65534"),
	TEXT("sys/kernel/randomize_va_space", "2"),
	{ .name = "sys/kernel/printk", .mode = 0644, .show = printk_show, .write = printk_write },
	SETTING("sys/kernel/panic", panic_setting),
	{ .name = "sys/kernel/random/boot_id", .mode = 0444, .show = boot_id_show },
	{ .name = "sys/kernel/random/uuid", .mode = 0444, .show = uuid_show },
	TEXT("sys/kernel/random/entropy_avail", "256"),
	TEXT("sys/kernel/random/poolsize", "256"),
	SETTING("sys/kernel/pty/max", pty_max),
	{ .name = "sys/kernel/pty/nr", .mode = 0444, .show = pty_nr_show },
	SETTING("sys/vm/overcommit_memory", overcommit_memory),
	SETTING("sys/vm/fault_pages", fault_pages),
	{ .name = "sys/vm/overcommit_ratio",
	  .mode = 0644,
	  .show = overcommit_limit_show,
	  .write = overcommit_limit_write,
	  .data = &vm_overcommit_ratio },
	{ .name = "sys/vm/overcommit_kbytes",
	  .mode = 0644,
	  .show = overcommit_limit_show,
	  .write = overcommit_limit_write,
	  .data = &vm_overcommit_kbytes },
	TEXT("sys/vm/mmap_min_addr", "65536"),
	TEXT("sys/vm/max_map_count", "65530"),
	TEXT("sys/vm/swappiness", "0"),
	TEXT("sys/fs/file-max", "9223372036854775807"),
	{ .name = "sys/fs/file-nr", .mode = 0444, .show = file_nr_show },
	{ .name = "sys/fs/inode-nr", .mode = 0444, .show = inode_nr_show },
	TEXT("sys/fs/nr_open", "1048576"),
	SETTING("sys/fs/pipe-max-size", pipe_size),
	SETTING("sys/fs/inotify/max_queued_events", inotify_events),
	SETTING("sys/fs/inotify/max_user_instances", inotify_instances),
	SETTING("sys/fs/inotify/max_user_watches", inotify_watches),
};

static const struct proc_entry zero_ahead_entries[] = {
	SETTING("sys/vm/zero_ahead_low", zero_ahead_low),
	SETTING("sys/vm/zero_ahead_high", zero_ahead_high),
};

void proc_sysctl_init(void)
{
	uuid_make(&boot_id);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		proc_register(&entries[i]);
	for (size_t i = 0; config_on(CONFIG_PAGE_ZERO_AHEAD) && i < ARRAY_LEN(zero_ahead_entries);
	     i++)
		proc_register(&zero_ahead_entries[i]);
}
