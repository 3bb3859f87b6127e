/*
 * Compiler vocabulary: attributes, access to shared memory, small arithmetic. No code is generated
 * here.
 */
#pragma once

#include <lib/types.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

/* A host libc defines some of these names for itself. */
#undef __packed
#undef __always_inline
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define __noreturn __attribute__((noreturn))
#define __cold __attribute__((cold))
#define __used __attribute__((used))
#define __unused __attribute__((unused))
#define __section(s) __attribute__((section(s)))
#define __must_check __attribute__((warn_unused_result))
#define __printf(fmt, first) __attribute__((format(printf, fmt, first)))

/* Code and data that are needed only until init runs; the pages are freed then. */
#define __init __section(".init.text") __cold
#define __initdata __section(".init.data")
/* Written during boot, read-only from its end on. */
#define __ro_after_init __section(".data.ro_after_init")
/* Own cache line: fields that one CPU writes while others read their neighbours. */
#define CACHE_LINE 64
#define __cache_aligned __aligned(CACHE_LINE)

#define barrier() __asm__ volatile("" ::: "memory")

/*
 * One untorn access that the compiler neither repeats nor drops. Order needs the atomics of
 * lib/atomic.h.
 */
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#define ARRAY_LEN(a)                                                                               \
	(sizeof(a) / sizeof((a)[0]) +                                                              \
	 0 * sizeof(struct {                                                                       \
		 _Static_assert(!__builtin_types_compatible_p(__typeof__(a), __typeof__(&(a)[0])), \
				"ARRAY_LEN of a pointer");                                         \
		 int unused;                                                                       \
	 }))

#define container_of(ptr, type, member)                                                            \
	({                                                                                         \
		const __typeof__(((type *)0)->member) *member_ptr = (ptr);                         \
		(type *)((char *)member_ptr - offsetof(type, member));                             \
	})

/* `n` is a power of two. */
#define ALIGN_DOWN(x, n) ((x) & ~((__typeof__(x))(n)-1))
#define ALIGN_UP(x, n) ALIGN_DOWN((x) + (__typeof__(x))(n)-1, n)
#define IS_ALIGNED(x, n) (((x) & ((__typeof__(x))(n)-1)) == 0)
#define DIV_ROUND_UP(x, n) (((x) + (n)-1) / (n))
#define IS_POWER_OF_2(x) ((x) != 0 && ((x) & ((x)-1)) == 0)

#define MIN(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) min_a = (a);                                                         \
		__typeof__(b) min_b = (b);                                                         \
		min_a < min_b ? min_a : min_b;                                                     \
	})
#define MAX(a, b)                                                                                  \
	({                                                                                         \
		__typeof__(a) max_a = (a);                                                         \
		__typeof__(b) max_b = (b);                                                         \
		max_a > max_b ? max_a : max_b;                                                     \
	})

/* Bit index of the highest set bit; `x` is not 0. */
static inline unsigned int ilog2(u64 x)
{
	return 63 - (unsigned int)__builtin_clzll(x);
}

#define KIB 1024UL
#define MIB (1024UL * KIB)
#define GIB (1024UL * MIB)
