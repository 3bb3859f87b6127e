/*
 * mm.c - threads of one program that map, unmap, protect, discard, move, fork and touch the same memory at once, and check all
 * that they read. As init it reads the seconds from /stress.conf, and powers off; else `mm SECONDS`. A second word, "waits":
 * it goes on for a while until a fault and a writer have waited for each other.
 *
 * wild	everybody does anything to any range of it. Who touches a page may be refused. Each word in use says which page it is of,
 *	so a frame that is seen at a wrong place, or after it was freed, is noticed.
 * kept	page n is thread n % THREADS's: it finds there what it wrote last, whatever the others do meanwhile: protect it against
 *	writing for a moment, fork, advise. Children check that their memory stands still, and write to it.
 * own	of each thread, and the heap: mm_own.c.
 * files	mm_file.c.
 *
 * Output: `@@@ rate NAME N` for each kind, in operations a second; `@@@ bad ...`; `@@@ done`.
 */
#include "mm.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WILD_PAGES 1536UL
#define KEPT_PAGES 1024UL

static const char *const names[KINDS] = {
	[MMAP] = "mmap",       [MUNMAP] = "munmap",	[MPROTECT] = "mprotect",
	[MADVISE] = "madvise", [COLLAPSE] = "collapse", [MREMAP] = "mremap",
	[FORK] = "fork",       [TOUCH] = "touch",	[REFUSED] = "refused",
	[MLOCK] = "mlock",     [POPULATE] = "populate", [BRK] = "brk",
	[PRIVATE] = "private", [SHARED] = "shared",	[TRUNCATE] = "truncate",
	[BEYOND] = "beyond",
};

static struct worker workers[THREADS];
__thread struct worker *self;
static unsigned char *wild, *kept;
static uint64_t wanted[KEPT_PAGES]; /* in each kept page's words; the owner's */
static volatile bool stop;

void bad(const char *format, ...)
{
	char line[256] = "@@@ bad ";
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(line + 8, sizeof(line) - 9, format, list);
	va_end(list);
	line[8 + length] = '\n';
	if (write(1, line, (size_t)length + 9) < 0)
		_exit(2);
	_exit(1);
}

uint64_t draw(uint64_t below)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 7;
	self->random ^= self->random << 17;
	return (self->random >> 11) % below;
}

/* Kept memory is permitted again soon: the access is repeated. What else is touched is given up. */
static void on_fault(int signo, siginfo_t *info, void *context)
{
	const unsigned char *at = info->si_addr;

	(void)context;
	if (signo == SIGSEGV && at >= kept && at < kept + KEPT_PAGES * PAGE) {
		sched_yield();
		return;
	}
	if (!self || !self->touches || at < self->touches ||
	    at >= self->touches + self->touches_length || signo != self->expects)
		bad("signal %d at %p", signo, (const void *)at);
	siglongjmp(self->refused, 1);
}

/* --- Wild memory ------------------------------------------------------------------------------------------------------ */

/* A part of it: some pages, sometimes whole page tables, rarely all. */
static unsigned char *range(unsigned long *length)
{
	uint64_t start, pages;

	switch (draw(16)) {
	case 0:
		*length = WILD_PAGES * PAGE;
		return wild;
	case 1:
	case 2:
		*length = TABLE;
		return wild + draw(WILD_PAGES / 512) * TABLE;
	default:
		start = draw(WILD_PAGES);
		pages = 1 + draw(64);
		*length = (pages < WILD_PAGES - start ? pages : WILD_PAGES - start) * PAGE;
		return wild + start * PAGE;
	}
}

static int protection(void)
{
	static const int all[] = { PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ,
				   PROT_NONE };

	return all[draw(4)];
}

