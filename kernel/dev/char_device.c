/* Character devices: the registry by number, opening a node, and /proc/devices. */
#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/seq_file.h>
#include <kernel/vfs.h>

#include "internal.h"

static struct list devices = LIST_INIT(devices); /* [devices_lock] in the order of registration */
static struct mutex devices_lock = MUTEX_INIT(devices_lock, RANK_SLEEP_MISC);

static struct char_device *device_find_locked(u64 number)
{
	struct char_device *device;

	list_for_each_entry (device, &devices, link)
		if (device->number == number ||
		    (DEV_MAJOR(device->number) == DEV_MAJOR(number) &&
		     DEV_MINOR(number) - DEV_MINOR(device->number) < device->count))
			return device;
	return NULL;
}

static struct char_device *device_find(u64 number)
{
	struct char_device *device;

	mutex_lock(&devices_lock);
	device = device_find_locked(number);
	mutex_unlock(&devices_lock);
	return device;
}

static void device_remove(struct char_device *device)
{
	mutex_lock(&devices_lock);
	list_del_init(&device->link);
	mutex_unlock(&devices_lock);
}

int char_device_register(struct char_device *device)
{
	int error = 0;

	mutex_lock(&devices_lock);
	if (device_find_locked(device->number))
		error = -EEXIST;
	else
		list_add_tail(&device->link, &devices);
	mutex_unlock(&devices_lock);
	if (error || !device->name)
		return error;
	error = devtmpfs_add(device->name, S_IFCHR | device->mode, device->number);
	if (error)
		device_remove(device);
	return error;
}

void char_device_unregister(struct char_device *device)
{
	devtmpfs_remove(device->name);
	device_remove(device);
}

int char_device_open(struct inode *inode, struct file *file)
{
	struct char_device *device = device_find(inode->device);

	if (!device)
		return -ENXIO;
	file->ops = device->ops;
	file->private_data = device->private_data;
	return device->ops->open ? device->ops->open(inode, file) : 0;
}

struct major_name {
	unsigned int major;
	const char *name;
};

static const struct major_name major_names[] = {
	{ 1, "mem" },	    { 4, "ttyS" },  { 5, "/dev/tty" }, { 5, "/dev/console" },
	{ 5, "/dev/ptmx" }, { 10, "misc" }, { 136, "pts" },
};

static bool major_in_use(unsigned int major)
{
	struct char_device *device;
	bool found = false;

	mutex_lock(&devices_lock);
	list_for_each_entry (device, &devices, link)
		found |= DEV_MAJOR(device->number) == major;
	mutex_unlock(&devices_lock);
	return found;
}

void dev_show_devices(struct seq_file *out)
{
	seq_puts(out, "Character devices:\n");
	for (size_t i = 0; i < ARRAY_LEN(major_names); i++)
		if (major_in_use(major_names[i].major))
			seq_printf(out, "%3u %s\n", major_names[i].major, major_names[i].name);
	seq_puts(out, "\nBlock devices:\n");
}
