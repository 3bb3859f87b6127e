/* values.c - a value for an argument of each kind: mostly one that gets far into the call, sometimes one on a border. */
#include "fuzz.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A value that a careless check lets through. */
static uint64_t number_border(struct worker *worker)
{
	uint64_t value = 1ULL << random_below(&worker->random, 64);

	return value + random_below(&worker->random, 3) - 1;
}

unsigned int length_small(struct worker *worker)
{
	static const unsigned int sizes[] = { 0, 1, 2, 4, 7, 8, 16, 24, 32, 64, 100, 128, 256, 512 };

	return PICK(&worker->random, sizes);
}

static long length_make(struct worker *worker)
{
	static const unsigned long large[] = {
		PAGE - 1,     PAGE,	    PAGE + 1,  2 * PAGE,     16 * PAGE,
		65535,	      1UL << 20,    1UL << 22, 0x7fffffffUL, 0x80000000UL,
		0x7ffff000UL, 0xffffffffUL, 1UL << 32, USER_END,     0x7fffffffffffffffUL,
		-4096UL,      -4095UL,	    -1UL,
	};
	struct random *random = &worker->random;

	switch (random_below(random, 8)) {
	case 0:
		return (long)PICK(random, large);
	case 1:
		return random_below(random, 1 << 16);
	case 2:
	case 3:
		return (long)(PAGE * random_below(random, 12));
	case 4: /* sets of signals, and most structures that come with a size */
		return 8;
	default:
		return length_small(worker);
	}
}

static long offset_make(struct worker *worker)
{
	struct random *random = &worker->random;

	if (one_in(random, 8))
		return (long)number_border(worker);
	if (one_in(random, 3))
		return (long)(PAGE * random_below(random, 64));
	return random_below(random, 10000);
}

static long number_make(struct worker *worker)
{
	struct random *random = &worker->random;

	if (one_in(random, 10))
		return (long)number_border(worker);
	if (one_in(random, 10))
		return -(long)random_below(random, 4);
	return one_in(random, 4) ? random_below(random, 300) : random_below(random, 8);
}

static long flags_make(struct worker *worker, const struct call *call, const char *name)
{
	static const int open_flags[] = { O_RDONLY,
					  O_WRONLY,
					  O_RDWR,
					  O_RDWR | O_CREAT,
					  O_CREAT | O_EXCL | O_WRONLY,
					  O_DIRECTORY,
					  O_PATH,
					  O_RDWR | O_TRUNC,
					  O_WRONLY | O_APPEND,
					  O_TMPFILE | O_RDWR };
	struct random *random = &worker->random;
	long value = 0;

	if (!strcmp(call->name, "mmap") && !strcmp(name, "flags"))
		value = (one_in(random, 3) ? MAP_SHARED : MAP_PRIVATE) |
			(one_in(random, 3) ? 0 : MAP_ANONYMOUS);
	else if (!strncmp(call->name, "open", 4))
		value = PICK(random, open_flags) | O_NONBLOCK;
	else if (!strcmp(name, "prot"))
		return random_below(random, 8) |
		       (one_in(random, 20) ? 0x01000000L << random_below(random, 2) : 0);
	if (one_in(random, 3))
		return value;
	for (unsigned int bits = 1 + random_below(random, 3); bits; bits--)
		value |= 1L << random_below(random, one_in(random, 3) ? 32 : 13);
	return value;
}

static long command_make(struct worker *worker, const struct call *call)
{
	struct random *random = &worker->random;
	static const int fcntl_more[] = {
		1024, 1025, 1026, 1030, 1031, 1032, 1033, 1034, 36, 37, 38
	};
	static const int terminal[] = { 0x541b, 0x5421,	    0x5450,    0x5451,
					0x5452, 0x80045430, 0x40045431 };

	if (one_in(random, 20))
		return (long)random_next(random);
	if (!strcmp(call->name, "ioctl"))
		return one_in(random, 2) ? PICK(random, terminal)
					 : 0x5400 + (long)random_below(random, 0x60);
	if (!strcmp(call->name, "fcntl"))
		return one_in(random, 2) ? PICK(random, fcntl_more) : (int)random_below(random, 17);
	if (!strcmp(call->name, "futex"))
		return random_below(random, 14) | (one_in(random, 2) ? 128 : 0) |
		       (one_in(random, 4) ? 256 : 0);
	if (!strcmp(call->name, "arch_prctl"))
		return 0x1001 + random_below(random, 0x13);
	if (!strcmp(call->name, "prctl"))
		return random_below(random, 70);
	if (!strcmp(call->name, "fallocate"))
		return random_below(random, 1 << random_below(random, 7));
	return random_below(random, one_in(random, 4) ? 64 : 10);
}

