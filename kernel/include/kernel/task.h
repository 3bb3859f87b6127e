/*
 * A task is a thread: what the scheduler runs. Tasks of one process (thread group) share a struct process. Everything a
 * clone flag can share or copy is a reference of its own: mm, files, fs, sighand, cred, namespaces.
 *
 * Life: task_clone -> runnable -> ... -> task_exit (zombie, resources released, parent told) -> reaped by wait or
 * by itself when the parent does not care -> task_put of the last reference frees the struct after a grace period.
 */
#pragma once

#include <abi/resource.h>
#include <kernel/cred.h>
#include <kernel/pid.h>
#include <kernel/signal.h>
#include <kernel/time.h>
#include <kernel/wait.h>
#include <platform/context.h>
#include <platform/fpu.h>
#include <platform/percpu.h>
#include <profile/refcount.h>

struct mm;
struct files;
struct fs_context;
struct namespaces;
struct tty;
struct page;
struct completion;

/* task->state. RUNNING also means: on a run queue. */
enum task_state {
	TASK_RUNNING = 0,
	TASK_INTERRUPTIBLE = 1,
	TASK_UNINTERRUPTIBLE = 2,
	TASK_KILLABLE = 4,
	TASK_STOPPED = 8, /* job control: SIGCONT or a fatal signal wakes it */
	TASK_TRACED = 16,
	TASK_ZOMBIE = 32, /* exit_state */
	TASK_DEAD = 64, /* will never run again; freed by whoever runs next */
};

#define TASK_FLAG_KERNEL (1u << 0) /* kernel thread */
#define TASK_FLAG_EXITING (1u << 1)
#define TASK_FLAG_FORK_NO_EXEC (1u << 2) /* forked, has not called exec: setpgid */
#define TASK_FLAG_MEMORY_RESERVE                                                                   \
	(1u << 3) /* may use the last pages: a killed task that must exit */
#define TASK_FLAG_VFORK_DONE (1u << 4)
#define TASK_FLAG_RESTORE_MASK (1u << 5) /* saved_mask is to come back */
#define TASK_FLAG_SUPERPRIV (1u << 6)
#define TASK_FLAG_FAIL_ALLOC (1u << 7) /* inherited; kernel/fail_alloc.h */

#define COMM_LEN 16
#define NICE_MIN (-20)
#define NICE_MAX 19

/* The scheduler's part of a task. Fields are guarded by the run queue lock of sched.cpu unless marked. */
struct sched_entity {
	struct rb_node node; /* in the run queue's tree while runnable and not running */
	u64 vruntime; /* virtual time, ns at nice 0 */
	u64 slice_start_ns;
	u64 runtime_ns; /* total CPU time used */
	u64 switches_voluntary, switches_involuntary;
	u32 weight;
	s8 nice;
	u8 policy; /* SCHED_OTHER, BATCH, IDLE, FIFO, RR */
	u8 rt_priority; /* 0, or 1..99 with FIFO and RR */
	bool queued; /* runnable: counted in its queue, running or waiting */
	bool load_counted; /* asleep, and part of the load average */
	bool must_move; /* running where its affinity no longer allows it; not queued: in transit between queues */
	unsigned int cpu; /* where it runs or is queued */
	int on_cpu; /* [A] 1 while its registers are live on a CPU */
	unsigned long *affinity; /* bitmap of cpu_count() bits, owned */
	struct list rt_link;
};

/* What read, write and the calls like them have moved, and how often they were made: /proc/<pid>/io. */
struct io_counts {
	u64 read_bytes, written_bytes, reads, writes;
};

/* Shared by the threads of a process. */
struct process {
	struct refcount ref;
	struct task *leader; /* [R tasklist] NULL once all threads have been reaped */
	struct list threads; /* [tasklist, read R] task->thread_link */
	u32 thread_count; /* [sighand] live threads */
	struct signal_pending shared_pending; /* [sighand] */
	struct rlimit_set {
		struct abi_rlimit limit[RLIM_NLIMITS];
	} limits; /* [limits_lock]; 8-byte reads without it */
	struct spinlock limits_lock;

