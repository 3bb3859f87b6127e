/* /proc/<pid>/stat, statm, status, limits, comm: what is known of a process, in Linux's formats to the last blank. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/resource.h>
#include <abi/sched.h>
#include <kernel/pid.h>
#include <kernel/sched.h>
#include <kernel/signal.h>
#include <kernel/tty.h>
#include <kernel/vm.h>
#include <lib/bitmap.h>
#include <lib/string.h>

#define TICK_NS (NSEC_PER_SEC / USER_HZ)
#define STAT_FLAG_EXITING 0x4u
#define STAT_FLAG_FORK_NO_EXEC 0x40u
#define STAT_FLAG_KERNEL 0x200000u
#define KIB_PER_PAGE (PAGE_SIZE / KIB)

typedef unsigned long long ull;

/* What is read under sighand->lock. */
struct signals {
	sigset_t pending, shared_pending, ignored, caught;
	u32 threads;
	u64 children_user_ns, children_system_ns, children_minor, children_major, minor, major;
	struct tty *tty; /* reference */
	int exit_code;
};

static void signals_of_actions(const struct sighand *sighand, struct signals *to)
{
	for (unsigned int i = 0; i < ARRAY_LEN(sighand->actions); i++) {
		if (sighand->actions[i].handler == ABI_SIG_IGN)
			to->ignored |= 1ULL << i;
		else if (sighand->actions[i].handler != ABI_SIG_DFL)
			to->caught |= 1ULL << i;
	}
}

static void signals_read(struct task *task, struct signals *to)
{
	struct process *process = task->process;
	struct sighand *sighand;
	unsigned long flags;

	*to = (struct signals){ .threads = 1 };
	sighand = task_lock_sighand(task, &flags);
	if (!sighand)
		return;
	signals_of_actions(sighand, to);
	to->pending = task->pending.set;
	to->shared_pending = process->shared_pending.set;
	to->threads = process->thread_count;
	to->children_user_ns = process->children_user_ns;
	to->children_system_ns = process->children_system_ns;
	to->children_minor = process->children_faults_minor;
	to->children_major = process->children_faults_major;
	to->minor = process->faults_minor;
	to->major = process->faults_major;
	to->exit_code = process->exit_code;
	if (process->tty)
		to->tty = tty_get(process->tty);
	spin_unlock_irq(&sighand->lock, flags);
}

/* Numbers of relatives, each as it was at some moment: RCU keeps what they are read from. */
struct family {
	s32 parent, group, session;
};

static struct family family_read(struct task *task)
{
	struct pid **pids = task->process->pids;
	struct family family;
	struct task *parent;

	rcu_read_lock();
	parent = rcu_dereference(task->parent);
	family = (struct family){ .parent = parent ? parent->tgid : 0,
				  .group = pid_number(rcu_dereference(pids[PID_GROUP])),
				  .session = pid_number(rcu_dereference(pids[PID_SESSION])) };
	rcu_read_unlock();
	return family;
}

struct state_name {
	u32 bits;
	const char *text;
};

static const char *state_text(const struct task *task)
{
	static const struct state_name names[] = {
		{ TASK_INTERRUPTIBLE, "S (sleeping)" },
		{ TASK_UNINTERRUPTIBLE | TASK_KILLABLE, "D (disk sleep)" },
		{ TASK_STOPPED, "T (stopped)" },
		{ TASK_TRACED, "t (tracing stop)" },
	};
	u32 state = READ_ONCE(task->state);

	if (task->exit_state)
		return task->exit_state & TASK_ZOMBIE ? "Z (zombie)" : "X (dead)";
	/* A kernel thread without work is idle, not stuck. */
	if ((state & TASK_UNINTERRUPTIBLE) && (task->flags & TASK_FLAG_KERNEL))
		return "I (idle)";
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (state & names[i].bits)
			return names[i].text;
	return "R (running)";
}

static void comm_copy(struct task *task, char comm[COMM_LEN])
{
	spin_lock(&task->lock);
	memcpy(comm, task->comm, COMM_LEN);
	spin_unlock(&task->lock);
	comm[COMM_LEN - 1] = 0;
}

/* --- stat ------------------------------------------------------------------------------------------------------------------ */

static u32 stat_flags(const struct task *task)
{
	u32 flags = 0;

	if (task->flags & TASK_FLAG_KERNEL)
		flags |= STAT_FLAG_KERNEL;
	if (task->flags & TASK_FLAG_EXITING)
		flags |= STAT_FLAG_EXITING;
	if (task->flags & TASK_FLAG_FORK_NO_EXEC)
		flags |= STAT_FLAG_FORK_NO_EXEC;
	return flags;
}

