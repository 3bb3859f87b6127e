/* signalfd: a file from which the reader's own pending signals are read. */
#pragma once

#include <kernel/file.h>
#include <kernel/signal.h>

struct file *signalfd_create(sigset_t mask, u32 flags); /* SFD_NONBLOCK; ERR_PTR */
int signalfd_change(struct file *file, sigset_t mask); /* 0, or -EINVAL: it is none */
