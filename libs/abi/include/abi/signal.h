/*
 * Signals: numbers, siginfo, sigaction, the alternate stack and the frame that a handler is given.
 */
#pragma once

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGABRT 6
#define SIGIOT 6
#define SIGBUS 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGUSR1 10
#define SIGSEGV 11
#define SIGUSR2 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGSTKFLT 16
#define SIGCHLD 17
#define SIGCONT 18
#define SIGSTOP 19
#define SIGTSTP 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGURG 23
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGIO 29
#define SIGPOLL 29
#define SIGPWR 30
#define SIGSYS 31
#define SIGRTMIN 32
#define SIGRTMAX 64
#define ABI_NSIG 64

/* Special handlers, as numbers: the kernel never calls them. */
#define ABI_SIG_DFL 0UL
#define ABI_SIG_IGN 1UL

#define SIG_BLOCK 0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

#define SA_NOCLDSTOP 0x1
#define SA_NOCLDWAIT 0x2
#define SA_SIGINFO 0x4
#define SA_UNSUPPORTED 0x400
#define SA_EXPOSE_TAGBITS 0x800
#define SA_ONSTACK 0x8000000
#define SA_RESTART 0x10000000
#define SA_NODEFER 0x40000000
#define SA_RESETHAND 0x80000000
#define SA_RESTORER 0x4000000

#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM 0x80000000
#define MINSIGSTKSZ 2048
#define SIGSTKSZ 8192

#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_ASYNCNL (-60)
#define SI_DETHREAD (-7)
#define SI_TKILL (-6)
#define SI_SIGIO (-5)
#define SI_ASYNCIO (-4)
#define SI_MESGQ (-3)
#define SI_TIMER (-2)
#define SI_QUEUE (-1)

#define ILL_ILLOPC 1
#define ILL_ILLOPN 2
#define ILL_ILLADR 3
#define ILL_ILLTRP 4
#define ILL_PRVOPC 5
#define ILL_PRVREG 6
#define ILL_COPROC 7
#define ILL_BADSTK 8
#define ILL_BADIADDR 9

#define FPE_INTDIV 1
#define FPE_INTOVF 2
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define FPE_FLTSUB 8
#define FPE_FLTUNK 14
#define FPE_CONDTRAP 15

#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define SEGV_BNDERR 3
#define SEGV_PKUERR 4
#define SEGV_ACCADI 5
#define SEGV_ADIDERR 6
#define SEGV_ADIPERR 7
#define SEGV_MTEAERR 8
#define SEGV_MTESERR 9

#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define BUS_OBJERR 3
#define BUS_MCEERR_AR 4
#define BUS_MCEERR_AO 5

#define TRAP_BRKPT 1
#define TRAP_TRACE 2
#define TRAP_BRANCH 3
#define TRAP_HWBKPT 4
#define TRAP_UNK 5

#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_TRAPPED 4
#define CLD_STOPPED 5
#define CLD_CONTINUED 6

#define POLL_IN 1
#define POLL_OUT 2
#define POLL_MSG 3
#define POLL_ERR 4
#define POLL_PRI 5
#define POLL_HUP 6

#define SYS_SECCOMP 1
#define SYS_USER_DISPATCH 2

#define SIGEV_SIGNAL 0
#define SIGEV_NONE 1
#define SIGEV_THREAD 2
#define SIGEV_THREAD_ID 4

typedef struct {
	unsigned long bits;
} abi_sigset_t;
_Static_assert(sizeof(abi_sigset_t) == 8, "abi_sigset_t: 64 signals, bit n - 1 is signal n");

union abi_sigval {
	int sival_int;
	unsigned long sival_ptr;
};

struct abi_siginfo {
	int si_signo;
	int si_errno;
	int si_code;
	int pad;
	union {
		int raw[28];
		struct { /* kill, tgkill, sigqueue, message queues */
			int pid;
			unsigned int uid;
			union abi_sigval value;
		} rt;
		struct { /* POSIX timers */
			int tid;
			int overrun;
			union abi_sigval value;
		} timer;
		struct { /* SIGCHLD */
			int pid;
			unsigned int uid;
			int status;
			long utime;
			long stime;
		} child;
		struct { /* SIGILL, SIGFPE, SIGSEGV, SIGBUS, SIGTRAP */
			unsigned long addr;
			short addr_lsb;
			unsigned long lower;
			unsigned long upper;
		} fault;
		struct { /* SIGPOLL */
			long band;
			int fd;
		} poll;
		struct { /* SIGSYS */
			unsigned long call_addr;
			int syscall;
			unsigned int arch;
		} sys;
	} fields;
};
_Static_assert(sizeof(struct abi_siginfo) == 128, "abi_siginfo");

