/* Futexes: what the end of a task means for them. The calls are sys_futex and its like, in kernel/ipc/futex.c. */
#pragma once

#include <platform/usercopy.h>

/* The running task leaves its address space: marks the locks it still holds, and wakes who waits for them. */
void futex_exit_robust(void);
/* FUTEX_WAKE of one waiter at a shared or private address of the running task's memory. */
void futex_wake_address(struct user_ptr address);
