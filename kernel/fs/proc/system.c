/* Entries of /proc about the system as a whole: memory, time, tasks, what the kernel is and has. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/utsname.h>
#include <kernel/dev.h>
#include <kernel/event.h>
#include <kernel/init.h>
#include <kernel/namespaces.h>
#include <kernel/page.h>
#include <kernel/page_cache.h>
#include <kernel/param.h>
#include <kernel/printk.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/time.h>
#include <kernel/vm.h>
#include <kernel/vmap.h>
#include <platform/cpu.h>
#include <platform/symbols.h>
#include <platform/tlb.h>

#define KIB_PER_PAGE (PAGE_SIZE / KIB)
#define HUGE_PAGES (HUGE_PAGE_SIZE >> PAGE_SHIFT)
#define TICK_NS (NSEC_PER_SEC / USER_HZ)
#define LOAD_SHIFT 11 /* of the load average's fixed point */

typedef unsigned long long ull;

#define SYSTEM_SHOW(name) static int name##_show(struct seq_file *out, void *data)

/* --- Memory ---------------------------------------------------------------------------------------------------------------- */

static void memory_line(struct seq_file *out, const char *name, u64 pages)
{
	seq_printf(out, "%-15s %8llu kB\n", name, (ull)pages * KIB_PER_PAGE);
}

/* What a new program could have: free pages, and clean file pages, which can be dropped. */
static u64 pages_available(const struct page_counts *counts)
{
	return counts->free + (counts->cached > counts->shmem ? counts->cached - counts->shmem : 0);
}

/*
 * What cannot be dropped is called active, for there are no lists of pages by age; the sums are Linux's. Mapped, Mlocked,
 * Unevictable and VmallocUsed are not told: nobody counts them, since the page fault would have to.
 */
SYSTEM_SHOW(meminfo)
{
	u64 file_pages, reclaimable = slab_pages_reclaimable();
	struct page_counts c;

	(void)data;
	page_counts_read(&c);
	file_pages = c.cached > c.shmem ? c.cached - c.shmem : 0;
	memory_line(out, "MemTotal:", c.total);
	memory_line(out, "MemFree:", c.free);
	memory_line(out, "MemAvailable:", pages_available(&c));
	memory_line(out, "Buffers:", 0);
	memory_line(out, "Cached:", c.cached);
	memory_line(out, "SwapCached:", 0);
	memory_line(out, "Active:", c.anon + c.shmem);
	memory_line(out, "Inactive:", file_pages);
	memory_line(out, "Active(anon):", c.anon + c.shmem);
	memory_line(out, "Inactive(anon):", 0);
	memory_line(out, "Active(file):", 0);
	memory_line(out, "Inactive(file):", file_pages);
	memory_line(out, "SwapTotal:", 0);
	memory_line(out, "SwapFree:", 0);
	memory_line(out, "Dirty:", c.dirty);
	memory_line(out, "Writeback:", 0);
	memory_line(out, "AnonPages:", c.anon);
	memory_line(out, "Shmem:", c.shmem);
	memory_line(out, "KReclaimable:", reclaimable);
	memory_line(out, "Slab:", c.slab);
	memory_line(out, "SReclaimable:", reclaimable);
	memory_line(out, "SUnreclaim:", c.slab - MIN(reclaimable, c.slab));
	seq_printf(out, "KernelStack:    %8llu kB\n",
		   (ull)vmap_stack_count() * (KERNEL_STACK_SIZE / KIB));
	memory_line(out, "PageTables:", c.page_tables);
	memory_line(out, "NFS_Unstable:", 0);
	memory_line(out, "Bounce:", 0);
	memory_line(out, "WritebackTmp:", 0);
	memory_line(out, "CommitLimit:", vm_commit_limit());
	memory_line(out, "Committed_AS:", vm_committed_pages());
	seq_printf(out, "VmallocTotal:   %8llu kB\n", (ull)VMAP_SIZE / KIB);
	memory_line(out, "VmallocChunk:", 0);
	memory_line(out, "AnonHugePages:", vm_huge_pages());
	memory_line(out, "ShmemHugePages:", vm_shmem_huge_pages());
	memory_line(out, "ShmemPmdMapped:", vm_shmem_huge_mapped());
	return 0;
}

