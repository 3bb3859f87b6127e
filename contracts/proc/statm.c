/*
 * statm.c - statm counts pages: all, resident, of files, code and data; it agrees with status and maps and follows what is touched.
 * mutants: mmap(length:0x800000)=prot=1 mmap(length:0x800000)#2=flags=0x22 munmap=0 openat#2=ENOENT read=fill(buffer,4)
 */
#include "whole_text.h"

#define PAGES 2048L
/* Linux counts what is resident by tasks and CPUs, and adds that up now and then. */
#define SLACK 512

struct statm {
	long size, resident, shared, text, lib, data, dirty;
};

static struct statm now(void)
{
	struct statm s;

	expect_eq(sscanf(whole_text("/proc/self/statm"), "%ld %ld %ld %ld %ld %ld %ld\n", &s.size,
			 &s.resident, &s.shared, &s.text, &s.lib, &s.data, &s.dirty),
		  7);
	return s;
}

static long status(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	expect(line != NULL);
	return atol(line + strlen(name)) / 4;
}

static bool near(long a, long b)
{
	return labs(a - b) <= SLACK;
}

static void agree(void)
{
	struct statm s = now();
	const char *text = whole_text("/proc/self/status");
	unsigned long start, end;
	long pages = 0;

	expect_eq(s.size, status(text, "VmSize:"));
	expect_eq(s.data, status(text, "VmData:") + status(text, "VmStk:"));
	expect(near(s.resident, status(text, "VmRSS:")));
	expect(near(s.shared, status(text, "RssFile:") + status(text, "RssShmem:")));
	expect(s.text == status(text, "VmExe:") && s.text > 0);
	expect(s.lib == 0 && s.dirty == 0);
	text = whole_text("/proc/self/maps");
	while (sscanf(text, "%lx-%lx", &start, &end) == 2) {
		const char *line_end = strchr(text, '\n');

		if (!memmem(text, line_end - text, "[vsyscall]", 10))
			pages += (end - start) / PAGE;
		text = line_end + 1;
	}
	expect_eq(pages, s.size);
}

static void moved(struct statm from, long size, long resident, long shared, long data)
{
	struct statm to = now();

	expect_eq(to.size - from.size, size);
	if (!near(to.resident - from.resident, resident))
		broken("%ld pages became resident, not %ld", to.resident - from.resident, resident);
	expect(near(to.shared - from.shared, shared));
	expect_eq(to.data - from.data, data);
	expect_eq(to.text, from.text);
}

static char *map(int prot, int flags)
{
	return must(mmap(NULL, PAGES * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0));
}

int main(void)
{
	struct statm before;
	char *private, *shared;

	agree();
	before = now();
	private = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
	(void)madvise(private, PAGES * PAGE,
		      MADV_NOHUGEPAGE); /* or touching one page may make 512 resident */
	moved(before, PAGES, 0, 0, PAGES);
	memset(private, 1, PAGES * PAGE / 2);
	moved(before, PAGES, PAGES / 2, 0, PAGES);
	shared = map(PROT_READ | PROT_WRITE, MAP_SHARED);
	moved(before, 2 * PAGES, PAGES / 2, 0, PAGES);
	memset(shared, 1, PAGES * PAGE);
	moved(before, 2 * PAGES, PAGES / 2 + PAGES, PAGES, PAGES);
	must(mprotect(private, PAGES * PAGE, PROT_READ));
	moved(before, 2 * PAGES, PAGES / 2 + PAGES, PAGES, 0);
	agree();
	must(munmap(private, PAGES * PAGE));
	must(munmap(shared, PAGES * PAGE));
	moved(before, 0, 0, 0, 0);
	agree();
	say("size, resident, shared, code and data, as told elsewhere");
	return 0;
}
