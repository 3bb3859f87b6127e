/* Things that other folders ask of kernel/init: the name of the kernel. */
#pragma once

#include <lib/compiler.h>

extern const char kernel_release[]; /* "0.1.0-aramid-balanced": uname -r */
extern const char kernel_version[]; /* "#1 SMP ...": uname -v, the same for the same source */
extern const char kernel_banner[]; /* /proc/version */
u64 boot_realtime_ns(void);
/* What /proc/<..> says of system calls that do not exist: number -> count is kept for the first 512 numbers. */
struct seq_file;
void syscall_show_unknown(struct seq_file *out);
void kunit_run(void); /* KERNEL_TESTS: all in-kernel tests */
void floor_report(void); /* FLOOR_PROBE: before the code of the start is given back */
void printk_wake_init(void); /* work threads run: readers of the log may be woken */
