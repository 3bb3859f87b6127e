/*
 * The monotonic clock and each CPU's one-shot timer. The clock is the TSC; where there is none, or where CPUs disagree
 * about it, the ACPI PM timer, which is some hundred times slower to read. The timer is the local APIC's.
 *
 * Both are measured once, in the same millisecond, against the PM timer or else the PIT.
 */
#include <platform/time.h>

#include <lib/atomic.h>
#include <platform/cpu.h>
#include <x86/acpi.h>
#include <x86/apic.h>
#include <x86/cpuid.h>
#include <x86/io.h>
#include <x86/setup.h>

#define NS_PER_SECOND 1000000000ULL
#define PM_TIMER_HZ 3579545
#define PIT_HZ 1193182
/* How long to measure: 1/1000 second. One tick of the reference is 0.03 % of that, or 0.08 %. */
#define MEASURE_PER_SECOND 1000
/* A reference that stands still is given up after so many reads, at least some 100 ns each. */
#define REFERENCE_READS 100000
/* Of several samples the one that was taken in the shortest time is the best. */
#define SAMPLES 5

#define PIT_CHANNEL_2 0x42
#define PIT_COMMAND 0x43
#define PIT_CONTROL 0x61

struct clock_tsc clock_tsc;

/* result = value * mult >> shift */
struct scale {
	u32 mult, shift;
};

static struct scale pm_scale __ro_after_init;
static u32 pm_mask __ro_after_init;
static u64 pm_total; /* [A] ticks since clock_init; the low bits are the register's */
static u64 pm_start_total; /* when the PM timer became the clock, and what the clock said then */
static u64 pm_start_ns;
static struct scale lapic_scale __ro_after_init; /* ns to ticks */

/* `to` / `from` as a fraction, with as many bits as fit. */
static struct scale scale_make(u64 from, u64 to)
{
	struct scale scale = { .shift = 32 };
	unsigned __int128 wide = (unsigned __int128)to << 32;

	while ((u64)(wide >> 32) >= from) {
		wide >>= 1;
		scale.shift--;
	}
	/* wide / from < 2^32: no 128-bit division is needed. */
	__asm__("divq %2" : "=a"(from) : "a"((u64)wide), "r"(from), "d"((u64)(wide >> 64)) : "cc");
	scale.mult = from;
	return scale;
}

static u64 scale_apply(u64 value, struct scale scale)
{
	return (unsigned __int128)value * scale.mult >> scale.shift;
}

/* Not before any earlier load of this CPU has been done. */
static u64 tsc_read_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return __builtin_ia32_rdtsc();
}

static u32 pm_read(void)
{
	return inl(acpi_fixed.pm_timer) & pm_mask;
}

/* Never more than one turn of the register may pass between two calls: timer_arm sees to that. */
static u64 pm_total_read(void)
{
	u64 last = READ_ONCE(pm_total), now;

	do
		now = last + ((pm_read() - (u32)last) & pm_mask);
	while (!try_cmpxchg(&pm_total, &last, now));
	return now;
}

u64 clock_ns(void)
{
	if (likely(clock_tsc.usable)) {
		unsigned __int128 cycles = tsc_read_ordered() - clock_tsc.base_tsc;

		return (cycles * clock_tsc.mult >> clock_tsc.shift) + clock_tsc.base_ns;
	}
	return pm_start_ns + scale_apply(pm_total_read() - pm_start_total, pm_scale);
}

void delay_us(unsigned int us)
{
	u64 end = clock_ns() + us * 1000ULL;

	while (clock_ns() < end)
		__builtin_ia32_pause();
}

/* --- Measuring ----------------------------------------------------------- */

struct reference {
	u32 hz, mask;
	u32 (*read)(void); /* counts up */
};

struct sample {
	u64 tsc;
	u32 reference, lapic;
};

static u32 __init pit_read(void)
{
	u32 low;

	outb(PIT_COMMAND, 0x80); /* latch channel 2 */
	low = inb(PIT_CHANNEL_2);
	return ~(low | (u32)inb(PIT_CHANNEL_2) << 8) & 0xffff;
}

/* Channel 2 counts down from 65536, speaker off. */
static void __init pit_start(void)
{
	outb(PIT_CONTROL, (inb(PIT_CONTROL) & ~2) | 1);
	outb(PIT_COMMAND, 0xb0); /* channel 2, both bytes, mode 0 */
	outb(PIT_CHANNEL_2, 0);
	outb(PIT_CHANNEL_2, 0);
}

