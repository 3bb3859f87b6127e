/* Switching kernel stacks, and how a new task first reaches its code. */
#pragma once

#include <platform/trap.h>

/*
 * Layout on the stack of a task that is not running, lowest address first: what context_switch pops. Shared with
 * assembly through offsets.c.
 */
struct context_frame {
	u64 r15, r14, r13, r12, rbx, rbp;
	u64 rip;
};

/*
 * Saves the callee-saved registers and stack pointer of `prev`, loads those of `next`, makes `next` current_task, and its
 * stack top and canary the CPU's. Interrupts off, preempt_count is 1. Returns in `next`, with the task that ran before it:
 * the caller finishes that one (sched_finish_switch). Assembly, never inlined. FPU, address space, FS/GS: the caller's.
 */
struct task_head *context_switch(struct task_head *prev, struct task_head *next);

/*
 * Prepares the stack of a new task. Its first switch goes to `entry(arg)` after sched_finish_switch, interrupts on
 * (context_init_kernel), or straight to user mode with the registers of `frame` (context_init_user; `frame` is copied to
 * the task's user frame, which the caller may edit afterwards).
 */
void context_init_kernel(struct task_head *task, void (*entry)(void *arg), void *arg);
void context_init_user(struct task_head *task, const struct trap_frame *frame);

/* The kernel provides: first thing a switched-to task does. `prev` is the task that ran before. Enables nothing. */
void sched_finish_switch(struct task_head *prev);

/* A kernel thread that became a user process (init after execve): goes to user mode with its user frame. Never returns. */
__attribute__((noreturn)) void context_enter_user(void);
