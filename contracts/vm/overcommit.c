/*
 * overcommit.c - overcommit_memory says what mmap promises, Committed_AS what it has promised, and both may be limited.
 * mutants: mmap(length:0x4000000)#2=ENOMEM mmap(length:0x1000000000)=ENOMEM mmap(length:0x4000000)#1=0 munmap#1=0 mprotect=0
 * mutants: pwrite64#1=0 pwrite64#2=0 pwrite64#3=0 pwrite64#4=0 pwrite64#5=0 setresuid=0
 */
#include "contract.h"

#define MEMORY "/proc/sys/vm/overcommit_memory"
#define RATIO "/proc/sys/vm/overcommit_ratio"
#define KBYTES "/proc/sys/vm/overcommit_kbytes"
#define PART (64UL << 20)
#define HUGE (64UL << 30) /* more than there is */

static long setting(const char *path)
{
	char text[32] = "";
	int fd = must(open(path, O_RDONLY));

	must(read(fd, text, sizeof(text) - 1));
	must(close(fd));
	return atol(text);
}

static void set(const char *path, long value)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%ld\n", value);
	int fd = must(open(path, O_WRONLY));

	expect_eq(pwrite(fd, text, size, 0), size);
	must(close(fd));
}

/* Bytes. */
static long meminfo(const char *name)
{
	static char text[8192];
	int fd = must(open("/proc/meminfo", O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));
	char *line;

	text[size] = 0;
	must(close(fd));
	line = strstr(text, name);
	expect(line != NULL);
	return atol(line + strlen(name)) << 10;
}

#define committed() meminfo("Committed_AS:")

static char *map(size_t size, int prot, int flags)
{
	return mmap(NULL, size, prot, MAP_ANONYMOUS | flags, -1, 0);
}

#define RW (PROT_READ | PROT_WRITE)

static void counting(void)
{
	long before = committed();
	char *at = must(map(PART, RW, MAP_PRIVATE)), *shared, *read_only;
	pid_t child;

	expect_eq(committed() - before, PART);
	child = fork_child();
	if (!child) {
		expect(committed() - before >= 2 * (long)PART);
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(committed() - before, PART);
	must(munmap(at, PART));
	expect_eq(committed(), before);
	shared = must(map(PART, RW, MAP_SHARED));
	expect_eq(committed() - before, PART);
	must(munmap(shared, PART));
	while (committed() != before) /* the file behind it may take its time */
		sleep_ms(1);
	at = must(map(PART, RW, MAP_PRIVATE | MAP_NORESERVE));
	read_only = must(map(PART, PROT_READ, MAP_PRIVATE));
	expect_eq(committed(), before);
	must(mprotect(read_only, PART / 2, RW));
	expect_eq(committed() - before, PART / 2);
	must(munmap(read_only, PART));
	must(munmap(at, PART));
	expect_eq(committed(), before);
}

/* Room for one part and a half is left. */
static void never(void)
{
	char *at, *read_only;
	pid_t child;

	set(KBYTES, (committed() + PART + PART / 2) >> 10);
	expect_eq(setting(RATIO), 0);
	expect_eq(meminfo("CommitLimit:") >> 10, setting(KBYTES));
	set(MEMORY, 2);
	at = must(map(PART, RW, MAP_PRIVATE));
	must_fail(map(PART, RW, MAP_PRIVATE), ENOMEM);
	must_fail(map(PART, RW, MAP_SHARED), ENOMEM);
	must_fail(map(PART, RW, MAP_PRIVATE | MAP_NORESERVE), ENOMEM);
	must_fail(mremap(at, PART, 2 * PART, MREMAP_MAYMOVE), ENOMEM);
	must_fail(fork(), ENOMEM);
	read_only = must(map(PART, PROT_READ, MAP_PRIVATE));
	must_fail(mprotect(read_only, PART, RW), ENOMEM);
	must(madvise(at, PART, MADV_DONTFORK));
	child = fork_child();
	if (!child) {
		must(setresuid(65534, 65534, 65534));
		must_fail(map(PART / 2 - PART / 8, RW, MAP_PRIVATE), ENOMEM);
		_exit(0);
	}
	expect_exit(child, 0);
	must(munmap(map(PART / 2 - PART / 8, RW, MAP_PRIVATE), PART / 2 - PART / 8));
	must(munmap(at, PART));
	must(munmap(map(PART, RW, MAP_PRIVATE | MAP_NORESERVE), PART));
	set(RATIO, 0);
	expect_eq(setting(KBYTES), 0);
	expect_eq(meminfo("CommitLimit:"), 0);
	must_fail(map(PAGE, RW, MAP_PRIVATE), ENOMEM);
	set(RATIO, 400);
	must(munmap(map(PART, RW, MAP_PRIVATE), PART));
	must_fail(map(HUGE, RW, MAP_PRIVATE), ENOMEM);
	set(MEMORY, 0);
}

static void modes(void)
{
	size_t most = meminfo("MemTotal:") / 2 & -PAGE;

	must_fail(map(HUGE, RW, MAP_PRIVATE), ENOMEM);
	must(munmap(map(HUGE, RW, MAP_PRIVATE | MAP_NORESERVE), HUGE));
	must(munmap(map(most, RW, MAP_PRIVATE), most));
	say("0: all that could ever be kept, or that nobody asks to be kept");
	set(MEMORY, 1);
	must(munmap(must(map(HUGE, RW, MAP_PRIVATE)), HUGE));
	set(MEMORY, 0);
	say("1: everything");
	counting();
	never();
	say("2: no more than the limit, which Committed_AS counts up to");
}

int main(void)
{
	long memory = setting(MEMORY), ratio = setting(RATIO), kbytes = setting(KBYTES);
	pid_t child = fork_child();
	int status;

	if (!child) {
		set(MEMORY, 0);
		modes();
		_exit(0);
	}
	status = child_status(child);
	set(MEMORY, memory);
	set(RATIO, ratio);
	if (kbytes)
		set(KBYTES, kbytes);
	expect_eq(status, 0);
	return 0;
}
