/* The CPUID instruction (SDM vol. 2A). */
#pragma once

#include <lib/compiler.h>

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

/* Leaves above the highest of their range return other leaves' data: test cpuid_max first. */
static inline struct cpuid cpuid_read(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "0"(leaf), "2"(subleaf));
	return r;
}

#define CPUID_EXTENDED 0x80000000u
#define CPUID_HYPERVISOR 0x40000000u

/* Highest leaf of a range: 0, CPUID_EXTENDED or CPUID_HYPERVISOR. */
static inline u32 cpuid_max(u32 range)
{
	return cpuid_read(range, 0).eax;
}
