/*
 * Pseudo-terminals: what the devpts file system, which gives them numbers and names, and their two ends need of each other.
 *
 * A slave is a terminal like any other; whoever has the master plays the device at the other end of its line. The master's
 * file holds a reference of the superblock that the slave's node is in, and the node has the slave until it is removed.
 */
#pragma once

#include <kernel/vfs.h>

struct tty;

#define PTY_SLAVE_MAJOR 136
#define PTY_COUNT_MAX 4096 /* of one devpts */
#define PTMX_DEVICE DEV_MAKE(5, 2)

extern int pty_limit; /* setting: of all together */
unsigned int pty_count(void);
void pty_init(void);
void devpts_init(void);

/* The devpts that the node /dev/ptmx, or ptmx in a devpts itself, stands for: its root, with references. 0 or -ENODEV. */
int devpts_root_get(const struct path *ptmx, struct path *root);
/* A number and a node for the slave: the number, -ENOSPC or -ENOMEM. Takes a reference of `super`, until removed. */
int devpts_add(struct super *super, struct tty *slave);
void devpts_remove(struct super *super, int number);
/* The slave of an inode, with a reference; NULL: its master is gone. */
struct tty *devpts_tty_get(struct inode *inode);
/* Opens the slave's node, as TIOCGPTPEER does. ERR_PTR. */
struct file *devpts_open(const struct path *ptmx, int number, u32 flags);
