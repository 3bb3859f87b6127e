/*
 * meminfo.c - /proc/meminfo names the figures that free(1) reads, they add up, and free memory falls on use.
 * mutants: sysinfo=0 read=0 read=fill(buffer,4) sysinfo=fill(info,112)
 */
#include "meminfo.h"
#include <sys/sysinfo.h>

#define SIZE (24UL << 20)

static long field(const char *name)
{
	const char *unit;
	long value;

	meminfo_look();
	value = meminfo_seen(name, &unit);
	expect(!strncmp(unit, " kB\n", 4));
	return value;
}

int main(void)
{
	static const char *const names[] = {
		"MemTotal",  "MemFree",	 "MemAvailable", "Buffers",	 "Cached",
		"SwapTotal", "SwapFree", "Shmem",	 "SReclaimable",
	};
	struct sysinfo info;
	long before, after;
	char *memory;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		expect(field(names[i]) >= 0);
	expect(field("MemTotal") > field("MemFree") && field("MemFree") > 0);
	must(sysinfo(&info));
	expect_eq((long)(info.totalram * info.mem_unit / 1024), field("MemTotal"));
	before = field("MemFree");
	memory = map_anon(SIZE);
	memset(memory, 1, SIZE);
	after = field("MemFree");
	expect(before - after > (long)(SIZE / 1024) * 3 / 4);
	must(munmap(memory, SIZE));
	expect(field("MemFree") - after > (long)(SIZE / 1024) * 3 / 4);
	say("nine fields; 24 MiB taken and given back are seen");
	return 0;
}
