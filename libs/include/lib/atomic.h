/*
 * Atomic counters and flags. Unless the name says otherwise an operation that returns a value is a
 * full barrier and one that returns nothing is relaxed, as on x86 both are one locked instruction.
 */
#pragma once

#include <lib/compiler.h>

typedef struct {
	int value;
} atomic_t;

typedef struct {
	long value;
} atomic_long_t;

#define ATOMIC_INIT(v)                                                                             \
	{                                                                                          \
		(v)                                                                                \
	}

/* Both types through one set of names. */
#define atomic_read(a) __atomic_load_n(&(a)->value, __ATOMIC_RELAXED)
#define atomic_read_acquire(a) __atomic_load_n(&(a)->value, __ATOMIC_ACQUIRE)
#define atomic_set(a, v) __atomic_store_n(&(a)->value, (v), __ATOMIC_RELAXED)
#define atomic_set_release(a, v) __atomic_store_n(&(a)->value, (v), __ATOMIC_RELEASE)
#define atomic_add(a, n) ((void)__atomic_fetch_add(&(a)->value, (n), __ATOMIC_RELAXED))
#define atomic_sub(a, n) ((void)__atomic_fetch_sub(&(a)->value, (n), __ATOMIC_RELAXED))
#define atomic_inc(a) atomic_add(a, 1)
#define atomic_dec(a) atomic_sub(a, 1)
/* The value after the operation. */
#define atomic_add_return(a, n) __atomic_add_fetch(&(a)->value, (n), __ATOMIC_SEQ_CST)
#define atomic_sub_return(a, n) __atomic_sub_fetch(&(a)->value, (n), __ATOMIC_SEQ_CST)
/* The value before it. */
#define atomic_fetch_add(a, n) __atomic_fetch_add(&(a)->value, (n), __ATOMIC_SEQ_CST)
#define atomic_exchange(a, v) __atomic_exchange_n(&(a)->value, (v), __ATOMIC_SEQ_CST)
/* True when the result is 0. */
#define atomic_dec_and_test(a) (atomic_sub_return(a, 1) == 0)

/* `*expected` takes the value found when the exchange fails. */
#define atomic_try_cmpxchg(a, expected, desired)                                                   \
	__atomic_compare_exchange_n(&(a)->value, (expected), (desired), false, __ATOMIC_SEQ_CST,   \
				    __ATOMIC_RELAXED)

/* On plain objects (pointers, words in a larger structure). */
#define load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define try_cmpxchg(p, expected, desired)                                                          \
	__atomic_compare_exchange_n(p, (expected), (desired), false, __ATOMIC_SEQ_CST,             \
				    __ATOMIC_RELAXED)
#define xchg(p, v) __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)

/* Orders earlier stores before later loads: the one reordering x86 does. */
#define memory_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)

static inline void cpu_relax(void)
{
	__builtin_ia32_pause();
}

/* Bits of an array of words shared between CPUs. The test_and_ forms return the old bit. */
static inline bool atomic_test_bit(const unsigned long *words, unsigned int bit)
{
	return (READ_ONCE(words[bit / 64]) >> (bit % 64)) & 1;
}

static inline void atomic_set_bit(unsigned long *words, unsigned int bit)
{
	__atomic_fetch_or(&words[bit / 64], 1UL << (bit % 64), __ATOMIC_SEQ_CST);
}

static inline void atomic_clear_bit(unsigned long *words, unsigned int bit)
{
	__atomic_fetch_and(&words[bit / 64], ~(1UL << (bit % 64)), __ATOMIC_SEQ_CST);
}

static inline bool atomic_test_and_set_bit(unsigned long *words, unsigned int bit)
{
	return (__atomic_fetch_or(&words[bit / 64], 1UL << (bit % 64), __ATOMIC_SEQ_CST) >>
		(bit % 64)) &
	       1;
}

static inline bool atomic_test_and_clear_bit(unsigned long *words, unsigned int bit)
{
	return (__atomic_fetch_and(&words[bit / 64], ~(1UL << (bit % 64)), __ATOMIC_SEQ_CST) >>
		(bit % 64)) &
	       1;
}
