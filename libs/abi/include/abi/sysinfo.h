/* sysinfo. */
#pragma once

#define SI_LOAD_SHIFT 16

struct abi_sysinfo {
	long uptime;
	unsigned long loads[3];
	unsigned long totalram;
	unsigned long freeram;
	unsigned long sharedram;
	unsigned long bufferram;
	unsigned long totalswap;
	unsigned long freeswap;
	unsigned short procs;
	unsigned short pad;
	unsigned long totalhigh;
	unsigned long freehigh;
	unsigned int mem_unit;
};
_Static_assert(sizeof(struct abi_sysinfo) == 112, "abi_sysinfo");
