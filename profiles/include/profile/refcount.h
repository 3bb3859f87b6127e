/*
 * The number of references to an object. Who holds one may use the object and may take another; whoever drops the last
 * frees it. Getting is relaxed: the reference already held orders it. Putting releases, and the last one acquires, so
 * that all uses come before the end.
 *
 * REFCOUNT_SATURATE: a count that leaves 1..INT_MAX sticks far below zero and is reported, and the object leaks rather
 * than being freed in use. REFCOUNT_DETECT_ZERO: so does a reference taken when there was none.
 */
#pragma once

#include <profile/config.h>
#include <limits.h>
#include <stdbool.h>

struct refcount {
	int value;
};

#define REF_INIT(n)                                                                                \
	{                                                                                          \
		(n)                                                                                \
	}
#define REF_SATURATED (INT_MIN / 2)

/* The kernel provides it: reports, once for a count, and returns. */
__attribute__((cold)) void refcount_fail(struct refcount *ref, const char *what);

static inline void ref_init(struct refcount *ref, int count)
{
	__atomic_store_n(&ref->value, count, __ATOMIC_RELAXED);
}

static inline int ref_read(const struct refcount *ref)
{
	return __atomic_load_n(&ref->value, __ATOMIC_RELAXED);
}

__attribute__((cold)) static inline void ref_saturate(struct refcount *ref, const char *what)
{
	ref_init(ref, REF_SATURATED);
	refcount_fail(ref, what);
}

static inline void ref_get(struct refcount *ref)
{
	int old = __atomic_fetch_add(&ref->value, 1, __ATOMIC_RELAXED);

	if (config_on(CONFIG_REFCOUNT_DETECT_ZERO) && __builtin_expect(old == 0, false))
		ref_saturate(ref, "reference taken on a dead object");
	else if (config_on(CONFIG_REFCOUNT_SATURATE) &&
		 __builtin_expect(old < 0 || old == INT_MAX, false))
		ref_saturate(ref, "reference count overflow");
}

/* A reference to an object that may be dying: false if it is. */
static inline bool ref_try_get(struct refcount *ref)
{
	int old = ref_read(ref);

	do {
		if (old == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&ref->value, &old, (int)((unsigned int)old + 1),
					      false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	if (config_on(CONFIG_REFCOUNT_SATURATE) &&
	    __builtin_expect(old < 0 || old == INT_MAX, false))
		ref_saturate(ref, "reference count overflow");
	return true;
}

/* True if this was the last one: the caller frees the object. */
static inline bool ref_put(struct refcount *ref)
{
	int old = __atomic_fetch_sub(&ref->value, 1, __ATOMIC_RELEASE);

	if (old == 1) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		return true;
	}
	if (config_on(CONFIG_REFCOUNT_SATURATE) && __builtin_expect(old <= 0, false))
		ref_saturate(ref, "reference dropped that nobody held");
	return false;
}
