/* Counters with a descriptor, for one thread or process to tell another that something happened. */
#pragma once

#include <kernel/file.h>

/* `flags`: EFD_*. Ref 1; ERR_PTR(-EINVAL, -ENOMEM). */
struct file *eventfd_create(u64 count, u32 flags);