static long rss_pages(const struct mm *mm)
{
	return atomic_read(&mm->rss_anon) + atomic_read(&mm->rss_file) + atomic_read(&mm->rss_shmem);
}

static void stat_identity(struct seq_file *out, struct task *task, const struct signals *signals)
{
	struct family family = family_read(task);
	char comm[COMM_LEN];

	comm_copy(task, comm);
	seq_printf(out, "%d (%s) %c %d %d %d %d %d %u", task->tid, comm, state_text(task)[0],
		   family.parent, family.group, family.session, (int)tty_device(signals->tty),
		   signals->tty ? tty_foreground_group(signals->tty) : -1, stat_flags(task));
}

static void stat_usage(struct seq_file *out, const struct proc_target *target,
		       const struct signals *signals)
{
	struct task *task = target->task;
	u64 user, system, minor = task->head.faults_minor, major = task->faults_major;

	if (target->whole) {
		process_times(task->process, &user, &system);
		minor += signals->minor;
		major += signals->major;
	} else {
		task_times(task, &user, &system);
	}
	seq_printf(out, " %llu %llu %llu %llu %llu %llu %llu %llu", (ull)minor,
		   (ull)signals->children_minor, (ull)major, (ull)signals->children_major,
		   (ull)(user / TICK_NS), (ull)(system / TICK_NS),
		   (ull)(signals->children_user_ns / TICK_NS),
		   (ull)(signals->children_system_ns / TICK_NS));
}

static void stat_schedule(struct seq_file *out, struct task *task, const struct signals *signals)
{
	int nice = task->sched.nice;
	int priority = task->sched.rt_priority ? -1 - task->sched.rt_priority : 20 + nice;

	seq_printf(out, " %d %d %u 0 %llu", priority, nice, signals->threads,
		   (ull)(task->start_ns / TICK_NS));
}

static void stat_memory(struct seq_file *out, const struct mm *mm, struct task *task)
{
	ull limit = task_limit(task, RLIMIT_RSS);

	if (mm)
		seq_printf(out, " %llu %ld %llu %llu %llu %llu 0 0",
			   (ull)atomic_read(&mm->pages_total) << PAGE_SHIFT, rss_pages(mm), limit,
			   (ull)mm->code_start, (ull)mm->code_end, (ull)mm->stack_top);
	else
		seq_printf(out, " 0 0 %llu 0 0 0 0 0", limit);
}

static void stat_end(struct seq_file *out, const struct mm *mm, const struct task *task,
		     const struct signals *signals)
{
	const u32 old_signals = 0x7fffffff;

	seq_printf(out, " %llu %llu %llu %llu 0 0 0 %d %u %u %u 0 0 0",
		   (ull)(signals->pending & old_signals), (ull)(task->blocked & old_signals),
		   (ull)(signals->ignored & old_signals), (ull)(signals->caught & old_signals),
		   task->exit_signal, task->sched.cpu, task->sched.rt_priority, task->sched.policy);
	if (mm)
		seq_printf(out, " %llu %llu %llu %llu %llu %llu %llu", (ull)mm->data_start,
			   (ull)mm->data_end, (ull)mm->brk_start, (ull)mm->arg_start,
			   (ull)mm->arg_end, (ull)mm->env_start, (ull)mm->env_end);
	else
		seq_puts(out, " 0 0 0 0 0 0 0");
	seq_printf(out, " %d\n", task->exit_state ? signals->exit_code : 0);
}

SHOW(stat)
{
	struct task *task = target->task;
	struct mm *mm = task_mm_get(task);
	struct signals signals;

	signals_read(task, &signals);
	stat_identity(out, task, &signals);
	stat_usage(out, target, &signals);
	stat_schedule(out, task, &signals);
	stat_memory(out, mm, task);
	stat_end(out, mm, task, &signals);
	tty_put(signals.tty);
	if (mm)
		mm_put_user(mm);
	return 0;
}

