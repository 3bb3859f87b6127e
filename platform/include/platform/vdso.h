/*
 * The vDSO: code that each process finds mapped, which reads the clocks without a system call. It is a shared object of its
 * own (platform/x86_64/vdso/), linked into the kernel as bytes, and finds struct vdso_data in the page in front of it.
 */
#pragma once

#include <lib/types.h>

#define VDSO_CLOCKS 12

/*
 * What the vDSO knows. Each clock has one word that ever changes, so a reader needs neither lock nor sequence count:
 * ns = ((tsc - base_tsc) * mult >> shift) + offset_ns[clock], the same arithmetic as clock_ns.
 */
struct vdso_data {
	u64 base_tsc; /* [I] */
	u64 mult; /* [I] below 2^32 */
	u32 shift; /* [I] */
	u32 clocks; /* [I] bit n: clock id n can be read here; 0: the kernel's clock is not the TSC */
	u64 offset_ns[VDSO_CLOCKS]; /* [A] */
};

extern const u8 vdso_image_start[], vdso_image_end[]; /* freed after boot */
