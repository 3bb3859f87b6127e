/* The first task: the boot CPU runs it from the start, and idles in it later. All others descend from it. */
#include <abi/sched.h>
#include <kernel/namespaces.h>
#include <kernel/sched.h>
#include <kernel/vfs.h>
#include <platform/boot.h>

#include "internal.h"

struct spinlock tasklist_lock = SPINLOCK_INIT(RANK_TASKLIST);

static struct user_account init_account = { .ref = REF_INIT(1) };

struct cred init_cred = {
	.ref = REF_INIT(2),
	.cap_effective = CAP_FULL_SET,
	.cap_permitted = CAP_FULL_SET,
	.cap_bounding = CAP_FULL_SET,
	.account = &init_account,
};

struct namespaces init_namespaces = {
	.ref = REF_INIT(2),
	.lock = SPINLOCK_INIT(RANK_FS),
	.uts = { .sysname = "Linux",
		 .nodename = "(none)",
		 .machine = "x86_64",
		 .domainname = "(none)" },
};

static struct fs_context init_fs = {
	.ref = REF_INIT(2),
	.lock = SPINLOCK_INIT(RANK_FS),
	.umask = 022,
};

static struct sighand init_sighand = {
	.ref = REF_INIT(2),
	.lock = SPINLOCK_INIT(RANK_SIGNAL),
	.signalfd_wait = WAIT_QUEUE_INIT(init_sighand.signalfd_wait),
};

struct pid init_pid = {
	.ref = REF_INIT(2),
	.tasks = {
		[PID_THREAD] = LIST_INIT(init_pid.tasks[PID_THREAD]),
		[PID_PROCESS] = LIST_INIT(init_pid.tasks[PID_PROCESS]),
		[PID_GROUP] = LIST_INIT(init_pid.tasks[PID_GROUP]),
		[PID_SESSION] = LIST_INIT(init_pid.tasks[PID_SESSION]),
	},
	.wait = WAIT_QUEUE_INIT(init_pid.wait),
};

#define UNLIMITED                                                                                  \
	{                                                                                          \
		RLIM_INFINITY, RLIM_INFINITY                                                       \
	}
#define STACK_LIMIT (8 * MIB)
#define FILE_LIMIT 1024
#define FILE_LIMIT_HARD 4096
#define QUEUE_LIMIT 819200

static struct process init_process = {
	.ref = REF_INIT(2),
	.leader = &init_task,
	.threads = LIST_INIT(init_process.threads),
	.thread_count = 1,
	.shared_pending = { .queue = LIST_INIT(init_process.shared_pending.queue) },
	.limits = { .limit = {
		[RLIMIT_CPU] = UNLIMITED,
		[RLIMIT_FSIZE] = UNLIMITED,
		[RLIMIT_DATA] = UNLIMITED,
		[RLIMIT_STACK] = { STACK_LIMIT, RLIM_INFINITY },
		[RLIMIT_CORE] = { 0, RLIM_INFINITY },
		[RLIMIT_RSS] = UNLIMITED,
		[RLIMIT_NOFILE] = { FILE_LIMIT, FILE_LIMIT_HARD },
		[RLIMIT_MEMLOCK] = { STACK_LIMIT, STACK_LIMIT },
		[RLIMIT_AS] = UNLIMITED,
		[RLIMIT_LOCKS] = UNLIMITED,
		[RLIMIT_MSGQUEUE] = { QUEUE_LIMIT, QUEUE_LIMIT },
		[RLIMIT_RTTIME] = UNLIMITED,
	} },
	.limits_lock = SPINLOCK_INIT(RANK_FS),
	.child_wait = WAIT_QUEUE_INIT(init_process.child_wait),
	.pids = { &init_pid, &init_pid, &init_pid, &init_pid },
	.posix_timers = LIST_INIT(init_process.posix_timers),
	.exec_lock = MUTEX_INIT(init_process.exec_lock, RANK_TASKLIST_EXEC),
};

struct task init_task = {
	.head = { .kernel_stack_top = boot_stack_top },
	.flags = TASK_FLAG_KERNEL,
	.ref = REF_INIT(2),
	.sched = { .weight = 1024, .on_cpu = 1 },
	.stack = boot_stack,
	.fs = &init_fs,
	.namespaces = &init_namespaces,
	.process = &init_process,
	.sighand = &init_sighand,
	.cred = &init_cred,
	.lock = SPINLOCK_INIT(RANK_FS),
	.pending = { .queue = LIST_INIT(init_task.pending.queue) },
	.pid = &init_pid,
	.pid_links = {
		[PID_THREAD] = LIST_INIT(init_task.pid_links[PID_THREAD]),
		[PID_PROCESS] = LIST_INIT(init_task.pid_links[PID_PROCESS]),
		[PID_GROUP] = LIST_INIT(init_task.pid_links[PID_GROUP]),
		[PID_SESSION] = LIST_INIT(init_task.pid_links[PID_SESSION]),
	},
	.thread_link = LIST_INIT(init_task.thread_link),
	.parent = &init_task,
	.children = LIST_INIT(init_task.children),
	.sibling = LIST_INIT(init_task.sibling),
	.comm = "swapper/0",
	.timer_slack_ns = 50000,
};