#define EVENT_NAME(symbol, name) [EVENT_##symbol] = (name),

/* Linux's lines that have a meaning here, then our own. */
SYSTEM_SHOW(vmstat)
{
	static const char *const names[EVENT_COUNT] = { EVENT_LIST(EVENT_NAME) };
	u64 reclaimable = slab_pages_reclaimable();
	struct tlb_counts tlb;
	struct page_counts c;

	(void)data;
	page_counts_read(&c);
	tlb_counts_read(&tlb);
	seq_printf(
		out,
		"nr_free_pages %llu\nnr_anon_pages %llu\nnr_file_pages %llu\nnr_dirty %llu\nnr_shmem %llu\n",
		(ull)c.free, (ull)c.anon, (ull)c.cached, (ull)c.dirty, (ull)c.shmem);
	seq_printf(out,
		   "nr_slab_reclaimable %llu\nnr_slab_unreclaimable %llu\nnr_page_table_pages %llu\n",
		   (ull)reclaimable, (ull)(c.slab - MIN(reclaimable, c.slab)), (ull)c.page_tables);
	seq_printf(
		out,
		"nr_shmem_hugepages %llu\nnr_shmem_pmdmapped %llu\nnr_anon_transparent_hugepages %llu\n",
		(ull)vm_shmem_huge_pages() / HUGE_PAGES, (ull)vm_shmem_huge_mapped() / HUGE_PAGES,
		(ull)vm_huge_pages() / HUGE_PAGES);
	seq_puts(out, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
	for (unsigned int i = 0; i < EVENT_COUNT; i++)
		seq_printf(out, "%s %llu\n", names[i], (ull)event_sum(i));
	seq_printf(out,
		   "tlb_local_flush %llu\ntlb_range_ipi %llu\ntlb_full_ipi %llu\ntlb_root_load %llu\n",
		   (ull)tlb.local, (ull)tlb.range_ipis, (ull)tlb.full_ipis, (ull)tlb.root_loads);
	seq_printf(out, "ipi_sent %llu\ninterrupts %llu\ncontext_switches %llu\n",
		   (ull)ipi_sent_count(), (ull)irq_total(), (ull)sched_switch_count());
	return 0;
}

SYSTEM_SHOW(slabinfo)
{
	(void)data;
	slab_show(out);
	return 0;
}

/* --- Time and tasks ---------------------------------------------------------------------------------------------------------- */

static void hundredths(struct seq_file *out, u64 ns)
{
	seq_printf(out, "%llu.%02llu", (ull)(ns / NSEC_PER_SEC), (ull)(ns % NSEC_PER_SEC / TICK_NS));
}

SYSTEM_SHOW(uptime)
{
	struct sched_cpu_times times;
	unsigned int cpu;
	u64 idle = 0;

	(void)data;
	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &times);
		idle += times.idle_ns;
	}
	hundredths(out, clock_ns());
	seq_putc(out, ' ');
	hundredths(out, idle);
	seq_putc(out, '\n');
	return 0;
}

SYSTEM_SHOW(loadavg)
{
	u64 load[3];

	(void)data;
	sched_load_average(load);
	for (unsigned int i = 0; i < ARRAY_LEN(load); i++) {
		u64 value = load[i] + (1 << LOAD_SHIFT) / 200; /* rounded to hundredths */
		u64 fraction = value & ((1 << LOAD_SHIFT) - 1);

		seq_printf(out, "%llu.%02llu ", (ull)(value >> LOAD_SHIFT),
			   (ull)(fraction * 100 >> LOAD_SHIFT));
	}
	seq_printf(out, "%u/%u %d\n", process_count_running(), process_count_threads(), pid_last());
	return 0;
}

static void cpu_line(struct seq_file *out, const struct sched_cpu_times *times)
{
	seq_printf(out, " %llu %llu %llu %llu 0 %llu 0 0 0 0\n", (ull)(times->user_ns / TICK_NS),
		   (ull)(times->nice_ns / TICK_NS), (ull)(times->system_ns / TICK_NS),
		   (ull)(times->idle_ns / TICK_NS), (ull)(times->irq_ns / TICK_NS));
}

