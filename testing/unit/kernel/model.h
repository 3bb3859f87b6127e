/*
 * model.h - what tests of the kernel's own files on this machine have. They are compiled as the kernel is, without a libc's
 * headers; model.c, which has those, is the other side of these calls.
 */
#pragma once

#include <lib/types.h>
#include <profile/check.h>

struct random_state {
	u64 value;
};

static inline unsigned int random_below(struct random_state *state, u64 limit)
{
	state->value ^= state->value << 13;
	state->value ^= state->value >> 7;
	state->value ^= state->value << 17;
	return (unsigned int)((state->value >> 20) % limit);
}

/* The seed is the first argument, else 1; a failure says it. */
void model_seed(struct random_state *state, int argc, char **argv);
void model_fail(const char *file, int line, const char *what);
int model_end(void); /* main's result */
void *model_alloc(u64 size); /* zeroed */
void model_free(void *memory);

#define MODEL_EXPECT(condition)                                                                    \
	do {                                                                                       \
		if (!(condition))                                                                  \
			model_fail(__FILE__, __LINE__, #condition);                                \
	} while (0)

/* Where the test cannot go on otherwise. */
#define MODEL_REQUIRE(condition) check_if(true, condition)
