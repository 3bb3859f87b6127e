/* What the parts of the platform call in each other while the machine starts. */
#pragma once

#include <lib/compiler.h>
#include <platform/page_table.h>

/*
 * One line "aramid: ..." on the serial console and the screen; then an exit status if the command line asks for it with
 * `debugexit`, or power off, or a halt.
 */
__noreturn void boot_fail(const char *format, ...) __printf(1, 2) __cold;

/*
 * The value of the last word `name=value` of the command line: its length, and *value points into it; -1 if there is none.
 * A word without '=' has an empty value. Words behind "--" are init's.
 */
ssize_t boot_option(const char *name, const char **value);
bool boot_option_is(const char *name, const char *value);

/* features.c: boot CPU, first of all; stops if something that we cannot do without is missing. */
void cpu_features_init(void);
/* Control registers and MSRs of the running CPU as cpu_features says; each CPU once, before traps_init. */
void cpu_init_this(void);
/* fpu.c: part of it. */
void fpu_init_this(void);
/* traps: marks the CPU as stopped and halts it for good. Handler of VECTOR_IPI_STOP. */
__noreturn void cpu_stop_this(void);

/* Blocks end below `limit`: what the page tables of the moment map. */
void boot_memory_limit_set(u64 limit);
/* Sum of the usable ranges, bytes. */
u64 boot_memory_usable(void);

/* console_early.c: before and after kernel_map_init, which moves the screen. */
void vga_text_init(void);

/* kernel_map.c: the final page tables, and CR3. */
void kernel_map_init(void);
void pte_protections_init(void);
/* Registers [at, at + size), uncached; never unmapped. Boot CPU, before the kernel runs. */
void *device_map(u64 at, size_t size);
/* A firmware table, wherever it is, in the direct map, read-only. NULL if the range makes no sense. Boot CPU. */
const void *firmware_map(u64 at, size_t size);
/* page_table.c: kernel_map with entries of at most this level. */
int kernel_map_pages(u64 address, paddr_t to, size_t size, u64 bits, enum memory_type type,
		     unsigned int highest_level);
/* Takes bits from the entries of a range, which has been mapped as 4 KiB pages. The caller flushes. */
void kernel_unset(u64 address, size_t size, u64 bits);
bool kernel_mapped(u64 address);
/* The page at `at` also at its physical address, executable: for CPUs that switch paging on there. 0 or -ENOMEM. */
int identity_map(u64 at);
void identity_unmap(void);

/*
 * syscall_probe.c: an address space with one page, at 0x1000, readable and executable by user mode. Boot memory, which is not
 * given back.
 */
void probe_space_make(struct page_root *root, void *page);

/* clock.c: two CPUs' counters do not agree. The clock goes on without them, if it can. */
void clock_tsc_distrust(void);

/* percpu.c: CPU number to local APIC id. */
u32 cpu_apic_id(unsigned int cpu);
void cpu_set_online(unsigned int cpu, bool online);
/* smp.c: takes the page below 1 MiB that other CPUs start in. Boot memory is still there. */
void smp_init(void);