	struct wait_queue child_wait; /* wait4 and waitid of this process's threads */
	struct pid *pids[PID_TYPES]; /* [tasklist] PID_PROCESS, PID_GROUP, PID_SESSION; references */
	struct tty *tty; /* [sighand] controlling terminal, a reference; NULL */
	bool session_leader; /* [tasklist] */

	/* Exit and stop, [sighand]. */
	u32 flags; /* PROCESS_* */
	int exit_code; /* wait status of a group exit */
	struct task *exec_task; /* thread that is killing the others for execve */
	int stop_signal; /* of the group stop in progress or done */
	u32 stop_count; /* threads that have yet to stop */
	int wait_code; /* pending stop or continue event for wait: signal number, 0xffff continued, 0 none */

	/* Accounting of threads that are gone, [sighand]. */
	u64 user_ns, system_ns, children_user_ns, children_system_ns;
	u64 faults_minor, faults_major, children_faults_minor, children_faults_major;
	u64 switches_voluntary, switches_involuntary, children_switches_voluntary,
		children_switches_involuntary;
	long rss_peak, children_rss_peak; /* pages */
	struct io_counts io; /* and of children that were waited for, as on Linux */

	struct hrtimer real_timer; /* ITIMER_REAL, alarm */
	u64 real_expires_ns, real_interval_ns; /* [sighand] 0: off */
	struct list posix_timers; /* [sighand] */
	u32 cpu_checking; /* [A] 1: a thread is in process_check_cpu, the others need not wait for it */
	u32 cpu_timers_armed; /* [sighand] of the POSIX timers, those of CPU time */
	struct interval_timer {
		u64 value_ns, interval_ns; /* [sighand] CPU time at which it fires, 0: off */
	} virtual_timer, profile_timer;
	u32 next_timer_id; /* [sighand] */

	u64 start_ns; /* [I] clock_ns at fork */
	bool is_subreaper, has_subreaper;
	s16 oom_score_adjust;
	s16 oom_score_least; /* what the other may be lowered to without privilege */
	struct mutex exec_lock; /* exec, ptrace attach, /proc reads of a consistent process */
};

#define PROCESS_GROUP_EXIT (1u << 0)
#define PROCESS_STOPPED (1u << 1)
#define PROCESS_CONTINUED (1u << 2)
#define PROCESS_UNKILLABLE (1u << 3) /* init: default actions do not kill it */
#define PROCESS_DUMPED (1u << 4)
#define PROCESS_NOTIFY_STOPPED                                                                     \
	(1u << 5) /* the parent is to hear of a stop, or that it ended: by whoever delivers next */
#define PROCESS_NOTIFY_CONTINUED (1u << 6)

/* task->job_control */
#define JOB_STOP_DEQUEUED (1u << 0) /* took a stop signal; SIGCONT in between takes it back */
#define JOB_STOP_PENDING (1u << 1) /* must stop before it returns to user mode */
#define JOB_STOP_COUNTED (1u << 2) /* stop_count waits for it */

/* What to do when a restarted system call comes back (restart_syscall). */
struct restart_block {
	long (*fn)(struct restart_block *restart);
	u64 deadline_ns;
	u64 args[5];
};

struct task {
	struct task_head head; /* first: assembly */
	u32 state; /* [runqueue lock of its cpu] enum task_state; own stores by task_set_state */
	u32 flags; /* [S] TASK_FLAG_* */
	u32 exit_state; /* [tasklist] 0, TASK_ZOMBIE, TASK_DEAD */
	int exit_code; /* wait status */
	int exit_signal; /* to the parent; -1: thread, no signal */
	struct refcount ref;
	struct sched_entity sched;
	void *stack; /* [I] vmap_stack_alloc's; NULL: taken from a dead task, at its last switch */
	struct fpu_state *fpu; /* [S] NULL in kernel threads */
	u64 fs_base, gs_base; /* [S] valid while not running */

	struct mm *mm; /* [S, written under task_lock] NULL in kernel threads */
	struct files *files; /* [S, task_lock] */
	struct fs_context *fs; /* [S, task_lock] */
	struct namespaces *namespaces; /* [S, task_lock] */
	struct process *process; /* [I] */
	struct sighand *sighand; /* [R] NULL once it has exited: task_lock_sighand */
	struct cred *cred; /* [S writes, R] */
	struct spinlock lock; /* task_lock: RANK_FS */

