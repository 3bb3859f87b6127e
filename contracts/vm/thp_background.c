/*
 * thp_background.c - small pages of memory with MADV_HUGEPAGE become 2 MiB pages in the background, where not more than
 * max_ptes_none are missing, and keep their content; other memory is left alone, and it is counted.
 * mutants: madvise(advice:14)=0 madvise(advice:14)#2+=0 madvise(advice:MADV_DONTNEED)=0
 */
#include "thp.h"

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"
#define BLOCKS 3

/* Small pages, whatever the mode. */
static unsigned char *small_blocks(unsigned int salt)
{
	unsigned char *at = thp_map_plain(BLOCKS);

	must(madvise(at, BLOCKS * HUGE, MADV_NOHUGEPAGE));
	pages_fill(at, BLOCKS * 512, salt);
	return at;
}

static long count(const char *path)
{
	char text[32] = "";
	int fd = must(open(path, O_RDONLY));

	must(read(fd, text, sizeof(text) - 1));
	close(fd);
	return atol(text);
}

static long vmstat(const char *name)
{
	const size_t length = strlen(name);
	FILE *file = fopen("/proc/vmstat", "r");
	long found = -1;
	char line[128];

	expect(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, name, length) && line[length] == ' ')
			found = atol(line + length);
	fclose(file);
	return found;
}

static void wait_for_kb(const unsigned char *at, long kb)
{
	long long end = now_ns() + 10 * 1000000000LL;
	long now;

	while ((now = thp_kb(at, BLOCKS * HUGE)) < kb && now_ns() < end)
		sleep_ms(1);
	expect_eq(now, kb);
}

static void wait_for_count(const char *path, long at_least)
{
	long long end = now_ns() + 10 * 1000000000LL;

	while (count(path) < at_least && now_ns() < end)
		sleep_ms(1);
	expect(count(path) >= at_least);
}

/* All that is to be collapsed is, if it was there when this begins. */
static void wait_for_scan(void)
{
	wait_for_count(KHUGEPAGED "full_scans", count(KHUGEPAGED "full_scans") + 2);
}

static void settings(void)
{
	thp_on();
	thp_set(KHUGEPAGED "pages_to_scan", "100000");
	thp_set(KHUGEPAGED "alloc_sleep_millisecs", "2\n");
	thp_set(KHUGEPAGED "scan_sleep_millisecs", "2");
	expect_eq(count(KHUGEPAGED "scan_sleep_millisecs"), 2);
}

static void refuse_settings(void)
{
	int pages = must(open(KHUGEPAGED "pages_to_scan", O_WRONLY)),
	    none = must(open(KHUGEPAGED "max_ptes_none", O_WRONLY));

	must_fail(write(pages, "0", 1), EINVAL);
	must_fail(write(pages, "many", 4), EINVAL);
	must_fail(write(none, "512", 3), EINVAL);
	must_fail(write(none, "-1", 2), EINVAL);
	close(pages);
	close(none);
}

static void all(void)
{
	unsigned char *at = small_blocks(1), *small = small_blocks(2);
	long collapsed = count(KHUGEPAGED "pages_collapsed"), taken = vmstat("thp_collapse_alloc");

	expect_eq(thp_kb(at, BLOCKS * HUGE), 0);
	must(madvise(at, BLOCKS * HUGE, MADV_HUGEPAGE));
	wait_for_kb(at, BLOCKS * HUGE_KB);
	pages_check(at, BLOCKS * 512, 1);
	wait_for_count(KHUGEPAGED "pages_collapsed", collapsed + BLOCKS);
	expect(vmstat("thp_collapse_alloc") >= taken + BLOCKS);
	expect_eq(thp_kb(small, BLOCKS * HUGE), 0);
	pages_check(small, BLOCKS * 512, 2);
	must(munmap(at, BLOCKS * HUGE));
	must(munmap(small, BLOCKS * HUGE));
}

static void enough(void)
{
	unsigned char *at = small_blocks(3);

	must(madvise(at + HUGE + 9 * PAGE, PAGE, MADV_DONTNEED));
	thp_set(KHUGEPAGED "max_ptes_none", "0");
	must(madvise(at, BLOCKS * HUGE, MADV_HUGEPAGE));
	wait_for_kb(at, (BLOCKS - 1) * HUGE_KB);
	wait_for_scan();
	expect_eq(thp_kb(at, BLOCKS * HUGE), (BLOCKS - 1) * HUGE_KB);
	thp_set(KHUGEPAGED "max_ptes_none", "1");
	wait_for_kb(at, BLOCKS * HUGE_KB);
	pages_check(at, 512 + 9, 3);
	pages_check_zero(at + HUGE + 9 * PAGE, 1);
	pages_check(at + HUGE + 10 * PAGE, (BLOCKS - 1) * 512 - 10, 3 + 512 + 10);
	must(munmap(at, BLOCKS * HUGE));
}

int main(void)
{
	settings();
	refuse_settings();
	all();
	say("small pages become 2 MiB pages after a while, where that is wanted");
	enough();
	say("with as many missing as max_ptes_none says");
	return 0;
}
