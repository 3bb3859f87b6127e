/* clone and the scheduler's policies. */
#pragma once

#define CSIGNAL 0xff
#define CLONE_VM 0x100
#define CLONE_FS 0x200
#define CLONE_FILES 0x400
#define CLONE_SIGHAND 0x800
#define CLONE_PIDFD 0x1000
#define CLONE_PTRACE 0x2000
#define CLONE_VFORK 0x4000
#define CLONE_PARENT 0x8000
#define CLONE_THREAD 0x10000
#define CLONE_NEWNS 0x20000
#define CLONE_SYSVSEM 0x40000
#define CLONE_SETTLS 0x80000
#define CLONE_PARENT_SETTID 0x100000
#define CLONE_CHILD_CLEARTID 0x200000
#define CLONE_DETACHED 0x400000
#define CLONE_UNTRACED 0x800000
#define CLONE_CHILD_SETTID 0x1000000
#define CLONE_NEWCGROUP 0x2000000
#define CLONE_NEWUTS 0x4000000
#define CLONE_NEWIPC 0x8000000
#define CLONE_NEWUSER 0x10000000
#define CLONE_NEWPID 0x20000000
#define CLONE_NEWNET 0x40000000
#define CLONE_IO 0x80000000
#define CLONE_CLEAR_SIGHAND 0x100000000
#define CLONE_INTO_CGROUP 0x200000000

#define CLONE_NEWTIME 0x80
#define CLONE_ARGS_SIZE_VER0 64
#define CLONE_ARGS_SIZE_VER1 80
#define CLONE_ARGS_SIZE_VER2 88

#define SCHED_NORMAL 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_IDLE 5
#define SCHED_DEADLINE 6
#define SCHED_RESET_ON_FORK 0x40000000

#define SCHED_FLAG_RESET_ON_FORK 0x1
#define SCHED_FLAG_RECLAIM 0x2
#define SCHED_FLAG_DL_OVERRUN 0x4
#define SCHED_FLAG_KEEP_POLICY 0x8
#define SCHED_FLAG_KEEP_PARAMS 0x10
#define SCHED_FLAG_KEEP_ALL 0x18
#define SCHED_FLAG_UTIL_CLAMP_MIN 0x20
#define SCHED_FLAG_UTIL_CLAMP_MAX 0x40
#define SCHED_FLAG_UTIL_CLAMP 0x60
#define SCHED_FLAG_ALL 0x7f

struct abi_clone_args {
	unsigned long flags;
	unsigned long pidfd;
	unsigned long child_tid;
	unsigned long parent_tid;
	unsigned long exit_signal;
	unsigned long stack;
	unsigned long stack_size;
	unsigned long tls;
	unsigned long set_tid;
	unsigned long set_tid_size;
	unsigned long cgroup;
};
_Static_assert(sizeof(struct abi_clone_args) == 88, "abi_clone_args");

struct abi_sched_param {
	int sched_priority;
};

struct abi_sched_attr {
	unsigned int size;
	unsigned int sched_policy;
	unsigned long sched_flags;
	int sched_nice;
	unsigned int sched_priority;
	unsigned long sched_runtime;
	unsigned long sched_deadline;
	unsigned long sched_period;
	unsigned int sched_util_min;
	unsigned int sched_util_max;
};
_Static_assert(sizeof(struct abi_sched_attr) == 56, "abi_sched_attr");

/* rseq(2). */
struct abi_rseq {
	unsigned int cpu_id_start;
	unsigned int cpu_id;
	unsigned long rseq_cs;
	unsigned int flags;
	unsigned int pad[3];
};
_Static_assert(sizeof(struct abi_rseq) == 32, "abi_rseq");
#define RSEQ_FLAG_UNREGISTER 1
