/*
 * Devices: character (and later block) devices by number, their nodes in /dev, and the little that a driver needs. A
 * device registers once and its node appears in devtmpfs with the given mode.
 */
#pragma once

#include <kernel/file.h>

#define DEV_MAJOR(d) ((unsigned int)((d) >> 8) & 0xfff)
#define DEV_MINOR(d) ((unsigned int)((d)&0xff) | (unsigned int)(((d) >> 12) & 0xfff00))
#define DEV_MAKE(major, minor)                                                                     \
	(((u64)((minor)&0xfff00) << 12) | ((u64)(major) << 8) | ((minor)&0xff))

struct char_device {
	const char *name; /* below /dev, "ttyS0"; NULL: no node is made */
	u64 number; /* DEV_MAKE */
	unsigned int count; /* of numbers with one major, from `number` on; 0: one */
	u32 mode; /* permissions of the node */
	const struct file_ops *ops;
	void *private_data; /* in file->private_data when opened */
	struct list link; /* registry */
};

/* The struct stays the caller's, for ever. 0, -EEXIST, -ENOMEM. */
int char_device_register(struct char_device *device);
void char_device_unregister(struct char_device *device);
/* Opening a node: called by vfs_open for S_IFCHR inodes; sets file->ops. -ENXIO. */
int char_device_open(struct inode *inode, struct file *file);
void dev_show_devices(struct seq_file *out); /* /proc/devices */

/* Interrupt handlers of drivers: run with interrupts off. 0 or -errno. */
int irq_request_isa(unsigned int isa_irq, void (*handler)(void *data), void *data, const char *name);
void irq_show(struct seq_file *out); /* /proc/interrupts */
u64 irq_total(void);

/* A node below /dev; folders on the way are made. 0 or -errno. */
int devtmpfs_add(const char *name, u32 mode, u64 device);
void devtmpfs_remove(const char *name);
void devtmpfs_init(void); /* file system type "devtmpfs", and the registry */
void mem_devices_init(void); /* null zero full random urandom kmsg */
void tty_init(void); /* tty layer, ttyS0..3, /dev/tty, /dev/console */
