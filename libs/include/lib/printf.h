/*
 * Bounded formatted output: C99's snprintf without floating point, %n and wide characters. %p
 * prints 0x and hexadecimal digits. The kernel's callers decide which addresses may be shown.
 */
#pragma once

#include <stdarg.h>

#include <lib/compiler.h>

#if __STDC_HOSTED__
#include <stdio.h>
#define vsnprintf lib_vsnprintf
#define snprintf lib_snprintf
#endif

/*
 * The length of the whole output, as if there had been room; what does not fit is dropped, and `to`
 * ends in NUL unless size is 0.
 */
int vsnprintf(char *to, size_t size, const char *format, va_list args) __printf(3, 0);
int snprintf(char *to, size_t size, const char *format, ...) __printf(3, 4);
/* The length of what was stored, without the NUL: safe to add up. */
int vscnprintf(char *to, size_t size, const char *format, va_list args) __printf(3, 0);
int scnprintf(char *to, size_t size, const char *format, ...) __printf(3, 4);
