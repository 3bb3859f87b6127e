/*
 * The order of locks, and its check under LOCK_CHECKS. A task or an interrupt handler takes locks in rising rank only, so no
 * circle of waiting can exist. The check stops the kernel at the first wrong order, also when nobody was in the way.
 *
 * The ranks held are bytes, the highest first: in held_ranks those of the first eight, in which nearly all that is done is done
 * by a shift; lockcheck.c has the others. The word is the running task's, or the handler's: it is exchanged when a task is
 * switched to and when an interrupt begins and ends. So a task may be interrupted, and go on elsewhere, between reading and
 * writing it: what ran meanwhile has left it as it was.
 */
#pragma once

#include <kernel/preempt.h>
#include <profile/lockcheck.h>

/* From RANK_FILE_POSITION on bit 7 is set: so bit 63 of held_ranks says that there are eight. */
enum lock_rank {
	RANK_NONE, /* not checked */
	/* Sleeping locks. */
	RANK_FILE_POSITION =
		0x80, /* file->position_lock: outermost, held across whole reads and writes */
	RANK_SEQ_FILE, /* seq_file->lock, syslog: held while the text is made and copied out */
	RANK_TASKLIST_EXEC, /* process->exec_lock: execve opens and reads files under it */
	RANK_PIPE, /* held while a splice writes to a file */
	RANK_MOUNT, /* mount tree */
	RANK_RENAME, /* superblock: one cross-directory rename at a time */
	RANK_INODE, /* inode->lock: directories (parent before child), then files */
	RANK_EPOLL_LINKS, /* which epolls watch which files */
	RANK_EPOLL, /* polls files, copies events out */
	RANK_SOCKET_READ, /* socket->read_lock: messages are copied out under it */
	RANK_TTY, /* tty->lock: termios, sessions, read side */
	RANK_MM, /* mm->lock: behind every lock that is held while user memory is copied */
	RANK_VMA, /* of one vma: a fault reads it, a writer has mm->lock */
	RANK_PAGE_CACHE_FILL, /* one filler per missing page */
	RANK_SLEEP_MISC, /* leaf sleeping locks of drivers and registries */
	/* Spinlocks, interrupts on. */
	RANK_TASKLIST, /* family tree and pid links */
	RANK_PID, /* process numbers in use */
	RANK_FILES, /* descriptor table */
	RANK_FS, /* task's root and working directory */
	RANK_DENTRY_RENAME, /* one dentry changes its name or parent */
	RANK_DENTRY_HASH,
	RANK_DENTRY,
	RANK_INODE_STATE,
	RANK_INODE_HASH,
	RANK_DENTRY_LRU,
	RANK_INOTIFY, /* an inotify's events and watches; a file system's watches */
	RANK_FILE_LOCKS, /* who waits for whose record lock */
	RANK_MAPPING, /* page cache tree of an inode */
	RANK_RMAP, /* list of vmas that map an inode */
	RANK_PAGE_TABLE, /* one page of page table */
	RANK_COLLAPSE, /* address spaces that are scanned for pages to collapse */
	RANK_FUTEX,
	RANK_SOCKET_TABLE, /* names of sockets, lists of all of them */
	RANK_SOCKET, /* a socket's state and queue */
	/* Spinlocks taken with interrupts off. */
	RANK_CLOCK_WATCH, /* who is told that the wall clock was set: tells them under it */
	RANK_SIGNAL, /* sighand */
	RANK_ACCOUNT, /* users and what they use */
	RANK_TIMER_OBJECT, /* posix and interval timers */
	RANK_TTY_BUFFER, /* input ring, also from the serial interrupt */
	RANK_DEVICE, /* a driver's registers */
	RANK_SOCKET_PEER, /* queue of those who wait for a full receiver: wakes them by their own queues */
	RANK_WAIT, /* wait queue */
	RANK_WORK_WAIT, /* that of the work threads: a wake-up may queue a work */
	RANK_RUNQUEUE,
	RANK_HRTIMER, /* a CPU's timer tree */
	RANK_WORK,
	RANK_RCU,
	RANK_VMAP, /* allocates kernel page tables */
	RANK_SLAB,
	RANK_PAGE_ALLOC,
	RANK_IRQ,
	RANK_RANDOM,
	RANK_PRINTK, /* innermost: anything may log */
};

