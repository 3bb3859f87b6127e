/*
 * Lock order (LOCK_CHECKS). Every lock carries a rank; a task or an interrupt takes locks in rising rank only, so no circle
 * of waiting can exist. The check stops the kernel at the first wrong order, also when nobody was in the way. The ranks
 * are in kernel/locks.h: those from RANK_TASKLIST on spin, those from RANK_SIGNAL on are taken with interrupts off.
 */
#pragma once

#include <profile/config.h>
#include <stdbool.h>

/* The kernel provides these where LOCK_CHECKS is on. `ip` is who takes the lock. */
void lockcheck_enter(unsigned int rank, bool nested, unsigned long ip);
void lockcheck_try(unsigned int rank);
void lockcheck_exit(unsigned int rank, unsigned long ip);
void lockcheck_sleep(unsigned long ip);

#define LOCKCHECK_IP ((unsigned long)__builtin_return_address(0))

/* Before waiting for the lock. `nested`: a second lock of the same rank is meant. */
static inline void lock_rank_enter(unsigned int rank, bool nested)
{
	if (config_on(CONFIG_LOCK_CHECKS))
		lockcheck_enter(rank, nested, LOCKCHECK_IP);
}

/* After a trylock that succeeded: it cannot deadlock, so any order is right. */
static inline void lock_rank_try(unsigned int rank)
{
	if (config_on(CONFIG_LOCK_CHECKS))
		lockcheck_try(rank);
}

static inline void lock_rank_exit(unsigned int rank)
{
	if (config_on(CONFIG_LOCK_CHECKS))
		lockcheck_exit(rank, LOCKCHECK_IP);
}

/* First thing in whatever may sleep, whether it will or not. */
static inline void sleep_check(void)
{
	if (config_on(CONFIG_LOCK_CHECKS))
		lockcheck_sleep(LOCKCHECK_IP);
}
