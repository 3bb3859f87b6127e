/*
 * vdso.c - the clocks can be read in user mode: the object in the auxiliary vector, its functions, its mappings.
 * mutants: mremap=EFAULT munmap=0 mprotect=0 openat=ENOENT
 */
#include "contract.h"
#include "spec.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>

static const char *image;
static const Elf64_Sym *symbols;
static const char *strings;
static const Elf64_Half *versions;
static const Elf64_Verdef *definitions;
static size_t symbol_count;

/* Everything in the image is given relative to its first segment's address. */
static void parse(void)
{
	const Elf64_Ehdr *header = (const void *)image;
	const Elf64_Phdr *segment = (const void *)(image + header->e_phoff);
	const Elf64_Dyn *dynamic = NULL;
	const char *base = NULL;

	expect(!memcmp(header->e_ident, ELFMAG, SELFMAG));
	expect_eq(header->e_type, ET_DYN);
	for (int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD)
			base = image + segment[i].p_offset - segment[i].p_vaddr;
		if (segment[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(image + segment[i].p_offset);
	}
	expect(base && dynamic);
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		const void *at = base + dynamic->d_un.d_ptr;

		if (dynamic->d_tag == DT_SYMTAB)
			symbols = at;
		else if (dynamic->d_tag == DT_STRTAB)
			strings = at;
		else if (dynamic->d_tag == DT_VERSYM)
			versions = at;
		else if (dynamic->d_tag == DT_VERDEF)
			definitions = at;
		else if (dynamic->d_tag == DT_HASH)
			symbol_count = ((const uint32_t *)at)[1];
		else if (dynamic->d_tag == DT_SONAME)
			base = image;
	}
	expect(symbols && strings && versions && definitions);
}

static const char *version_name(int index)
{
	const Elf64_Verdef *definition = definitions;

	while ((definition->vd_ndx & 0x7fff) != index && definition->vd_next)
		definition = (const void *)((const char *)definition + definition->vd_next);
	return strings +
	       ((const Elf64_Verdaux *)((const char *)definition + definition->vd_aux))->vda_name;
}

static void *find(const char *name)
{
	for (size_t i = 1; i < (symbol_count ? symbol_count : 64); i++) {
		if (strcmp(strings + symbols[i].st_name, name) || !symbols[i].st_value)
			continue;
		say("%s %s", name, version_name(versions[i] & 0x7fff));
		return (void *)(image + symbols[i].st_value);
	}
	broken("no %s", name);
}

static int (*gettime)(clockid_t, struct timespec *);
static int (*getres)(clockid_t, struct timespec *);
static int (*timeofday)(struct timeval *, struct timezone *);
static time_t (*seconds)(time_t *);
static int (*cpu_number)(unsigned int *, unsigned int *, void *);

/* Between two readings by system call. */
static void agree(clockid_t clock)
{
	struct timespec before, now, after;

	must(syscall(SYS_clock_gettime, clock, &before));
	expect_eq(gettime(clock, &now), 0);
	must(syscall(SYS_clock_gettime, clock, &after));
	expect(ns_of(before) <= ns_of(now) && ns_of(now) <= ns_of(after));
	expect(now.tv_nsec >= 0 && now.tv_nsec < 1000000000);
}