_Static_assert(RANK_FILE_POSITION == 0x80 && RANK_PRINTK <= 0xff, "bytes with bit 7 set");

DECLARE_PER_CPU(u64, held_ranks); /* [C] */
/* [C] While an interrupt handler runs: those of what it interrupted. */
DECLARE_PER_CPU(u64, held_ranks_interrupted);

/* What is not usual, or wrong: they look at everything anew. */
void lockcheck_enter(unsigned int rank, bool nested);
void lockcheck_try(unsigned int rank);
void lockcheck_exit(unsigned int rank);
void lockcheck_sleep(void);

static inline u8 held_highest(u64 held)
{
	return (u8)held;
}

/* There may be others behind the first eight. */
static inline bool held_is_full(u64 held)
{
	return (s64)held < 0;
}

/* False: nothing is done, and lockcheck.c must look. `same`: the highest may be of this rank too. */
static inline bool held_push(unsigned int rank, bool same)
{
	const u64 held = this_cpu(held_ranks);
	const unsigned int highest = held_highest(held);

	if (unlikely((same ? rank < highest : rank <= highest) || held_is_full(held)))
		return false;
	this_cpu(held_ranks) = held << 8 | rank;
	return true;
}

static inline bool held_pop(unsigned int rank)
{
	const u64 held = this_cpu(held_ranks);

	if (unlikely(rank != held_highest(held) || held_is_full(held)))
		return false;
	this_cpu(held_ranks) = held >> 8;
	return true;
}

/* Before waiting for the lock; interrupts were turned off right here. */
static inline void lock_rank_enter_irq_off(unsigned int rank)
{
	if (lock_checks() && !held_push(rank, false))
		lockcheck_enter(rank, false);
}

/* Before waiting for the lock. `nested`: a second lock of the same rank is meant. */
static inline void lock_rank_enter(unsigned int rank, bool nested)
{
	if (lock_checks() &&
	    (unlikely(rank >= RANK_SIGNAL && irq_enabled()) || !held_push(rank, nested)))
		lockcheck_enter(rank, nested);
}

/* After a trylock that succeeded: it cannot deadlock, so any order is right. */
static inline void lock_rank_try(unsigned int rank)
{
	if (lock_checks() && !held_push(rank, true))
		lockcheck_try(rank);
}

static inline void lock_rank_exit(unsigned int rank)
{
	if (lock_checks() && !held_pop(rank))
		lockcheck_exit(rank);
}

/* First thing in whatever may sleep, whether it will or not. */
static inline void sleep_check(void)
{
	if (lock_checks() && unlikely(in_interrupt() || !preemptible() ||
				      held_highest(this_cpu(held_ranks)) >= RANK_TASKLIST))
		lockcheck_sleep();
}

/* The first eight of the tasks. Interrupts off. */
static inline void lock_ranks_switch(u64 *prev, const u64 *next)
{
	if (!lock_checks())
		return;
	*prev = this_cpu(held_ranks);
	this_cpu(held_ranks) = *next;
}

/* An interrupt handler begins, and holds nothing; interrupts off. */
static inline void lock_ranks_interrupt(void)
{
	if (!lock_checks())
		return;
	this_cpu(held_ranks_interrupted) = this_cpu(held_ranks);
	this_cpu(held_ranks) = 0;
}

static inline void lock_ranks_resume(void)
{
	if (lock_checks())
		this_cpu(held_ranks) = this_cpu(held_ranks_interrupted);
}