static struct reference __init reference_find(void)
{
	pm_mask = acpi_fixed.pm_timer_32_bits ? ~0u : 0xffffff;
	if (acpi_fixed.pm_timer)
		return (struct reference){ PM_TIMER_HZ, pm_mask, pm_read };
	pit_start();
	return (struct reference){ PIT_HZ, 0xffff, pit_read };
}

static u64 tsc_or_zero(void)
{
	return cpu_has(CPU_TSC) ? tsc_read_ordered() : 0;
}

static struct sample __init sample_take(const struct reference *reference)
{
	struct sample best = { 0 };
	u64 shortest = ~0ULL;
	int i;

	for (i = 0; i < SAMPLES; i++) {
		u64 before = tsc_or_zero();
		u32 ticks = reference->read(), lapic = lapic_timer_left();
		u64 after = tsc_or_zero();

		if (after - before >= shortest)
			continue;
		shortest = after - before;
		best = (struct sample){ before + shortest / 2, ticks, lapic };
	}
	return best;
}

static void __init reference_wait(const struct reference *reference, u32 start)
{
	u32 reads;

	for (reads = 0; reads < REFERENCE_READS; reads++)
		if (((reference->read() - start) & reference->mask) >=
		    reference->hz / MEASURE_PER_SECOND)
			return;
	boot_fail("this machine has no clock: neither the ACPI PM timer nor the PIT counts");
}

/* In kHz, where CPUID or the hypervisor says (SDM 19.7.3; leaf 0x40000010 is VMware's and KVM's); else 0. */
static u64 __init tsc_khz_stated(void)
{
	struct cpuid r;

	if (cpu_has(CPU_HYPERVISOR) && cpuid_max(CPUID_HYPERVISOR) >= CPUID_HYPERVISOR + 0x10 &&
	    cpuid_max(CPUID_HYPERVISOR) < CPUID_HYPERVISOR + 0x10000)
		return cpuid_read(CPUID_HYPERVISOR + 0x10, 0).eax;
	if (cpuid_max(0) < 0x15)
		return 0;
	r = cpuid_read(0x15, 0);
	return r.eax && r.ebx && r.ecx ? (u64)r.ecx * r.ebx / r.eax / 1000 : 0;
}

static void __init tsc_use(u64 khz, u64 base)
{
	struct scale scale = scale_make(khz * 1000, NS_PER_SECOND);

	clock_tsc = (struct clock_tsc){
		.usable = true,
		.mult = scale.mult,
		.shift = scale.shift,
		.base_tsc = base,
		.khz = khz,
	};
}

static void __init pm_use(u64 start_ns)
{
	if (!acpi_fixed.pm_timer)
		boot_fail("this machine has no clock: neither a TSC nor the ACPI PM timer");
	pm_total = pm_start_total = pm_read();
	pm_start_ns = start_ns;
	clock_tsc.usable = false;
}

void __init clock_init(void)
{
	struct reference reference = reference_find();
	struct sample first, last;
	u32 ticks;
	u64 khz;

	pm_scale = scale_make(PM_TIMER_HZ, NS_PER_SECOND);
	lapic_timer_set(~0u);
	first = sample_take(&reference);
	reference_wait(&reference, first.reference);
	last = sample_take(&reference);
	lapic_timer_set(0);
	ticks = (last.reference - first.reference) & reference.mask;
	lapic_scale =
		scale_make(NS_PER_SECOND, (u64)(first.lapic - last.lapic) * reference.hz / ticks);
	khz = tsc_khz_stated();
	if (!khz)
		khz = (last.tsc - first.tsc) * reference.hz / ticks / 1000;
	if (khz)
		tsc_use(khz, first.tsc);
	else
		pm_use(0);
}

void __init clock_tsc_distrust(void)
{
	if (clock_tsc.usable && acpi_fixed.pm_timer)
		pm_use(clock_ns());
}

/* --- The timer ----------------------------------------------------------- */

/* While the PM timer is the clock it must be read before it wraps: 24 bits last 4.7 s. */
#define PM_READ_INTERVAL NS_PER_SECOND
/* Whoever waits longer arms the timer again. */
#define TIMER_MAX (60 * NS_PER_SECOND)

void timer_arm(u64 deadline_ns)
{
	u64 now = clock_ns(), wait = deadline_ns > now ? deadline_ns - now : 0;
	u64 ticks;

	if (!clock_tsc.usable)
		wait = MIN(wait, PM_READ_INTERVAL);
	wait = MIN(wait, TIMER_MAX);
	ticks = scale_apply(wait, lapic_scale);
	/* Rounded up; and 0 would stop the timer. */
	lapic_timer_set(MIN(ticks + 1, 0xffffffffULL));
}

void timer_stop(void)
{
	if (clock_tsc.usable)
		lapic_timer_set(0);
	else
		timer_arm(~0ULL);
}
