/* /sys: the processors, the terminals, and the few settings that programs look for. */
#include <abi/errno.h>
#include <abi/statfs.h>
#include <kernel/procfs.h>
#include <kernel/shmem.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <platform/percpu.h>

#include "../proc/tree.h"
#include "internal.h"

static struct tree sysfs_tree;

void sysfs_register(const struct proc_entry *entry)
{
	tree_register(&sysfs_tree, entry);
}

static const struct super_ops super_ops = { .destroy_inode = tree_inode_destroy };

static struct super *sysfs_mount(const struct fs_type *type, const char *source, u32 flags,
				 const char *options)
{
	(void)source, (void)flags, (void)options;
	return tree_super_get(&sysfs_tree, type, &super_ops, SYSFS_MAGIC);
}

static struct fs_type sysfs_type = { .name = "sysfs", .mount = sysfs_mount };

/* "0-3": CPU numbers are dense, and those that run are the first. */
static int range_show(struct seq_file *out, unsigned int count)
{
	seq_printf(out, count > 1 ? "0-%u\n" : "%u\n", count - 1);
	return 0;
}

static int online_show(struct seq_file *out, void *data)
{
	(void)data;
	return range_show(out, cpu_online_count());
}

static int possible_show(struct seq_file *out, void *data)
{
	(void)data;
	return range_show(out, cpu_count());
}

static int text_show(struct seq_file *out, void *data)
{
	seq_printf(out, "%s\n", (const char *)data);
	return 0;
}

/* The names that `order` says, the one that counts in brackets. */
static void choice_show(struct seq_file *out, const char *const *names, const u8 *order,
			unsigned int count, int chosen)
{
	for (unsigned int i = 0; i < count; i++)
		seq_printf(out, order[i] == chosen ? "%s[%s]" : "%s%s", i ? " " : "",
			   names[order[i]]);
	seq_putc(out, '\n');
}

/* "always madvise [never]" */
static int huge_mode_show(struct seq_file *out, void *data)
{
	static const u8 order[] = { HUGE_ALWAYS, HUGE_MADVISE, HUGE_NEVER };

	(void)data;
	choice_show(out, vm_huge_mode_names, order, ARRAY_LEN(order), READ_ONCE(vm_huge_mode));
	return 0;
}

static char *first_line(char *text)
{
	char *newline = strchr(text, '\n');

	if (newline)
		*newline = 0;
	return text;
}

static ssize_t huge_mode_write(void *data, char *text, size_t size)
{
	(void)data;
	if (!vm_huge_set_mode(first_line(text)))
		return -EINVAL;
	vm_collapse_changed();
	return (ssize_t)size;
}

/* "always within_size advise [never] deny force" */
static int shmem_huge_show(struct seq_file *out, void *data)
{
	static const u8 order[] = { SHMEM_HUGE_ALWAYS, SHMEM_HUGE_WITHIN_SIZE, SHMEM_HUGE_ADVISE,
				    SHMEM_HUGE_NEVER,  SHMEM_HUGE_DENY,	       SHMEM_HUGE_FORCE };

	(void)data;
	choice_show(out, shmem_huge_names, order, ARRAY_LEN(order), READ_ONCE(shmem_huge_mode));
	return 0;
}

static ssize_t shmem_huge_write(void *data, char *text, size_t size)
{
	(void)data;
	return shmem_huge_set(first_line(text)) ? (ssize_t)size : -EINVAL;
}

#define TEXT(path, text)                                                                           \
	{                                                                                          \
		.name = (path), .mode = 0444, .show = text_show, .data = (void *)(uintptr_t)(text) \
	}
#define FOLDER(path)                                                                               \
	{                                                                                          \
		.name = (path), .mode = S_IFDIR | 0555                                             \
	}

static const struct proc_entry entries[] = {
	FOLDER("block"),
	FOLDER("bus"),
	FOLDER("class/tty"),
	FOLDER("dev/block"),
	FOLDER("dev/char"),
	FOLDER("firmware"),
	FOLDER("fs"),
	FOLDER("module"),
	{ .name = "devices/system/cpu/online", .mode = 0444, .show = online_show },
	{ .name = "devices/system/cpu/possible", .mode = 0444, .show = possible_show },
	{ .name = "devices/system/cpu/present", .mode = 0444, .show = possible_show },
	TEXT("class/tty/tty/dev", "5:0"),
	TEXT("class/tty/console/dev", "5:1"),
	TEXT("class/tty/console/active", "ttyS0"),
	TEXT("class/tty/ttyS0/dev", "4:64"),
	{ .name = "kernel/mm/transparent_hugepage/enabled",
	  .mode = 0644,
	  .show = huge_mode_show,
	  .write = huge_mode_write },
	{ .name = "kernel/mm/transparent_hugepage/shmem_enabled",
	  .mode = 0644,
	  .show = shmem_huge_show,
	  .write = shmem_huge_write },
	TEXT("kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152"),
};

/* A folder for each CPU; a registered directory needs its entry no more. */
static void cpu_folders_add(void)
{
	char name[40];

	for (unsigned int cpu = 0; cpu < cpu_count(); cpu++) {
		const struct proc_entry folder = FOLDER(name);

		snprintf(name, sizeof(name), "devices/system/cpu/cpu%u", cpu);
		sysfs_register(&folder);
	}
}

void sysfs_init(void)
{
	tree_init(&sysfs_tree);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		sysfs_register(&entries[i]);
	cpu_folders_add();
	sysfs_collapse_add();
	fs_register(&sysfs_type);
}
