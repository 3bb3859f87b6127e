/*
 * Constants for assembly. offsets.c is compiled to assembly text and never linked; each macro leaves a line
 * `-> NAME value` in that text, which the Makefile turns into generated/offsets.h.
 */
#pragma once

#include <stddef.h>

#define DEFINE(sym, val) __asm__ volatile("\n.ascii \"->" #sym " %0\"" : : "i"(val))
#define OFFSET(sym, str, mem) DEFINE(sym, offsetof(struct str, mem))
