/* The code and data that every process finds mapped, to read the clocks without a system call. */
#pragma once

#include <lib/types.h>

struct mm;

#define VDSO_ROOM (2 * 4096UL) /* what is kept free for it above the stack */

/* After the clocks are known, while the image is in memory. */
void vdso_init(void);
/* Maps data and code in a fresh mm, at `address` if that is free; sets mm->vdso. 0 or -ENOMEM. */
int vdso_map(struct mm *mm, u64 address);
/* CLOCK_REALTIME was set. Before vdso_init: nothing. */
void vdso_set_realtime(u64 offset_ns);
