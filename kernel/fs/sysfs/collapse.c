/* /sys/kernel/mm/transparent_hugepage/khugepaged: how eagerly small pages are made huge ones. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/procfs.h>
#include <kernel/vm.h>
#include <lib/parse.h>
#include <platform/page_table.h>

struct setting {
	unsigned int *value;
	unsigned int low, high;
};

static int setting_show(struct seq_file *out, void *data)
{
	const struct setting *setting = data;

	seq_printf(out, "%u\n", READ_ONCE(*setting->value));
	return 0;
}

static ssize_t setting_write(void *data, char *text, size_t size)
{
	const struct setting *setting = data;
	u64 value;

	if (parse_u64(text, 10, &value) || value < setting->low || value > setting->high)
		return -EINVAL;
	WRITE_ONCE(*setting->value, (unsigned int)value);
	vm_collapse_changed();
	return (ssize_t)size;
}

static int count_show(struct seq_file *out, void *data)
{
	seq_printf(out, "%u\n", READ_ONCE(*(const unsigned int *)data));
	return 0;
}

static const struct setting pages_to_scan = { &vm_collapse_settings.pages_to_scan, 1, ~0U };
static const struct setting scan_sleep = { &vm_collapse_settings.scan_sleep_ms, 0, ~0U };
static const struct setting alloc_sleep = { &vm_collapse_settings.alloc_sleep_ms, 0, ~0U };
static const struct setting empty_max = { &vm_collapse_settings.empty_max, 0, PT_ENTRIES - 1 };

#define PATH "kernel/mm/transparent_hugepage/khugepaged/"
#define SETTING(file, setting)                                                                     \
	{                                                                                          \
		.name = PATH file, .mode = 0644, .show = setting_show, .write = setting_write,     \
		.data = (void *)(uintptr_t) & (setting)                                            \
	}
#define COUNT(file, count)                                                                         \
	{                                                                                          \
		.name = PATH file, .mode = 0444, .show = count_show, .data = &(count)              \
	}

static const struct proc_entry entries[] = {
	SETTING("pages_to_scan", pages_to_scan),
	SETTING("scan_sleep_millisecs", scan_sleep),
	SETTING("alloc_sleep_millisecs", alloc_sleep),
	SETTING("max_ptes_none", empty_max),
	COUNT("pages_collapsed", vm_collapse_counts.collapsed),
	COUNT("full_scans", vm_collapse_counts.full_scans),
};

void sysfs_collapse_add(void)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		sysfs_register(&entries[i]);
}