struct abi_sigaction {
	unsigned long handler;
	unsigned long flags;
	unsigned long restorer;
	abi_sigset_t mask;
};
_Static_assert(sizeof(struct abi_sigaction) == 32, "abi_sigaction");

struct abi_stack {
	unsigned long ss_sp;
	int ss_flags;
	unsigned long ss_size;
};
_Static_assert(sizeof(struct abi_stack) == 24, "abi_stack");

struct abi_sigevent {
	union abi_sigval sigev_value;
	int sigev_signo;
	int sigev_notify;
	int sigev_tid;
	int pad[11];
};
_Static_assert(sizeof(struct abi_sigevent) == 64, "abi_sigevent");

/* Registers in a signal frame. */
struct abi_sigcontext {
	unsigned long r8, r9, r10, r11, r12, r13, r14, r15;
	unsigned long rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp;
	unsigned long rip;
	unsigned long eflags;
	unsigned short cs;
	unsigned short gs;
	unsigned short fs;
	unsigned short ss;
	unsigned long err;
	unsigned long trapno;
	unsigned long oldmask;
	unsigned long cr2;
	unsigned long fpstate; /* user address of the FXSAVE or XSAVE image, 64-byte aligned */
	unsigned long reserved[8];
};
_Static_assert(sizeof(struct abi_sigcontext) == 256, "abi_sigcontext");

#define UC_FP_XSTATE 0x1
#define UC_SIGCONTEXT_SS 0x2
#define UC_STRICT_RESTORE_SS 0x4

struct abi_ucontext {
	unsigned long uc_flags;
	unsigned long uc_link;
	struct abi_stack uc_stack;
	struct abi_sigcontext uc_mcontext;
	abi_sigset_t uc_sigmask;
};
_Static_assert(sizeof(struct abi_ucontext) == 304, "abi_ucontext");

/*
 * What a handler's stack pointer addresses on entry: (rsp + 8) % 16 == 0. The floating-point image
 * lies above, the red zone of the interrupted function above that.
 */
struct abi_rt_sigframe {
	unsigned long pretcode; /* sa_restorer, which calls rt_sigreturn */
	struct abi_ucontext uc;
	struct abi_siginfo info;
};
_Static_assert(sizeof(struct abi_rt_sigframe) == 440, "abi_rt_sigframe");

#define FP_XSTATE_MAGIC1 0x46505853U
#define FP_XSTATE_MAGIC2 0x46505845U
#define FP_XSTATE_MAGIC2_SIZE 4

/*
 * In the last 48 bytes of the FXSAVE area. magic1 says that extended state and, at its end, magic2
 * follow.
 */
struct abi_fpx_sw_bytes {
	unsigned int magic1;
	unsigned int extended_size; /* of the whole image, with magic2 */
	unsigned long xfeatures;
	unsigned int xstate_size; /* of the XSAVE area */
	unsigned int padding[7];
};
_Static_assert(sizeof(struct abi_fpx_sw_bytes) == 48, "abi_fpx_sw_bytes");
#define ABI_FPX_SW_OFFSET 464

struct abi_fpstate {
	unsigned short cwd;
	unsigned short swd;
	unsigned short twd;
	unsigned short fop;
	unsigned long rip;
	unsigned long rdp;
	unsigned int mxcsr;
	unsigned int mxcsr_mask;
	unsigned int st_space[32];
	unsigned int xmm_space[64];
	unsigned int reserved2[12];
	struct abi_fpx_sw_bytes sw_reserved;
};
_Static_assert(sizeof(struct abi_fpstate) == 512, "abi_fpstate");

#define SFD_CLOEXEC 0x80000
#define SFD_NONBLOCK 0x800
struct abi_signalfd_siginfo {
	unsigned int ssi_signo;
	int ssi_errno;
	int ssi_code;
	unsigned int ssi_pid;
	unsigned int ssi_uid;
	int ssi_fd;
	unsigned int ssi_tid;
	unsigned int ssi_band;
	unsigned int ssi_overrun;
	unsigned int ssi_trapno;
	int ssi_status;
	int ssi_int;
	unsigned long long ssi_ptr;
	unsigned long long ssi_utime;
	unsigned long long ssi_stime;
	unsigned long long ssi_addr;
	unsigned short ssi_addr_lsb;
	unsigned short pad2;
	int ssi_syscall;
	unsigned long long ssi_call_addr;
	unsigned int ssi_arch;
	unsigned char pad[28];
};
_Static_assert(sizeof(struct abi_signalfd_siginfo) == 128, "abi_signalfd_siginfo");