	struct signal_pending pending; /* [sighand] */
	sigset_t blocked, saved_mask; /* [S writes under sighand] */
	sigset_t real_blocked; /* [S writes under sighand] the mask while sigtimedwait listens */
	u32 job_control; /* [sighand] JOB_* */
	u64 altstack_base, altstack_size; /* [S] */
	u32 altstack_flags;
	struct restart_block restart; /* [S] */
	u64 fault_address; /* [S] of the last fault, for its signal frame */
	u32 fault_vector, fault_error; /* [S] */
	u32 personality; /* [S] */

	s32 tid, tgid; /* [tasklist] change when a thread takes its dead leader's place in execve */
	struct pid *pid; /* [tasklist] reference: PID_THREAD */
	struct list pid_links[PID_TYPES]; /* [tasklist] */
	struct list thread_link; /* [tasklist] in process->threads */
	struct task *parent; /* [R tasklist] leader of the process that gets exit_signal; threads have their leader's */
	struct list children; /* [tasklist] leaders' processes; kept by a process's leader */
	struct list sibling; /* [tasklist] */
	struct list reap_link; /* of whoever reaps it */

	char comm[COMM_LEN]; /* [task_lock] */
	u64 user_ns, system_ns; /* [S] */
	u64 entry_ns; /* [S] clock at the last change between user and kernel accounting */
	u64 faults_major; /* [S] */
	struct io_counts io; /* [S] */
	u64 start_ns; /* [I] */

	struct user_ptr clear_child_tid, set_child_tid; /* [S] */
	struct user_ptr robust_list; /* [S] */
	struct completion *vfork_done; /* [task_lock] */
	struct task_work *work_list; /* [A] deferred work, run in trap_exit_work */
	struct hrtimer sleep_timer; /* of wait_sleep */
	u32 parent_death_signal; /* [S] */
	u64 timer_slack_ns;

	u64 held_ranks[3]; /* LOCK_CHECKS: [S] lock_rank.h; while it runs the first word is its CPU's */
	u8 no_fault; /* [S] */
	struct rcu_head rcu;
};

static __always_inline struct task *current_get(void)
{
	return this_cpu(current_task);
}
#define current current_get()

static inline struct task *task_of_head(struct task_head *head)
{
	return container_of(head, struct task, head);
}

static inline void task_get(struct task *task)
{
	ref_get(&task->ref);
}
void task_put(struct task *task); /* any context */
/* With a reference, or NULL. */
struct task *task_find_get(s32 tid);
/* What the task's credentials are now, with a reference. */
struct cred *task_cred_get(struct task *task);

/* Family tree, pid links, sessions. Writers hold it with write semantics; RCU readers may walk. */
extern struct spinlock tasklist_lock; /* RANK_TASKLIST, interrupts on */

/* Locks task->sighand; NULL if the task has exited. Release: spin_unlock_irq(&sighand->lock, flags). */
struct sighand *task_lock_sighand(struct task *task, unsigned long *flags);
/* The same of the process's leader, also in an interrupt; NULL: all threads are gone. */
struct sighand *process_lock_sighand(struct process *process, unsigned long *flags);

/*
 * Makes the image in memory the running user task's current one: the registers are stored there, and will be loaded on the
 * way to user mode. Until then nobody else writes to it.
 */
void fpu_to_memory(void);

/* Sets work flags of any task and makes it notice (IPI if it runs elsewhere in user mode). */
void task_set_work(struct task *task, u32 work);
static inline void task_clear_work(struct task *task, u32 work)
{
	__atomic_fetch_and(&task->head.work, ~work, __ATOMIC_SEQ_CST);
}

static inline u64 task_limit(const struct task *task, unsigned int resource)
{
	return READ_ONCE(task->process->limits.limit[resource].rlim_cur);
}

/* Deferred to the task's next return to user mode. */
struct task_work {
	struct task_work *next;
	void (*fn)(struct task_work *work);
};
/* 0, or -ESRCH if the task is exiting (then the caller does it elsewhere). */
int task_work_add(struct task *task, struct task_work *work);
void task_work_run(void); /* of current */

