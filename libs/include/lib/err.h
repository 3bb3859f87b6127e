/*
 * Errors in pointers: an object or a negative errno in one word. The last page of the address space
 * is never mapped.
 */
#pragma once

#include <lib/compiler.h>

#define ERR_MAX 4095

static inline void *ERR_PTR(long error)
{
	return (void *)error;
}

static inline bool IS_ERR(const void *p)
{
	return unlikely((unsigned long)p >= (unsigned long)-ERR_MAX);
}

static inline bool IS_ERR_OR_NULL(const void *p)
{
	return !p || IS_ERR(p);
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}
