/* Scalar types of fixed width. Freestanding; also compiles on the host for unit tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

/* Names that a host libc also has: taken from it there. */
#if __STDC_HOSTED__
#include <sys/types.h>
#else
typedef s64 ssize_t;
typedef s64 off_t;
#endif