SHOW(statm)
{
	struct mm *mm = task_mm_get(target->task);

	if (!mm) {
		seq_puts(out, "0 0 0 0 0 0 0\n");
		return 0;
	}
	seq_printf(out, "%ld %ld %ld %llu 0 %ld 0\n", atomic_read(&mm->pages_total), rss_pages(mm),
		   atomic_read(&mm->rss_file) + atomic_read(&mm->rss_shmem),
		   (ull)(ALIGN_UP(mm->code_end, (u64)PAGE_SIZE) -
			 ALIGN_DOWN(mm->code_start, (u64)PAGE_SIZE)) >>
			   PAGE_SHIFT,
		   atomic_read(&mm->pages_data) + atomic_read(&mm->pages_stack));
	mm_put_user(mm);
	return 0;
}

/* --- status -------------------------------------------------------------------------------------------------------------------- */

static void status_name(struct seq_file *out, struct task *task)
{
	char comm[COMM_LEN];
	int umask = -1;

	comm_copy(task, comm);
	seq_puts(out, "Name:\t");
	for (const char *c = comm; *c; c++) {
		if (*c == '\n')
			seq_puts(out, "\\n");
		else if (*c == '\\')
			seq_puts(out, "\\\\");
		else
			seq_putc(out, *c);
	}
	seq_putc(out, '\n');
	spin_lock(&task->lock);
	if (task->fs)
		umask = (int)READ_ONCE(task->fs->umask);
	spin_unlock(&task->lock);
	if (umask >= 0)
		seq_printf(out, "Umask:\t%04o\n", (unsigned int)umask);
}

static unsigned int table_size(struct task *task)
{
	struct files *files = task_files_get(task);
	unsigned int size = 0;

	if (!files)
		return 0;
	rcu_read_lock();
	size = rcu_dereference(files->table)->size;
	rcu_read_unlock();
	files_put(files);
	return size;
}

