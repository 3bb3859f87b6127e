/*
 * The functions of the vDSO. They run in user mode, on any stack: no state, no relocation, nothing but the data page. What
 * they cannot answer they ask the kernel, so results and errors are the system calls'; a bad pointer is a fault of the program.
 */
#include <abi/time.h>
#include <lib/compiler.h>
#include <platform/layout.h>
#include <platform/vdso.h>

#define NSEC_PER_SEC 1000000000ULL
#define FINE_CLOCKS                                                                                \
	(1u << CLOCK_REALTIME | 1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW |                \
	 1u << CLOCK_BOOTTIME | 1u << CLOCK_TAI)

#define NR_GETTIMEOFDAY 96
#define NR_CLOCK_GETTIME 228
#define NR_CLOCK_GETRES 229

/* Placed by vdso.lds, a page below the image. */
extern const struct vdso_data vdso_data __attribute__((visibility("hidden")));

long __vdso_clock_gettime(u32 clock, struct abi_timespec *time);
long __vdso_clock_getres(u32 clock, struct abi_timespec *resolution);
long __vdso_gettimeofday(struct abi_timeval *tv, struct abi_timezone *tz);
long __vdso_time(long *time);
long __vdso_getcpu(u32 *cpu, u32 *node, void *unused);

static long system_call(long number, u64 a, u64 b)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "0"(number), "D"(a), "S"(b)
			 : "rcx", "r11", "memory");
	return result;
}

/* Whether bit `clock` of the mask is set; ids from 32 on have none. */
static inline bool clock_in(u32 mask, u32 clock)
{
	return clock < 32 && mask >> clock & 1;
}

/* The fence: not before any earlier load, so that what another CPU told us happened before what we read. */
static inline u64 clock_ns(u32 clock)
{
	u64 low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	low |= high << 32;
	low -= vdso_data.base_tsc;
	__asm__("mulq %2" : "+a"(low), "=&d"(high) : "m"(vdso_data.mult) : "cc");
	__asm__("shrdq %b1, %2, %0" : "+r"(low) : "c"(vdso_data.shift), "r"(high) : "cc");
	return low + READ_ONCE(vdso_data.offset_ns[clock]);
}

long __vdso_clock_gettime(u32 clock, struct abi_timespec *time)
{
	u64 ns;

	if (unlikely(!clock_in(vdso_data.clocks, clock)))
		return system_call(NR_CLOCK_GETTIME, clock, (u64)time);
	ns = clock_ns(clock);
	time->tv_sec = (long)(ns / NSEC_PER_SEC);
	time->tv_nsec = (long)(ns % NSEC_PER_SEC);
	return 0;
}

long __vdso_clock_getres(u32 clock, struct abi_timespec *resolution)
{
	if (!clock_in(FINE_CLOCKS, clock))
		return system_call(NR_CLOCK_GETRES, clock, (u64)resolution);
	if (resolution)
		*resolution = (struct abi_timespec){ .tv_nsec = 1 };
	return 0;
}

long __vdso_gettimeofday(struct abi_timeval *tv, struct abi_timezone *tz)
{
	u64 ns;

	/* The zone is asked for by nobody, and is the kernel's to know. */
	if (unlikely(tz || !tv || !vdso_data.clocks))
		return system_call(NR_GETTIMEOFDAY, (u64)tv, (u64)tz);
	ns = clock_ns(CLOCK_REALTIME);
	tv->tv_sec = (long)(ns / NSEC_PER_SEC);
	tv->tv_usec = (long)(ns % NSEC_PER_SEC / 1000);
	return 0;
}

long __vdso_time(long *time)
{
	struct abi_timespec now;

	(void)__vdso_clock_gettime(CLOCK_REALTIME, &now);
	if (time)
		*time = now.tv_sec;
	return now.tv_sec;
}

/* The limit of a segment that each CPU has in its table of descriptors is its number. */
long __vdso_getcpu(u32 *cpu, u32 *node, void *unused __unused)
{
	u32 number;

	__asm__ volatile("lsl %1, %0" : "=r"(number) : "r"(SEL_CPU_NUMBER) : "cc");
	if (cpu)
		*cpu = number;
	if (node)
		*node = 0;
	return 0;
}

#define PLAIN_NAME(name)                                                                           \
	extern __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)))
PLAIN_NAME(clock_gettime);
PLAIN_NAME(clock_getres);
PLAIN_NAME(gettimeofday);
PLAIN_NAME(time);
PLAIN_NAME(getcpu);