struct clone_request {
	u64 flags; /* CLONE_* without the signal byte */
	int exit_signal;
	u64 stack; /* user stack pointer, 0: as parent */
	u64 tls;
	struct user_ptr parent_tid, child_tid, pidfd;
	void (*entry)(void *arg); /* kernel thread; else NULL */
	void *arg;
	const char *name;
	s32 set_tid; /* the number it is to have; 0: the next */
};
/* A new task, not yet runnable, with a reference for the caller; ERR_PTR. `frame`: the parent's whole user frame. */
struct task *task_clone(const struct clone_request *request, const struct trap_frame *frame);
/* The idle task of another CPU: never on a run queue. NULL. */
/* Kernel thread that runs at once; it ends when entry returns. ERR_PTR. */
struct task *kthread_run(void (*entry)(void *arg), void *arg, const char *format, ...)
	__printf(3, 4);
__noreturn void task_exit(int wait_status); /* this thread */
__noreturn void task_exit_group(int wait_status); /* the whole process */
/* Execute a program in the running task: 0 (then return to user mode by WORK_FULL_RESTORE) or -errno. */
struct exec_request {
	struct file *file; /* opened for execution; borrowed */
	const char *path; /* as given; AT_EXECFN */
	struct user_ptr argv, envp; /* or, when kernel_argv is set, those */
	const char *const *kernel_argv, *const *kernel_envp;
};
int task_exec(const struct exec_request *request);
void process_init(void); /* pid tables, init task's structures */
u64 process_count_forks(void);
unsigned int process_count_running(void), process_count_threads(void);
extern struct task init_task; /* the boot CPU's first task: becomes its idle task */
struct task *task_create_idle(unsigned int cpu); /* not queued anywhere; NULL: out of memory */
void process_put(struct process *process);
/* CPU time of the whole process, threads alive and gone. */
void process_times(struct process *process, u64 *user_ns, u64 *system_ns);
void process_times_locked(struct process *process, u64 *user_ns,
			  u64 *system_ns); /* sighand->lock held */
/* The same of one thread, up to now. */
void task_times(struct task *task, u64 *user_ns, u64 *system_ns);
/* Of all threads, alive and gone. sighand->lock held. */
void process_io_locked(const struct process *process, struct io_counts *sum);
static inline void io_counts_add(struct io_counts *sum, const struct io_counts *counts)
{
	sum->read_bytes += counts->read_bytes;
	sum->written_bytes += counts->written_bytes;
	sum->reads += counts->reads;
	sum->writes += counts->writes;
}
/* The running task made one call more, which moved so many bytes, or none if it is negative. */
static __always_inline void io_count_read(ssize_t done)
{
	current->io.reads++;
	if (done > 0)
		current->io.read_bytes += (u64)done;
}
static __always_inline void io_count_write(ssize_t done)
{
	current->io.writes++;
	if (done > 0)
		current->io.written_bytes += (u64)done;
}
/* RUSAGE_SELF, CHILDREN, BOTH. */
void process_usage(struct process *process, int who, struct abi_rusage *usage);

/* Waiting for a child, wait4 and waitid. */
struct child_wait {
	int type; /* P_ALL, P_PID, P_PGID */
	struct pid *id; /* borrowed; NULL with P_PID, P_PGID: there is none */
	u32 options; /* W* */
	struct abi_rusage *usage; /* filled if not NULL */
	/* What happened: */
	s32 pid;
	u32 uid;
	int status; /* as wait4 gives it */
	int code, code_status; /* CLD_*, and its si_status */
};
/* The pid; 0: nothing yet (WNOHANG); -ECHILD, -ERESTARTSYS. */
long process_wait(struct child_wait *wait);

/* Job control calls: 0, the id or -errno. */
long process_set_group(s32 pid, s32 group);
long process_new_session(void);
/* The group or session of a process, and whether a group has nobody left who could continue it. tasklist_lock held. */
static inline struct pid *task_group(const struct task *task)
{
	return task->process->pids[PID_GROUP];
}
static inline struct pid *task_session(const struct task *task)
{
	return task->process->pids[PID_SESSION];
}
/* Takes tasklist_lock: is the running task's group orphaned? For the terminal's EIO. */
bool current_group_orphaned(void);
/* Limits of everything: tasks at the same time. */
unsigned int task_count_max(void);
