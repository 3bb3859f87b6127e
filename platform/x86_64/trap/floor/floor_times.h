/* How often a step is taken between two readings of the counter. Also read by assembly. */
#pragma once

#define FLOOR_TIMES 64