static void status_ids(struct seq_file *out, struct task *task, const struct cred *cred)
{
	struct family family = family_read(task);

	seq_printf(out, "State:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		   state_text(task), task->tgid, task->tid, family.parent);
	seq_printf(out, "Uid:\t%u\t%u\t%u\t%u\n", cred->uid, cred->euid, cred->suid, cred->fsuid);
	seq_printf(out, "Gid:\t%u\t%u\t%u\t%u\n", cred->gid, cred->egid, cred->sgid, cred->fsgid);
	seq_printf(out, "FDSize:\t%u\nGroups:\t", table_size(task));
	for (u32 i = 0; i < cred->group_count; i++)
		seq_printf(out, "%u ", cred->groups[i]);
	seq_printf(out, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", task->tgid,
		   task->tid, family.group, family.session);
}

static void memory_line(struct seq_file *out, const char *name, long pages)
{
	seq_printf(out, "%s:\t%8lu kB\n", name, (unsigned long)MAX(pages, 0L) * KIB_PER_PAGE);
}

static void status_memory(struct seq_file *out, const struct mm *mm)
{
	long total = atomic_read(&mm->pages_total), rss = rss_pages(mm);
	long code = (long)((ALIGN_UP(mm->code_end, (u64)PAGE_SIZE) -
			    ALIGN_DOWN(mm->code_start, (u64)PAGE_SIZE)) >>
			   PAGE_SHIFT);

	memory_line(out, "VmPeak", MAX(mm->total_peak, total));
	memory_line(out, "VmSize", total);
	memory_line(out, "VmLck", atomic_read(&mm->pages_locked));
	memory_line(out, "VmPin", 0);
	memory_line(out, "VmHWM", MAX(mm->rss_peak, rss));
	memory_line(out, "VmRSS", rss);
	memory_line(out, "RssAnon", atomic_read(&mm->rss_anon));
	memory_line(out, "RssFile", atomic_read(&mm->rss_file));
	memory_line(out, "RssShmem", atomic_read(&mm->rss_shmem));
	memory_line(out, "VmData", atomic_read(&mm->pages_data));
	memory_line(out, "VmStk", atomic_read(&mm->pages_stack));
	memory_line(out, "VmExe", code);
	memory_line(out, "VmLib", atomic_read(&mm->pages_exec) - code);
	memory_line(out, "VmPTE", atomic_read(&mm->table_pages));
	memory_line(out, "VmSwap", 0);
	seq_puts(out, "HugetlbPages:\t       0 kB\nCoreDumping:\t0\n");
	seq_printf(out, "THP_enabled:\t%d\n", !mm->huge_disabled);
}

static void status_signals(struct seq_file *out, struct task *task, const struct signals *signals,
			   const struct cred *cred)
{
	seq_printf(out, "Threads:\t%u\nSigQ:\t%lu/%llu\n", signals->threads,
		   (unsigned long)atomic_read(&cred->account->signals),
		   (ull)task_limit(task, RLIMIT_SIGPENDING));
	seq_printf(
		out,
		"SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		(ull)signals->pending, (ull)signals->shared_pending, (ull)task->blocked,
		(ull)signals->ignored, (ull)signals->caught);
}

static void status_rights(struct seq_file *out, const struct cred *cred)
{
	seq_printf(
		out,
		"CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		(ull)cred->cap_inheritable, (ull)cred->cap_permitted, (ull)cred->cap_effective,
		(ull)cred->cap_bounding, (ull)cred->cap_ambient);
	seq_printf(out, "NoNewPrivs:\t%u\nSeccomp:\t0\nSeccomp_filters:\t0\n", cred->no_new_privs);
}

/* Words of 32 bits, highest first, as far as there are CPUs. */
static void mask_show(struct seq_file *out, const unsigned long *mask)
{
	unsigned int count = cpu_count();

	for (unsigned int word = DIV_ROUND_UP(count, 32); word-- > 0;) {
		unsigned int bits = MIN(count - word * 32, 32u);

		seq_printf(out, "%x%s",
			   (u32)(mask[word / 2] >> (word % 2 * 32)) & (u32)((1ULL << bits) - 1),
			   word ? "," : "");
	}
}

static void mask_show_list(struct seq_file *out, const unsigned long *mask)
{
	unsigned int count = cpu_count(), cpu = (unsigned int)bitmap_find_first_set(mask, count, 0);
	const char *comma = "";

	while (cpu < count) {
		unsigned int end = (unsigned int)bitmap_find_first_zero(mask, count, cpu);

		seq_printf(out, end - cpu > 1 ? "%s%u-%u" : "%s%u", comma, cpu, end - 1);
		comma = ",";
		cpu = (unsigned int)bitmap_find_first_set(mask, count, end);
	}
}

static void status_schedule(struct seq_file *out, struct task *task)
{
	seq_puts(out, "Cpus_allowed:\t");
	mask_show(out, task->sched.affinity);
	seq_puts(out, "\nCpus_allowed_list:\t");
	mask_show_list(out, task->sched.affinity);
	seq_printf(out, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
	seq_printf(out, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		   (ull)task->sched.switches_voluntary, (ull)task->sched.switches_involuntary);
}

SHOW(status)
{
	struct task *task = target->task;
	struct cred *cred = task_cred_get(task);
	struct mm *mm = task_mm_get(task);
	struct signals signals;

	signals_read(task, &signals);
	status_name(out, task);
	status_ids(out, task, cred);
	if (mm)
		status_memory(out, mm);
	status_signals(out, task, &signals, cred);
	status_rights(out, cred);
	status_schedule(out, task);
	tty_put(signals.tty);
	if (mm)
		mm_put_user(mm);
	cred_put(cred);
	return 0;
}

/* --- limits, comm ---------------------------------------------------------------------------------------------------------------- */

struct limit_name {
	const char *name, *unit;
};

static void limit_value(struct seq_file *out, u64 value)
{
	if (value == RLIM_INFINITY)
		seq_printf(out, "%-20s ", "unlimited");
	else
		seq_printf(out, "%-20llu ", (ull)value);
}

SHOW(limits)
{
	static const struct limit_name names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", NULL },
		[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	struct process *process = target->task->process;
	struct rlimit_set limits;

	spin_lock(&process->limits_lock);
	limits = process->limits;
	spin_unlock(&process->limits_lock);
	seq_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned int i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(out, "%-25s ", names[i].name);
		limit_value(out, limits.limit[i].rlim_cur);
		limit_value(out, limits.limit[i].rlim_max);
		if (names[i].unit)
			seq_printf(out, "%-10s", names[i].unit);
		seq_putc(out, '\n');
	}
	return 0;
}

SHOW(comm)
{
	char comm[COMM_LEN];

	comm_copy(target->task, comm);
	seq_printf(out, "%s\n", comm);
	return 0;
}

ssize_t write_comm(const struct proc_target *target, char *text, size_t size)
{
	struct task *task = target->task;
	size_t length = MIN(size, (size_t)COMM_LEN - 1);

	if (task->process != current->process)
		return -EINVAL;
	spin_lock(&task->lock);
	memset(task->comm, 0, COMM_LEN);
	memcpy(task->comm, text, length);
	spin_unlock(&task->lock);
	return (ssize_t)size;
}