static void functions(void)
{
	static const clockid_t clocks[] = { CLOCK_REALTIME,
					    CLOCK_MONOTONIC,
					    CLOCK_MONOTONIC_RAW,
					    CLOCK_BOOTTIME,
					    CLOCK_TAI,
					    CLOCK_REALTIME_COARSE,
					    CLOCK_MONOTONIC_COARSE,
					    CLOCK_PROCESS_CPUTIME_ID,
					    CLOCK_THREAD_CPUTIME_ID };
	struct timespec now;
	struct timezone zone = { 7, 7 };
	struct timeval tv;
	unsigned int cpu = 77, node = 77;
	time_t stored = 0;
	cpu_set_t one;

	for (int round = 0; round < 100; round++)
		for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
			agree(clocks[i]);
	expect_eq(gettime(-1000, &now), -EINVAL);
	expect_eq(gettime(12345, &now), -EINVAL);
	expect_eq(getres(12345, &now), -EINVAL);
	expect_eq(getres(CLOCK_MONOTONIC, NULL), 0);
	expect_eq(getres(CLOCK_REALTIME, &now), 0);
	say("resolution %lld ns", ns_of(now));
	expect_eq(getres(CLOCK_MONOTONIC_COARSE, &now), 0);
	expect(ns_of(now) >= 1000000);
	expect_eq(gettime(CLOCK_REALTIME, &now), 0);
	expect_eq(timeofday(&tv, &zone), 0);
	expect(tv.tv_sec * 1000000LL + tv.tv_usec >= ns_of(now) / 1000);
	expect(tv.tv_sec - now.tv_sec < 10);
	expect_eq(zone.tz_minuteswest, 0);
	expect_eq(timeofday(NULL, NULL), 0);
	expect_eq(seconds(&stored), stored);
	expect(stored >= tv.tv_sec - 1 && stored - tv.tv_sec < 10);
	for (int i = 0; i < 4; i++) {
		CPU_ZERO(&one);
		CPU_SET(i, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			break;
		expect_eq(cpu_number(&cpu, &node, NULL), 0);
		expect_eq(cpu, i);
		expect_eq(node, 0);
	}
	expect_eq(cpu_number(NULL, NULL, NULL), 0);
}

static void increases(void)
{
	struct timespec last, now;

	gettime(CLOCK_MONOTONIC, &last);
	for (int i = 0; i < 1000; i++) {
		for (int loop = 0; loop < 50; loop++)
			__asm__ volatile("" ::: "memory");
		gettime(CLOCK_MONOTONIC, &now);
		expect(ns_of(now) > ns_of(last));
		last = now;
	}
}

/* [start, end) of a line of the map that ends in that name; its permissions. */
static void mapping(const char *name, unsigned long *start, unsigned long *end, char *permissions)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	expect(maps);
	*start = 0;
	while (fgets(line, sizeof(line), maps)) {
		line[strcspn(line, "\n")] = 0;
		if (strlen(line) > strlen(name) && !strcmp(line + strlen(line) - strlen(name), name))
			expect_eq(sscanf(line, "%lx-%lx %4s", start, end, permissions), 3);
	}
	fclose(maps);
}

static void mappings(void)
{
	unsigned long data, data_end, code, code_end, size;
	char permissions[8];
	char *to;
	pid_t child;
	struct timespec now;

	mapping("[vvar]", &data, &data_end, permissions);
	say("[vvar] %s", permissions);
	mapping("[vdso]", &code, &code_end, permissions);
	say("[vdso] %s", permissions);
	expect_eq(code, (unsigned long)image);
	expect_eq(data_end, code);
	must_fail(mprotect((void *)data, data_end - data, PROT_READ | PROT_WRITE), EACCES);
	must_fail(mremap((void *)code, code_end - code, 16 * PAGE, MREMAP_MAYMOVE), EFAULT);
	child = fork_child();
	if (!child) {
		agree(CLOCK_MONOTONIC);
		increases();
		_exit(0);
	}
	expect_exit(child, 0);
	/* Both can go elsewhere, side by side. */
	size = code_end - data;
	to = must(mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	must(mremap((void *)data, data_end - data, data_end - data, MREMAP_MAYMOVE | MREMAP_FIXED,
		    to));
	must(mremap((void *)code, code_end - code, code_end - code, MREMAP_MAYMOVE | MREMAP_FIXED,
		    to + (code - data)));
	gettime = (void *)((char *)gettime - (char *)code + to + (code - data));
	agree(CLOCK_MONOTONIC);
	agree(CLOCK_REALTIME);
	mapping("[vdso]", &code, &code_end, permissions);
	expect_eq(code_end, (unsigned long)to + size);
	must(munmap(to, size));
	mapping("[vdso]", &code, &code_end, permissions);
	expect_eq(code, 0);
	must(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
}

int main(void)
{
	image = (const char *)getauxval(AT_SYSINFO_EHDR);
	expect(image);
	parse();
	gettime = find("__vdso_clock_gettime");
	getres = find("__vdso_clock_getres");
	timeofday = find("__vdso_gettimeofday");
	seconds = find("__vdso_time");
	cpu_number = find("__vdso_getcpu");
	find("clock_gettime");
	functions();
	increases();
	mappings();
	return 0;
}
