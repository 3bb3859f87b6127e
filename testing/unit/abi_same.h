/*
 * Comparison of a structure of libs/abi with the system's. Include the system's headers first, then
 * this, then ours: some of our constants are spelt unlike the system's, and the later spelling
 * counts. (testing/unit/abi_constants.py compares the values.)
 */
#pragma once

#include <unit.h>

#include <lib/compiler.h>

#define SAME_SIZE(ours, theirs) EXPECT_EQ(sizeof(struct ours), sizeof(theirs))
/* A field of one name: at the same place, of the same size. */
#define SAME(ours, theirs, field)                                                                  \
	do {                                                                                       \
		EXPECT_EQ(offsetof(struct ours, field), offsetof(theirs, field));                  \
		EXPECT_EQ(sizeof(((struct ours *)0)->field), sizeof(((theirs *)0)->field));        \
	} while (0)
