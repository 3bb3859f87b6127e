/* pointers.c - addresses that reach, straddle and miss the memory that a call wants; paths and other text. */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Each file is followed by a page that faults. */
static char *map_or_die(size_t size, int prot, int flags, int fd)
{
	char *at = mmap(NULL, size + PAGE, prot, MAP_PRIVATE | flags, fd, 0);

	if (at == MAP_FAILED)
		_exit(99);
	mprotect(at + size, PAGE, PROT_NONE);
	return at;
}

void arena_make(struct arena *arena)
{
	int fd = open("beyond", O_RDWR | O_CREAT, 0666);

	arena->data = map_or_die(ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_ANONYMOUS, -1);
	arena->read_only = map_or_die(PAGE, PROT_READ, MAP_ANONYMOUS, -1);
	arena->hole = map_or_die(PAGE, PROT_NONE, MAP_ANONYMOUS, -1);
	munmap(arena->hole, PAGE);
	arena->beyond = map_or_die(PAGE, PROT_READ | PROT_WRITE, fd < 0 ? MAP_ANONYMOUS : 0, fd);
	arena->shared = shared->futexes;
	if (fd >= 0)
		close(fd);
}

static long pointer_bad(struct worker *worker)
{
	static const unsigned long bad[] = {
		0,
		1,
		8,
		PAGE - 1,
		USER_END - 1,
		USER_END,
		USER_END - PAGE,
		0x800000000000UL,
		0x7fffffffffffffffUL,
		0x8000000000000000UL,
		0xffff800000000000UL,
		0xffff888000000000UL,
		0xffffffff80000000UL,
		0xffffffff81000000UL,
		0xfffffffffffff000UL,
		-8UL,
		-1UL,
	};

	return (long)PICK(&worker->random, bad);
}

long pointer_make(struct worker *worker, bool written)
{
	struct random *random = &worker->random;
	const struct arena *arena = worker->arena;

	switch (random_below(random, 20)) {
	case 0:
		return 0;
	case 1:
		return pointer_bad(worker);
	case 2:
		return (long)arena->hole + 8 * random_below(random, 512);
	case 3:
		return (long)arena->read_only + 8 * random_below(random, 500);
	case 4:
		return (long)arena->beyond + 8 * random_below(random, 500);
	case 5: /* cut off by the end of the arena */
		return (long)arena->data + ARENA_PAGES * PAGE - 1 - random_below(random, 64);
	case 6:
		return (long)arena->shared + 4 * random_below(random, 16);
	case 7: /* across two pages, at any address */
		return (long)arena->data + PAGE - random_below(random, 64);
	default:
		return (long)arena->data + (written ? 8 * PAGE : 0) +
		       64 * random_below(random, 7 * PAGE / 64);
	}
}

/* Names in the scratch folder, some that do not exist, and files of the kernel that are safe to change for root. */
static const char *path_make(struct worker *worker)
{
	static const char *const own[] = {
		"a",	      "b",	    "c",   "d",	    "d/f",  "d/g",    "d/h", "e",
		"l",	      "loop",	    "p",   "s",	    "x",    "y",      "z",   "d/..",
		".",	      "a/b",	    "./a", "d/./f", "",	    "d/",     "l/",  SCRATCH "/a",
		SCRATCH "/d", SCRATCH "/m", "m",   "m/x",   "m/..", "beyond", "s2",
	};
	static const char *const others[] = {
		"/proc/self/maps",
		"/proc/self/status",
		"/proc/self/stat",
		"/proc/self/fd",
		"/proc/self/fd/5",
		"/proc/self/mounts",
		"/proc/self/cmdline",
		"/proc/self/environ",
		"/proc/self/exe",
		"/proc/self/cwd",
		"/proc/self/task",
		"/proc/self/comm",
		"/proc/self/mem",
		"/proc/self/smaps",
		"/proc/self/pagemap",
		"/proc/self/fdinfo/4",
		"/proc/self/oom_score_adj",
		"/proc/thread-self",
		"/proc/meminfo",
		"/proc/stat",
		"/dev/null",
		"/dev/zero",
		"/dev/full",
		"/dev/ptmx",
		"/dev/tty",
		"/dev/urandom",
		"/proc/self/auxv",
		"/proc/self/limits",
		"/proc/self/root/tmp/fuzz/a",
		"/init",
	};
	static const char *const forbidden[] = {
		"/",
		"/proc",
		"/dev",
		"/tmp",
		"..",
		"../..",
		"/sys",
		"/proc/1/fd",
		"/proc/1/mem",
		"/proc/sys/kernel",
		"/dev/console",
		"/proc/sys/vm/overcommit_memory",
		"/dev/kmsg",
		"/proc/1/maps",
		"/dev/pts",
		"/proc/1/environ",
	};
	struct random *random = &worker->random;

	if (!worker->root && one_in(random, 8))
		return PICK(random, forbidden);
	return one_in(random, 4) ? PICK(random, others) : PICK(random, own);
}

/* The text goes to the arena, sometimes to its end without a terminating zero. */
long text_make(struct worker *worker, const struct call *call)
{
	struct random *random = &worker->random;
	char *at = worker->arena->data + PAGE * 2 + 128 * random_below(random, 30);
	bool mounts = !strcmp(call->name, "mount") || !strcmp(call->name, "umount2");

	if (one_in(random, 20))
		return pointer_make(worker, false);
	if (one_in(random, 40)) { /* longer than a name, or than a path, may be */
		size_t size = one_in(random, 2) ? 256 : 4097;

		at = worker->arena->data + PAGE * 3;
		memset(at, one_in(random, 4) ? '/' : 'n', size);
		at[size] = 0;
		return (long)at;
	}
	if (one_in(random, 40)) {
		at = worker->arena->data + ARENA_PAGES * PAGE - 4;
		memcpy(at, "name", 4);
		return (long)at;
	}
	strcpy(at, mounts && worker->root ? "m" : path_make(worker));
	return (long)at;
}

long string_make(struct worker *worker, const struct call *call)
{
	static const char *const texts[] = { "tmpfs",	   "proc",     "devpts",
					     "user.a",	   "user.b",   "trusted.a",
					     "security.x", "",	       "system.posix_acl_access",
					     "a",	   "../a",     "d/f",
					     "name",	   "devtmpfs", "sysfs" };
	char *at = worker->arena->data + PAGE * 2 + 128 * random_below(&worker->random, 30);

	if (one_in(&worker->random, 8))
		return text_make(worker, call);
	strcpy(at, PICK(&worker->random, texts));
	return (long)at;
}

long memory_make(struct worker *worker, const char *name, bool in, bool out)
{
	const struct arena *arena = worker->arena;
	long at = pointer_make(worker, out && !in);
	unsigned long room = (unsigned long)arena->data + ARENA_PAGES * PAGE - (unsigned long)at;

	if (in && at >= (long)arena->data && room <= ARENA_PAGES * PAGE)
		shape_fill(worker, name, (char *)at, room);
	return at;
}

/* Page aligned mostly; the worker's text and stack are rarely hit, so that it lives. */
long address_make(struct worker *worker)
{
	struct random *random = &worker->random;

	switch (random_below(random, 6)) {
	case 0:
		return 0;
	case 1:
		return pointer_make(worker, false);
	case 2:
		return (long)(0x10000000UL + PAGE * random_below(random, 64));
	case 3:
		return (long)(0x7e0000000000UL + PAGE * random_below(random, 1024));
	default:
		return (long)worker->arena->data + (long)PAGE * (6 + random_below(random, 11));
	}
}