/* Not process 1 for root, which could take its limits away. */
static long pid_make(struct worker *worker)
{
	struct random *random = &worker->random;
	long other = shared->slots[random_below(random, MAX_WORKERS)].pid;

	switch (random_below(random, 10)) {
	case 0:
		return (long)number_border(worker) | 0x100;
	case 1:
		return worker->root ? 0 : 1;
	case 2:
		return other > 1 ? -other : 0;
	case 3:
		return one_in(random, 20) ? -1 : syscall(SYS_gettid);
	case 4:
	case 5:
		return syscall(SYS_getpid);
	case 6:
		return syscall(SYS_getpid) + 1 + random_below(random, 6);
	default:
		return other;
	}
}

static long signal_make(struct worker *worker)
{
	struct random *random = &worker->random;

	if (one_in(random, 12))
		return random_below(random, 70) - 2;
	for (;;) {
		int signo = one_in(random, 3) ? 32 + (int)random_below(random, 33)
					      : (int)random_below(random, 32);

		if (signo != SIGKILL && signo != SIGSTOP && signo != SIGTSTP && signo != SIGTTIN &&
		    signo != SIGTTOU)
			return signo;
	}
}

static long id_make(struct worker *worker)
{
	static const long ids[] = { 0,	   1,	  UNPRIVILEGED, UNPRIVILEGED, 65534,
				    65535, 65536, -1,		-2,	      0x7fffffff };

	return PICK(&worker->random, ids);
}

static long fd_make(struct worker *worker, bool folder)
{
	static const long odd[] = { -1,	   -2,	       AT_FDCWD,     1023,    1024,
				    65536, 0x7fffffff, -0x80000000L, 1L << 32 };
	struct random *random = &worker->random;

	if (folder && !one_in(random, 3))
		return AT_FDCWD;
	if (one_in(random, 24))
		return PICK(random, odd);
	return random_below(random, 48);
}

long value_make(struct worker *worker, const struct call *call, unsigned int index)
{
	const struct argument *argument = &call->arguments[index];

	switch (argument->kind) {
	case KIND_NONE:
		return 0;
	case KIND_FD:
		return fd_make(worker, false);
	case KIND_DIRFD:
		return fd_make(worker, true);
	case KIND_INT:
	case KIND_UINT:
		return number_make(worker);
	case KIND_LONG:
	case KIND_ULONG:
		return one_in(&worker->random, 2) ? number_make(worker)
						  : memory_make(worker, argument->name, true, true);
	case KIND_FLAGS:
	case KIND_FLAGS64:
		return flags_make(worker, call, argument->name);
	case KIND_CMD:
		return command_make(worker, call);
	case KIND_LEN:
		return length_make(worker);
	case KIND_OFFSET:
		return offset_make(worker);
	case KIND_MODE:
		return one_in(&worker->random, 4) ? (long)random_next(&worker->random)
						  : 0666 | random_below(&worker->random, 512);
	case KIND_PID:
		return pid_make(worker);
	case KIND_UID:
	case KIND_GID:
		return id_make(worker);
	case KIND_SIG:
		return signal_make(worker);
	case KIND_ADDR:
		return address_make(worker);
	case KIND_ADDRP:
		return memory_make(worker, "futex", true, true);
	case KIND_PATH:
		return text_make(worker, call);
	case KIND_STRING:
		return string_make(worker, call);
	case KIND_IN:
		return memory_make(worker, argument->name, true, false);
	case KIND_OUT:
		return memory_make(worker, argument->name, false, true);
	case KIND_INOUT:
		return memory_make(worker, argument->name, true, true);
	}
	return 0;
}
