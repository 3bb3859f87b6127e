/* Shared within kernel/time. */
#pragma once

#include <kernel/syscall.h>
#include <kernel/time.h>

enum hrtimer_restart itimer_real_expired(struct hrtimer *timer);

#define COARSE_RESOLUTION_NS (4 * NSEC_PER_MSEC) /* what clock_getres says of the coarse clocks */
