/*
 * Shows that the checks of a profile can fail: each case makes the mistake that one mechanism exists to stop. Those that
 * must stop the kernel run only when named (kunit=<case>); where the mechanism is off they do no harm and say so.
 * testing/kunit/test_kunit.py holds which profile must do what. The allocators' mistakes are in kernel/mm/test.
 */
#include <kernel/locks.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <kernel/wait.h>
#include <kunit/kunit.h>
#include <platform/layout.h>
#include <platform/time.h>
#include <profile/bounds.h>
#include <profile/check.h>
#include <profile/refcount.h>

/* The compiler must not know the value: it would warn, or compute the result itself. */
static long hidden(long value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

KUNIT_MUST_DIE(profile_bounds_index)
{
	static int array[4 + 1];
	int(*four)[4] = (int(*)[4])array;

	AT(*four, hidden(4)) = 1;
	kunit_survived("an index beyond the array");
}

static unsigned char bytes[8];

KUNIT_MUST_DIE(profile_slice_index)
{
	struct slice four = { bytes, 4 };

	*slice_get(four, (size_t)hidden(4)) = 1;
	kunit_survived("an index beyond the slice");
}

/* The sum of start and count wraps: to compare it with the length would not do. */
KUNIT_MUST_DIE(profile_slice_part)
{
	struct slice four = { bytes, 4 }, part = slice_sub(four, 2, (size_t)hidden(-1));

	__asm__ volatile("" : : "r"(part.data), "r"(part.length));
	kunit_survived("a part that is longer than its slice");
}

KUNIT_MUST_DIE(profile_check)
{
	check(hidden(0));
	kunit_survived("a failed check");
}

KUNIT_MUST_DIE(profile_sanitize_bounds)
{
	static struct {
		int inside[4], behind;
	} object;

	object.inside[hidden(4)] = 1;
	__asm__ volatile("" : : "m"(object));
	kunit_survived("a subscript beyond the array");
}

KUNIT_MUST_DIE(profile_sanitize_shift)
{
	int result = 1 << hidden(40);

	__asm__ volatile("" : : "r"(result));
	kunit_survived("a shift by more than the width");
}

KUNIT_MUST_DIE(profile_sanitize_overflow)
{
	int big = (int)hidden(0x7fffffff), result = big + 1;

	__asm__ volatile("" : : "r"(result));
	kunit_survived("a signed overflow");
}

KUNIT_MUST_DIE(profile_sanitize_object_size)
{
	static u64 words[2];
	u64 *beyond = (u64 *)((char *)words + 8 + (hidden(4) & 4));

	*(volatile u64 *)beyond = 1;
	kunit_survived("a store that is larger than its object");
}

KUNIT_MUST_DIE(profile_sanitize_unreachable)
{
	if (hidden(1))
		__builtin_unreachable();
}

/* Over the end of a local buffer: past the canary, whatever lies between. No other check sees how large the buffer is. */
static __noinline void smash(size_t size)
{
	char buffer[16];
	volatile char *at = (char *)hidden((long)buffer);

	for (size_t i = 0; i < size; i++)
		at[i] = 0x41;
}

KUNIT_MUST_DIE(profile_stack_protector)
{
	smash((size_t)hidden(64));
	kunit_survived("a smashed stack");
}

KUNIT_MUST_DIE(profile_stack_overflow)
{
	/* The guard page lies below the stack: a store there is a double fault on a stack of its own. */
	*(volatile char *)((u64)__builtin_frame_address(0) - KERNEL_STACK_SIZE) = 1;
	kunit_survived("a store below the stack");
}

static __noinline long descend(long depth)
{
	volatile char frame[256];

	frame[0] = (char)depth;
	return hidden(depth) ? descend(depth + 1) + frame[0] : frame[0];
}

/* The real thing: the stack pointer is in the guard page, so that the CPU cannot even push the page fault. */
KUNIT_MUST_DIE(profile_stack_recursion)
{
	(void)descend(1);
	kunit_survived("a recursion without end");
}

KUNIT_MUST_DIE(profile_lock_order)
{
	struct spinlock outer, inner;
	unsigned long flags, inner_flags;

	spin_init(&outer, RANK_DEVICE);
	spin_init(&inner, RANK_RANDOM);
	flags = spin_lock_irq(&inner);
	inner_flags = spin_lock_irq(&outer);
	spin_unlock_irq(&outer, inner_flags);
	spin_unlock_irq(&inner, flags);
	kunit_survived("two locks in the wrong order");
}

#define DEEP 14

static void locks_take(struct spinlock *locks)
{
	for (unsigned int i = 0; i < DEEP; i++) {
		spin_init(&locks[i], (enum lock_rank)(RANK_TASKLIST + i));
		spin_lock(&locks[i]);
	}
}

/* More than the word of the CPU has room for, in any order of release, with a trylock below them. */
KUNIT(profile_locks_deep)
{
	struct spinlock locks[DEEP], below;

	locks_take(locks);
	spin_init(&below, RANK_TASKLIST);
	KEXPECT(spin_try_lock(&below));
	for (unsigned int i = 0; i < DEEP; i++)
		spin_unlock(&locks[(i * 5 + 3) % DEEP]);
	spin_unlock(&below);
	sleep_check();
	locks_take(locks);
	for (unsigned int i = DEEP; i-- > 0;)
		spin_unlock(&locks[i]);
	sleep_check();
}

static void sleep_a_moment(void)
{
	struct wait_queue nobody = WAIT_QUEUE_INIT(nobody);

	(void)wait_event_until(&nobody, false, SLEEP_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
}

/* The same of locks that are held while others run: each task has its own, all of them. */
KUNIT(profile_locks_deep_asleep)
{
	struct mutex locks[DEEP - 1];

	for (unsigned int i = 0; i < ARRAY_LEN(locks); i++) {
		mutex_init(&locks[i], (enum lock_rank)(RANK_FILE_POSITION + i));
		mutex_lock(&locks[i]);
		sleep_a_moment();
	}
	for (unsigned int i = 0; i < ARRAY_LEN(locks); i++) {
		sleep_a_moment();
		mutex_unlock(&locks[i]);
	}
	sleep_check();
}

/* The one that stays is behind the first eight until all others have gone. */
KUNIT_MUST_DIE(profile_lock_order_deep)
{
	struct spinlock locks[DEEP], again;

	locks_take(locks);
	for (unsigned int i = DEEP; i-- > 1;)
		spin_unlock(&locks[i]);
	spin_init(&again, RANK_TASKLIST);
	spin_lock(&again);
	spin_unlock(&again);
	spin_unlock(&locks[0]);
	kunit_survived("two locks of one rank");
}

/* A trylock may take it; what comes after it counts from the highest that is held all the same. */
KUNIT_MUST_DIE(profile_lock_order_try)
{
	struct spinlock outer, inner, between;

	spin_init(&outer, RANK_TASKLIST);
	spin_init(&inner, RANK_SOCKET);
	spin_init(&between, RANK_FS);
	spin_lock(&inner);
	(void)spin_try_lock(&outer);
	spin_lock(&between);
	spin_unlock(&between);
	spin_unlock(&outer);
	spin_unlock(&inner);
	kunit_survived("a lock below one that is held, after a trylock");
}

KUNIT_MUST_DIE(profile_lock_not_held)
{
	struct spinlock lock, other;

	spin_init(&lock, RANK_FS);
	spin_init(&other, RANK_FILES);
	spin_lock(&lock);
	preempt_disable();
	spin_unlock(&other);
	spin_unlock(&lock);
	kunit_survived("the release of a lock that is not held");
}

KUNIT_MUST_DIE(profile_lock_interrupts)
{
	struct spinlock lock;

	spin_init(&lock, RANK_DEVICE);
	spin_lock(&lock);
	spin_unlock(&lock);
	kunit_survived("an interrupt lock with interrupts on");
}

KUNIT_MUST_DIE(profile_lock_sleep)
{
	static struct mutex mutex = MUTEX_INIT(mutex, RANK_SLEEP_MISC);
	struct spinlock lock;

	spin_init(&lock, RANK_FS);
	spin_lock(&lock);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&lock);
	kunit_survived("sleeping under a spinlock");
}

KUNIT(profile_refcount_overflow)
{
	struct refcount ref;
	u64 before = warn_count();

	ref_init(&ref, (int)hidden(0x7fffffff));
	ref_get(&ref);
	kunit_observed("REFCOUNT_SATURATE",
		       ref_read(&ref) == REF_SATURATED && warn_count() > before);
	KEXPECT(ref_read(&ref) != REF_SATURATED || !ref_put(&ref));
	warn_forgive(warn_count() - before);
}

KUNIT(profile_refcount_underflow)
{
	struct refcount ref;
	u64 before = warn_count();

	ref_init(&ref, (int)hidden(0));
	KEXPECT(!ref_put(&ref));
	kunit_observed("REFCOUNT_SATURATE",
		       ref_read(&ref) == REF_SATURATED && warn_count() > before);
	warn_forgive(warn_count() - before);
}

KUNIT(profile_refcount_resurrect)
{
	struct refcount ref;
	u64 before = warn_count();

	ref_init(&ref, (int)hidden(0));
	ref_get(&ref);
	kunit_observed("REFCOUNT_DETECT_ZERO",
		       ref_read(&ref) == REF_SATURATED && warn_count() > before);
	KEXPECT(ref_read(&ref) == REF_SATURATED || ref_read(&ref) == 1);
	warn_forgive(warn_count() - before);
}

KUNIT(profile_refcount_try_get)
{
	struct refcount ref = REF_INIT(1);

	KEXPECT(ref_try_get(&ref));
	KEXPECT(!ref_put(&ref));
	KEXPECT(ref_put(&ref));
	KEXPECT(!ref_try_get(&ref));
}

static __noinline void stack_fill(void)
{
	volatile u8 old[256];

	for (size_t i = 0; i < sizeof(old); i++)
		old[i] = 0xa5;
}

/* How many bytes of a fresh array have what stack_fill left there. */
static __noinline unsigned int stack_read(void)
{
	u8 fresh[256];
	unsigned int old = 0;

	__asm__ volatile(
		""
		: "=m"(fresh)); /* the compiler believes that it was written, and writes nothing */
	for (size_t i = 0; i < sizeof(fresh); i++)
		old += ((volatile u8 *)fresh)[i] == 0xa5;
	return old;
}

KUNIT(profile_stack_init)
{
	stack_fill();
	kunit_observed("STACK_INIT", stack_read() == 0);
}

KUNIT_MUST_DIE(profile_write_text)
{
	*(volatile u8 *)(u64)kunit_survived = 0x90;
	kunit_survived("a store into the kernel's code");
}

static const u64 constant = 1;

KUNIT_MUST_DIE(profile_write_constant)
{
	*(volatile u64 *)hidden((long)&constant) = 2;
	kunit_survived("a store to a constant");
}

KUNIT_MUST_DIE(profile_run_data)
{
	static u8 code[] = { 0xc3 };

	((void (*)(void))hidden((long)code))();
	kunit_survived("running data");
}
