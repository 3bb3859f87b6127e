/*
 * meminfo_kinds.c - /proc/meminfo says what memory is used for: each kind grows by what is taken of it, and falls again.
 * mutants: read=fill(buffer,400) mmap(flags&MAP_ANONYMOUS,length:16777216)=EPERM mmap(length:8589934592)=ENOMEM
 * mutants: ftruncate=ENOSYS munmap(length:16777216)=0 unlink=0
 */
#include "meminfo.h"
#include <pthread.h>

#define SIZE (16UL << 20)
#define KIB(bytes) ((long)((bytes) / 1024))
#define FILES 2000
#define THREADS 24

/* As it was at the last look. */
static long seen(const char *name)
{
	return meminfo_seen(name, NULL);
}

static long field(const char *name)
{
	meminfo_look();
	return seen(name);
}

static void expect_near(const char *what, long change, long wanted)
{
	if (change < wanted * 3 / 4 || change > wanted * 5 / 4 + 512)
		broken("%s changes by %ld kB, not about %ld", what, change, wanted);
	say("%s", what);
}

static void anonymous(void)
{
	long before = field("AnonPages"), active = field("Active(anon)") + field("Inactive(anon)");
	char *memory = map_anon(SIZE);

	memset(memory, 1, SIZE);
	expect_near("AnonPages", field("AnonPages") - before, KIB(SIZE));
	expect_near("Active(anon) and Inactive(anon)",
		    field("Active(anon)") + field("Inactive(anon)") - active, KIB(SIZE));
	must(munmap(memory, SIZE));
	expect(field("AnonPages") - before < KIB(SIZE) / 4);
}

static void shared(void)
{
	long before = field("Shmem"), cached = field("Cached"), anon = field("AnonPages");
	int fd = must(memfd_create("meminfo", 0));
	char *memory;

	must(ftruncate(fd, SIZE));
	memory = must(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	memset(memory, 1, SIZE);
	expect_near("Shmem", field("Shmem") - before, KIB(SIZE));
	expect_near("Cached", field("Cached") - cached, KIB(SIZE));
	expect(field("AnonPages") - anon < KIB(SIZE) / 4);
	must(munmap(memory, SIZE));
	must(close(fd));
	expect(field("Shmem") - before < KIB(SIZE) / 4);
}

/* A table for each 2 MiB that has a page. */
static void tables(void)
{
	long before = field("PageTables");
	size_t length = 8UL << 30;
	char *memory = must(mmap(NULL, length, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	must(madvise(memory, length, MADV_NOHUGEPAGE));
	for (size_t at = 0; at < length; at += 8UL << 20)
		memory[at] = 1;
	expect_near("PageTables", field("PageTables") - before, 1024 * 4);
	must(munmap(memory, length));
	expect(field("PageTables") - before < 1024);
}

static void slabs(void)
{
	long before = field("SReclaimable"), change;
	char name[20];

	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		must(close(must(open(name, O_CREAT | O_EXCL, 0600))));
	}
	change = field("SReclaimable") - before;
	/* Names; the files themselves have no other home. */
	if (change < FILES * 128 / 1024 || change > FILES * 4)
		broken("SReclaimable changes by %ld kB for %d files", change, FILES);
	expect_eq(seen("Slab"), seen("SReclaimable") + seen("SUnreclaim"));
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		must(unlink(name));
	}
	must_fail(access("f0", F_OK), ENOENT);
	say("Slab, SReclaimable, SUnreclaim");
}

static pthread_barrier_t barrier;

static void *stay(void *unused)
{
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return unused;
}

static void stacks(void)
{
	pthread_t threads[THREADS];
	long before = field("KernelStack"), change;

	pthread_barrier_init(&barrier, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		must(pthread_create(&threads[i], NULL, stay, NULL));
	pthread_barrier_wait(&barrier);
	change = field("KernelStack") - before;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	if (change < THREADS * 8)
		broken("KernelStack changes by %ld kB for %d threads", change, THREADS);
	say("KernelStack");
}

int main(void)
{
	meminfo_look();
	expect_eq(seen("Active"), seen("Active(anon)") + seen("Active(file)"));
	expect_eq(seen("Inactive"), seen("Inactive(anon)") + seen("Inactive(file)"));
	expect(seen("Buffers") >= 0 && seen("SwapFree") <= seen("SwapTotal"));
	stacks();
	anonymous();
	shared();
	tables();
	slabs();
	return 0;
}
