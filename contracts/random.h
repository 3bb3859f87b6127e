/* random.h - choices that look random and that a seed repeats. */
#pragma once

#include "contract.h"

static uint64_t random_state = 88172645463325252ULL; /* never 0 */

static inline unsigned int below(unsigned int limit)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)((random_state >> 20) % limit);
}
