/* thp.h - memory that may be mapped by 2 MiB pages, and how much of it is. */
#pragma once

#include "contract.h"
#include "smaps.h"

#include <sys/mount.h>
#include <sys/resource.h>

#define HUGE (512 * PAGE)
#define HUGE_KB (HUGE / 1024)
#define THP_ENABLED "/sys/kernel/mm/transparent_hugepage/enabled"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static inline void thp_mount(void)
{
	if (access(THP_ENABLED, R_OK)) {
		(void)mkdir("/sys", 0755);
		must(mount("sysfs", "/sys", "sysfs", 0, NULL));
	}
}

static inline void thp_set(const char *path, const char *value)
{
	int fd = must(open(path, O_WRONLY));

	expect_eq(write(fd, value, strlen(value)), strlen(value));
	close(fd);
}

/* Where it is switched off, MADV_HUGEPAGE shall have an effect. (Linux does so by itself on small machines.) */
static inline void thp_on(void)
{
	char text[64] = "";
	int fd;

	thp_mount();
	fd = must(open(THP_ENABLED, O_RDONLY));
	must(read(fd, text, sizeof(text) - 1));
	close(fd);
	if (strstr(text, "[never]"))
		thp_set(THP_ENABLED, "madvise");
}

/* `count` aligned blocks of 2 MiB, and nothing mapped beside them. */
static inline unsigned char *thp_map_plain(size_t count)
{
	unsigned char *all = must(mmap(NULL, (count + 2) * HUGE, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)),
		      *at = (unsigned char *)(((uintptr_t)all + HUGE) & ~(HUGE - 1));

	must(munmap(all, (count + 2) * HUGE));
	must(mmap(at, count * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		  -1, 0));
	return at;
}

/* The same with the advice. */
static inline unsigned char *thp_map(size_t count)
{
	unsigned char *at = thp_map_plain(count);

	must(madvise(at, count * HUGE, MADV_HUGEPAGE));
	return at;
}

/* KiB that 2 MiB pages have in the mappings that begin in [at, at + length). */
static inline long thp_kb(const void *at, size_t length)
{
	return smaps_kb(at, length, "AnonHugePages");
}

static inline long minor_faults(void)
{
	struct rusage usage;

	must(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt;
}

/* Each page says which it is, at its start and its end. */
static inline void pages_fill(unsigned char *at, unsigned int count, unsigned int salt)
{
	for (unsigned int i = 0; i < count; i++) {
		*(uint32_t *)(at + i * PAGE) = salt + i;
		*(uint32_t *)(at + (i + 1) * PAGE - 4) = ~(salt + i);
	}
}

static inline void pages_check(const unsigned char *at, unsigned int count, unsigned int salt)
{
	for (unsigned int i = 0; i < count; i++) {
		if (*(const uint32_t *)(at + i * PAGE) != salt + i ||
		    *(const uint32_t *)(at + (i + 1) * PAGE - 4) != ~(salt + i))
			broken("page %u is not what was written", i);
	}
}

static inline void pages_check_zero(const unsigned char *at, unsigned int count)
{
	for (size_t i = 0; i < count * PAGE; i += 8)
		if (*(const uint64_t *)(at + i))
			broken("byte %zu is not zero", i);
}