static void wild_map(void)
{
	unsigned long length;
	unsigned char *at = range(&length);
	int prot = draw(4) ? PROT_READ | PROT_WRITE : PROT_READ;

	if (mmap(at, length, prot, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != at)
		bad("mmap");
	self->done[MMAP]++;
}

static void wild_unmap(void)
{
	unsigned long length;
	unsigned char *at = range(&length);

	if (munmap(at, length))
		bad("munmap");
	self->done[MUNMAP]++;
}

/* Fails where there is a hole. */
static void wild_protect(void)
{
	unsigned long length;
	unsigned char *at = range(&length);

	(void)!mprotect(at, length, protection());
	self->done[MPROTECT]++;
}

static void wild_discard(void)
{
	unsigned long length;
	unsigned char *at = range(&length);

	(void)!madvise(at, length, MADV_DONTNEED);
	self->done[MADVISE]++;
}

void area_touch(const struct area *area)
{
	uint64_t page = draw(area->pages), count = 1 + draw(area->most);
	bool write = draw(4);

	if (sigsetjmp(self->refused, 0)) {
		touch_end();
		self->done[area->refused]++;
		return;
	}
	touch_begin(area->memory, area->pages, area->signo);
	for (; count-- && page < area->pages; page++) {
		if (!tags_are_right(area->memory, page, page))
			bad("page %lu of %s has %lx", page, area->name,
			    *spot(area->memory, page, 0));
		if (write)
			tags_write(area->memory, page, page);
		self->done[area->touched]++;
	}
	touch_end();
}

/* Of what is small, and nobody else's at this moment: only that is counted. */
static void collapse(unsigned char *table)
{
	if (!madvise(table, TABLE, MADV_COLLAPSE))
		self->done[COLLAPSE]++;
}

static void wild_collapse(void)
{
	collapse(wild + draw(WILD_PAGES / 512) * TABLE);
}

/* What is refused has no effect; else the contents stay. */
static void wild_populate(void)
{
	unsigned long length;
	unsigned char *at = range(&length);

	(void)!madvise(at, length, MADV_POPULATE_WRITE);
	self->done[POPULATE]++;
}

/* As far as there is no hole. What is locked cannot be discarded; mapping anew unlocks it. */
static void wild_lock(void)
{
	unsigned long length;
	unsigned char *at = range(&length);

	(void)!(draw(2) ? mlock(at, length) : munlock(at, length));
	self->done[MLOCK]++;
}

static void wild_touch(void)
{
	const struct area area = { wild, "wild memory", WILD_PAGES, 24, SIGSEGV, TOUCH, REFUSED };

	area_touch(&area);
}

/* --- Kept memory ------------------------------------------------------------------------------------------------------ */

static uint64_t own_page(void)
{
	return draw(KEPT_PAGES / THREADS) * THREADS + self->number;
}

static void kept_check(uint64_t page, bool all)
{
	const uint64_t *word = (const uint64_t *)(kept + page * PAGE);

	for (unsigned int i = 0; i < SPOTS; i++)
		if (*spot(kept, page, i) != wanted[page])
			bad("kept page %lu, word %u: %lx, not %lx", page, i, *spot(kept, page, i),
			    wanted[page]);
	for (unsigned int i = 1; all && i < 511; i++)
		if (word[i] && i != 255)
			bad("kept page %lu, byte %u: %lx, not 0", page, i * 8, word[i]);
}

static void kept_write(void)
{
	for (unsigned int n = 0; n < 16; n++) {
		uint64_t page = own_page();

		kept_check(page, !draw(8));
		wanted[page] = draw(1ULL << 40) << 12 | page;
		for (unsigned int i = 0; i < SPOTS; i++)
			*spot(kept, page, i) = wanted[page];
		kept_check(page, false);
		self->done[TOUCH]++;
	}
}

/* Only its owner gives a page's content up. */
static void kept_discard(void)
{
	uint64_t page = own_page();

	if (madvise(kept + page * PAGE, PAGE, MADV_DONTNEED))
		bad("MADV_DONTNEED");
	wanted[page] = 0;
	kept_check(page, true);
	self->done[MADVISE]++;
}

/* With one advice for all of it, it is one vma. */
static void kept_collapse(void)
{
	unsigned char *table = kept + draw(KEPT_PAGES / 512) * TABLE;

	if (madvise(table, TABLE, MADV_NORMAL))
		bad("madvise");
	collapse(table);
}

static void kept_protect(void)
{
	static const int advice[] = { MADV_RANDOM, MADV_NORMAL, MADV_SEQUENTIAL, MADV_NORMAL };
	uint64_t start = draw(KEPT_PAGES), pages = 1 + draw(KEPT_PAGES - start);

	if (mprotect(kept + start * PAGE, pages * PAGE, PROT_READ) ||
	    mprotect(kept + start * PAGE, pages * PAGE, PROT_READ | PROT_WRITE))
		bad("mprotect");
	if (madvise(kept + start * PAGE, pages * PAGE, advice[draw(4)]))
		bad("madvise");
	self->done[MPROTECT] += 2;
	self->done[MADVISE]++;
}

/* Nobody else is here: what is read twice is the same, and of the page where it is read; the task's own pages are exact. */
static void child_check(void)
{
	static uint64_t seen[KEPT_PAGES];

	for (uint64_t page = 0; page < KEPT_PAGES; page++) {
		seen[page] = *spot(kept, page, 0);
		if (seen[page] && seen[page] % 4096 != page)
			bad("child: kept page %lu has %lx", page, seen[page]);
	}
	for (uint64_t page = self->number; page < KEPT_PAGES; page += THREADS)
		kept_check(page, false);
	if (mprotect(kept, KEPT_PAGES * PAGE, PROT_READ | PROT_WRITE))
		bad("child: mprotect");
	for (uint64_t page = draw(64); page < KEPT_PAGES; page += 64)
		*spot(kept, page, 1) = seen[page] = *spot(kept, page, 0) = ~page;
	for (uint64_t page = 0; page < KEPT_PAGES; page++)
		if (*spot(kept, page, 0) != seen[page])
			bad("child: kept page %lu was %lx, is %lx", page, seen[page],
			    *spot(kept, page, 0));
}

static void kept_fork(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		child_check();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		bad("fork: %d, status %x", (int)pid, (unsigned int)status);
	self->done[FORK]++;
}

/* --- The rest ----------------------------------------------------------------------------------------------------------------- */

static const struct {
	unsigned int share;
	void (*run)(void);
} steps[] = {
	{ 8, wild_map },      { 4, wild_unmap },    { 4, wild_protect },  { 3, wild_discard },
	{ 1, wild_lock },     { 1, wild_populate }, { 2, kept_protect },  { 2, kept_discard },
	{ 1, kept_fork },     { 10, kept_write },   { 27, wild_touch },	  { 1, own_move },
	{ 1, own_populate },  { 2, heap_move },	    { 2, file_copy },	  { 4, file_touch },
	{ 2, file_truncate }, { 1, wild_collapse }, { 1, kept_collapse },
};

static void step(void)
{
	unsigned int shares = 0, i = 0;
	uint64_t left;

	for (; i < sizeof(steps) / sizeof(steps[0]); i++)
		shares += steps[i].share;
	left = draw(shares);
	for (i = 0; left >= steps[i].share; i++)
		left -= steps[i].share;
	steps[i].run();
}

static void *work(void *data)
{
	self = data;
	while (!stop)
		step();
	return NULL;
}

unsigned char *map_aligned(unsigned long length)
{
	unsigned char *at = mmap(NULL, length + TABLE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		bad("no memory");
	return (unsigned char *)(((uintptr_t)at + TABLE - 1) / TABLE * TABLE);
}

struct conf {
	unsigned int seconds;
	bool waits;
};

static unsigned long done_all(enum kind kind)
{
	unsigned long all = 0;

	for (unsigned int i = 0; i < THREADS; i++)
		all += *(volatile unsigned long *)&workers[i].done[kind];
	return all;
}

static bool any_idle(void)
{
	for (unsigned int kind = 0; kind < KINDS; kind++)
		if (!done_all(kind))
			return true;
	return false;
}

static void report(double seconds)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("@@@ rate fault %.0f\n", (double)usage.ru_minflt / seconds);
	for (unsigned int kind = 0; kind < KINDS; kind++)
		printf("@@@ rate %s %.2f\n", names[kind], (double)done_all(kind) / seconds);
}

/* What the kernel counted of locks; nothing on Linux. */
static void report_waits(void)
{
	char line[128];
	FILE *file = fopen("/proc/vmstat", "r");

	while (file && fgets(line, sizeof(line), file))
		if (!strncmp(line, "lock_", 5) || !strncmp(line, "fault_fast", 10) ||
		    !strncmp(line, "thp_split", 9))
			printf("@@@ count %s", line);
	if (file)
		fclose(file);
}

/* Read without the heap, which is busy. */
static bool waits_are_missing(void)
{
	static char text[16384];
	int fd = open("/proc/vmstat", O_RDONLY);
	ssize_t size = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[size > 0 ? size : 0] = 0;
	return strstr(text, "lock_fault_wait 0\n") || strstr(text, "lock_vma_wait 0\n");
}

/* What is to be seen was seen. */
static bool is_enough(const struct conf *conf)
{
	return !any_idle() && !(conf->waits && waits_are_missing());
}

/* With transparent_hugepage=always a thread of the kernel's collapses pages too, and shall do it all the time. */
static void scan_often(void)
{
	static const char *const path =
		"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs";
	FILE *file;

	mount("sysfs", "/sys", "sysfs", 0, NULL);
	file = fopen(path, "w");
	if (!file || fputs("1\n", file) < 0 || fclose(file))
		bad("%s", path);
}

static struct conf conf_read(int count, char **arguments)
{
	struct conf conf = { count > 1 ? (unsigned int)atoi(arguments[1]) : 10, false };
	char word[16] = "";
	FILE *file;

	if (getpid() != 1)
		return conf;
	mount("proc", "/proc", "proc", 0, NULL);
	scan_often();
	file = fopen("/stress.conf", "r");
	if (!file || fscanf(file, "%u %15s", &conf.seconds, word) < 1)
		bad("no /stress.conf");
	conf.waits = !strcmp(word, "waits");
	return conf;
}

int main(int count, char **arguments)
{
	const struct conf conf = conf_read(count, arguments);
	const struct sigaction action = { .sa_sigaction = on_fault,
					  .sa_flags = SA_SIGINFO | SA_NODEFER };
	pthread_t threads[THREADS];
	struct timespec begin, end;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	kept = map_aligned(KEPT_PAGES * PAGE);
	for (unsigned int i = 0; i < THREADS; i++) {
		workers[i].number = i;
		workers[i].random = 0x9e3779b97f4a7c15ULL * (i + 1) ^ (uint64_t)time(NULL) << 20;
		own_prepare(&workers[i]);
		file_prepare(&workers[i]);
	}
	wild = map_aligned(WILD_PAGES * PAGE);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, &workers[i]))
			bad("pthread_create");
	sleep(conf.seconds);
	/* On a host that is busy with other things nothing may have come to some, or nobody was in anybody's way. */
	for (unsigned int more = 0; more < 6 * conf.seconds && !is_enough(&conf); more++)
		sleep(1);
	stop = true;
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	report((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	report_waits();
	printf("@@@ done\n");
	fflush(stdout);
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
