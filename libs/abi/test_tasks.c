/* Structures of time, limits, scheduling and the system against the system's own. */
#define _GNU_SOURCE
#include <elf.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/rseq.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <utime.h>

#include <abi_same.h>

#include <abi/auxvec.h>
#include <abi/capability.h>
#include <abi/futex.h>
#include <abi/ioctl.h>
#include <abi/resource.h>
#include <abi/sched.h>
#include <abi/sysinfo.h>
#include <abi/time.h>
#include <abi/utsname.h>
#include <abi/wait.h>

TEST(times)
{
	SAME_SIZE(abi_timespec, struct timespec);
	SAME(abi_timespec, struct timespec, tv_nsec);
	SAME_SIZE(abi_timeval, struct timeval);
	SAME(abi_timeval, struct timeval, tv_usec);
	SAME_SIZE(abi_itimerval, struct itimerval);
	SAME(abi_itimerval, struct itimerval, it_value);
	SAME_SIZE(abi_itimerspec, struct itimerspec);
	SAME(abi_itimerspec, struct itimerspec, it_value);
	SAME_SIZE(abi_timezone, struct timezone);
	SAME_SIZE(abi_tms, struct tms);
	SAME(abi_tms, struct tms, tms_cstime);
	SAME_SIZE(abi_utimbuf, struct utimbuf);
	SAME(abi_utimbuf, struct utimbuf, modtime);
}

TEST(timex)
{
	SAME_SIZE(abi_timex, struct timex);
	SAME(abi_timex, struct timex, offset);
	SAME(abi_timex, struct timex, status);
	SAME(abi_timex, struct timex, constant);
	SAME(abi_timex, struct timex, time);
	SAME(abi_timex, struct timex, tick);
	SAME(abi_timex, struct timex, shift);
	SAME(abi_timex, struct timex, stbcnt);
	SAME(abi_timex, struct timex, tai);
}

TEST(resources)
{
	SAME_SIZE(abi_rlimit, struct rlimit);
	SAME(abi_rlimit, struct rlimit, rlim_max);
	SAME_SIZE(abi_rusage, struct rusage);
	SAME(abi_rusage, struct rusage, ru_stime);
	SAME(abi_rusage, struct rusage, ru_maxrss);
	SAME(abi_rusage, struct rusage, ru_minflt);
	SAME(abi_rusage, struct rusage, ru_majflt);
	SAME(abi_rusage, struct rusage, ru_inblock);
	SAME(abi_rusage, struct rusage, ru_nvcsw);
	SAME(abi_rusage, struct rusage, ru_nivcsw);
}

TEST(scheduling)
{
	SAME_SIZE(abi_clone_args, struct clone_args);
	SAME(abi_clone_args, struct clone_args, pidfd);
	SAME(abi_clone_args, struct clone_args, child_tid);
	SAME(abi_clone_args, struct clone_args, parent_tid);
	SAME(abi_clone_args, struct clone_args, exit_signal);
	SAME(abi_clone_args, struct clone_args, stack);
	SAME(abi_clone_args, struct clone_args, stack_size);
	SAME(abi_clone_args, struct clone_args, tls);
	SAME(abi_clone_args, struct clone_args, set_tid);
	SAME(abi_clone_args, struct clone_args, cgroup);
	SAME_SIZE(abi_sched_param, struct sched_param);
	SAME_SIZE(abi_sched_attr, struct sched_attr);
	SAME(abi_sched_attr, struct sched_attr, sched_nice);
	SAME(abi_sched_attr, struct sched_attr, sched_runtime);
	SAME(abi_sched_attr, struct sched_attr, sched_util_max);
	SAME_SIZE(abi_rseq, struct rseq);
	SAME(abi_rseq, struct rseq, cpu_id);
	SAME(abi_rseq, struct rseq, rseq_cs);
	SAME(abi_rseq, struct rseq, flags);
}

TEST(futexes)
{
	SAME_SIZE(abi_robust_list, struct robust_list);
	SAME_SIZE(abi_robust_list_head, struct robust_list_head);
	SAME(abi_robust_list_head, struct robust_list_head, futex_offset);
	SAME(abi_robust_list_head, struct robust_list_head, list_op_pending);
	SAME_SIZE(abi_futex_waitv, struct futex_waitv);
	SAME(abi_futex_waitv, struct futex_waitv, uaddr);
	SAME(abi_futex_waitv, struct futex_waitv, flags);
}

TEST(system)
{
	SAME_SIZE(abi_utsname, struct utsname);
	SAME(abi_utsname, struct utsname, release);
	SAME(abi_utsname, struct utsname, machine);
	SAME_SIZE(abi_sysinfo, struct sysinfo);
	SAME(abi_sysinfo, struct sysinfo, totalram);
	SAME(abi_sysinfo, struct sysinfo, procs);
	SAME(abi_sysinfo, struct sysinfo, totalhigh);
	SAME(abi_sysinfo, struct sysinfo, mem_unit);
	SAME_SIZE(abi_auxv, Elf64_auxv_t);
	SAME_SIZE(abi_cap_header, struct __user_cap_header_struct);
	SAME(abi_cap_header, struct __user_cap_header_struct, pid);
	SAME_SIZE(abi_cap_data, struct __user_cap_data_struct);
	SAME(abi_cap_data, struct __user_cap_data_struct, inheritable);
}

TEST(wait_status)
{
	int exited = ABI_WAIT_EXITED(0x1ff), killed = ABI_WAIT_SIGNALED(9, false);
	int dumped = ABI_WAIT_SIGNALED(11, true), stopped = ABI_WAIT_STOPPED(19);
	int continued = ABI_WAIT_CONTINUED;

	EXPECT(WIFEXITED(exited) && WEXITSTATUS(exited) == 0xff);
	EXPECT(WIFSIGNALED(killed) && WTERMSIG(killed) == 9 && !WCOREDUMP(killed));
	EXPECT(WIFSIGNALED(dumped) && WTERMSIG(dumped) == 11 && WCOREDUMP(dumped));
	EXPECT(WIFSTOPPED(stopped) && WSTOPSIG(stopped) == 19);
	EXPECT(WIFCONTINUED(continued) && !WIFSTOPPED(continued));
}

TEST(ioctl_numbers)
{
	EXPECT_EQ(ABI_IOC(ABI_IOC_READ, 'T', 0x30, 4), _IOR('T', 0x30, int));
	EXPECT_EQ(ABI_IOC(ABI_IOC_READ | ABI_IOC_WRITE, 'R', 5, 16), _IOWR('R', 5, char[16]));
	EXPECT_EQ(ABI_IOC_DIR(_IOW('x', 1, long)), ABI_IOC_WRITE);
	EXPECT_EQ(ABI_IOC_TYPE(_IOW('x', 1, long)), 'x');
	EXPECT_EQ(ABI_IOC_NR(_IOW('x', 1, long)), 1);
	EXPECT_EQ(ABI_IOC_SIZE(_IOW('x', 1, long)), sizeof(long));
}