static void cpu_lines(struct seq_file *out)
{
	struct sched_cpu_times sum = { 0 }, times;
	unsigned int cpu;

	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &times);
		sum.user_ns += times.user_ns;
		sum.nice_ns += times.nice_ns;
		sum.system_ns += times.system_ns;
		sum.idle_ns += times.idle_ns;
		sum.irq_ns += times.irq_ns;
	}
	seq_puts(out, "cpu ");
	cpu_line(out, &sum);
	for_each_online_cpu (cpu) {
		sched_cpu_times(cpu, &times);
		seq_printf(out, "cpu%u", cpu);
		cpu_line(out, &times);
	}
}

SYSTEM_SHOW(stat)
{
	(void)data;
	cpu_lines(out);
	seq_printf(
		out,
		"intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked 0\n",
		(ull)irq_total(), (ull)sched_switch_count(),
		(ull)(realtime_offset_ns() / NSEC_PER_SEC), (ull)process_count_forks(),
		process_count_running());
	seq_puts(out, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

/* --- What the kernel is -------------------------------------------------------------------------------------------------------- */

SYSTEM_SHOW(version)
{
	(void)data;
	seq_printf(out, "%s\n", kernel_banner);
	return 0;
}

SYSTEM_SHOW(cmdline)
{
	(void)data;
	seq_printf(out, "%s\n", param_line());
	return 0;
}

SYSTEM_SHOW(config)
{
	(void)data;
	seq_write(out, config_gz_start, (size_t)(config_gz_end - config_gz_start));
	return 0;
}

SYSTEM_SHOW(filesystems)
{
	(void)data;
	fs_show_types(out);
	return 0;
}

SYSTEM_SHOW(devices)
{
	(void)data;
	dev_show_devices(out);
	return 0;
}

SYSTEM_SHOW(unknown_calls)
{
	(void)data;
	syscall_show_unknown(out);
	return 0;
}

SYSTEM_SHOW(warnings)
{
	(void)data;
	seq_printf(out, "%llu\n", (ull)warn_count());
	return 0;
}

SYSTEM_SHOW(partitions)
{
	(void)data;
	seq_puts(out, "major minor  #blocks  name\n\n");
	return 0;
}

SYSTEM_SHOW(swaps)
{
	(void)data;
	seq_puts(out, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	return 0;
}

SYSTEM_SHOW(nothing)
{
	(void)out, (void)data;
	return 0;
}

static const struct proc_entry entries[] = {
	{ .name = "cmdline", .mode = 0444, .show = cmdline_show },
	{ .name = "config.gz", .mode = 0444, .show = config_show },
	{ .name = "devices", .mode = 0444, .show = devices_show },
	{ .name = "diskstats", .mode = 0444, .show = nothing_show },
	{ .name = "filesystems", .mode = 0444, .show = filesystems_show },
	{ .name = "loadavg", .mode = 0444, .show = loadavg_show },
	{ .name = "meminfo", .mode = 0444, .show = meminfo_show },
	{ .name = "modules", .mode = 0444, .show = nothing_show },
	{ .name = "mounts", .target = "self/mounts" },
	{ .name = "partitions", .mode = 0444, .show = partitions_show },
	{ .name = "slabinfo", .mode = 0400, .show = slabinfo_show },
	{ .name = "stat", .mode = 0444, .show = stat_show },
	{ .name = "swaps", .mode = 0444, .show = swaps_show },
	{ .name = "uptime", .mode = 0444, .show = uptime_show },
	{ .name = "version", .mode = 0444, .show = version_show },
	{ .name = "vmstat", .mode = 0444, .show = vmstat_show },
	{ .name = "aramid/syscalls_unknown", .mode = 0444, .show = unknown_calls_show },
	{ .name = "aramid/warnings", .mode = 0444, .show = warnings_show },
};

void proc_system_init(void)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		proc_register(&entries[i]);
}
