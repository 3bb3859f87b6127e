/* Shared within kernel/dev. */
#pragma once

#include <kernel/dev.h>

extern const struct file_ops kmsg_file_ops;
