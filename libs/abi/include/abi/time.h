/* Clocks, timers and their structures. */
#pragma once

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_REALTIME_ALARM 8
#define CLOCK_BOOTTIME_ALARM 9
#define CLOCK_SGI_CYCLE 10
#define CLOCK_TAI 11

#define MAX_CLOCKS 16
#define ITIMER_REAL 0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF 2
#define TIMER_ABSTIME 0x1

#define TFD_CLOEXEC 0x80000
#define TFD_NONBLOCK 0x800
#define TFD_TIMER_ABSTIME 1
#define TFD_TIMER_CANCEL_ON_SET 2

struct abi_timespec {
	long tv_sec;
	long tv_nsec;
};
_Static_assert(sizeof(struct abi_timespec) == 16, "abi_timespec");

struct abi_timeval {
	long tv_sec;
	long tv_usec;
};
_Static_assert(sizeof(struct abi_timeval) == 16, "abi_timeval");

struct abi_itimerval {
	struct abi_timeval it_interval;
	struct abi_timeval it_value;
};
_Static_assert(sizeof(struct abi_itimerval) == 32, "abi_itimerval");

struct abi_itimerspec {
	struct abi_timespec it_interval;
	struct abi_timespec it_value;
};
_Static_assert(sizeof(struct abi_itimerspec) == 32, "abi_itimerspec");

struct abi_timezone {
	int tz_minuteswest;
	int tz_dsttime;
};

/* times(2), in units of 1/ABI_USER_HZ seconds. */
struct abi_tms {
	long tms_utime;
	long tms_stime;
	long tms_cutime;
	long tms_cstime;
};
_Static_assert(sizeof(struct abi_tms) == 32, "abi_tms");
#define ABI_USER_HZ 100

struct abi_utimbuf {
	long actime;
	long modtime;
};

#define UTIME_NOW 0x3fffffffL
#define UTIME_OMIT 0x3ffffffeL

#define ADJ_OFFSET 0x1
#define ADJ_FREQUENCY 0x2
#define ADJ_MAXERROR 0x4
#define ADJ_ESTERROR 0x8
#define ADJ_STATUS 0x10
#define ADJ_TIMECONST 0x20
#define ADJ_TAI 0x80
#define ADJ_SETOFFSET 0x100
#define ADJ_MICRO 0x1000
#define ADJ_NANO 0x2000
#define ADJ_TICK 0x4000

#define STA_PLL 0x1
#define STA_PPSFREQ 0x2
#define STA_PPSTIME 0x4
#define STA_FLL 0x8
#define STA_INS 0x10
#define STA_DEL 0x20
#define STA_UNSYNC 0x40
#define STA_FREQHOLD 0x80
#define STA_PPSSIGNAL 0x100
#define STA_PPSJITTER 0x200
#define STA_PPSWANDER 0x400
#define STA_PPSERROR 0x800
#define STA_CLOCKERR 0x1000
#define STA_NANO 0x2000
#define STA_MODE 0x4000
#define STA_CLK 0x8000

#define TIME_OK 0
#define TIME_INS 1
#define TIME_DEL 2
#define TIME_OOP 3
#define TIME_WAIT 4
#define TIME_ERROR 5

struct abi_timex {
	unsigned int modes;
	long offset;
	long freq;
	long maxerror;
	long esterror;
	int status;
	long constant;
	long precision;
	long tolerance;
	struct abi_timeval time;
	long tick;
	long ppsfreq;
	long jitter;
	int shift;
	long stabil;
	long jitcnt;
	long calcnt;
	long errcnt;
	long stbcnt;
	int tai;
	int pad[11];
};
_Static_assert(sizeof(struct abi_timex) == 208, "abi_timex");
