/*
 * Hashes for tables in memory. Not cryptographic: who hashes what a user chose passes a seed that
 * the user cannot know, and still bounds the length of a chain by other means.
 */
#pragma once

#include <lib/compiler.h>

/* A bijection that spreads every input bit over the whole word. */
static inline u64 hash_u64(u64 value)
{
	value ^= value >> 32;
	value *= 0x9fb21c651e98df25UL;
	value ^= value >> 29;
	value *= 0xd6e8feb86659fd93UL;
	return value ^ (value >> 32);
}

static inline u64 hash_ptr(const void *p)
{
	return hash_u64((u64)(uintptr_t)p);
}

/* The index of `hash` in a table of 1 << bits buckets; bits is 1 to 32. */
static inline u32 hash_bucket(u64 hash, unsigned int bits)
{
	return (u32)(hash >> (64 - bits));
}

u64 hash_bytes(const void *data, size_t len, u64 seed);
