/* Prototypes of the system-call handlers, and what is known about each call, from the one list kernel/syscall_list.h. */
#pragma once

#include <lib/compiler.h>
#include <platform/usercopy.h>

#define SYSCALL_COUNT 451 /* numbers 0..450 are in the dispatch table */

/* C type of each kind of argument. */
#define ARG_FD int
#define ARG_DIRFD int
#define ARG_INT int
#define ARG_UINT unsigned int
#define ARG_LONG long
#define ARG_ULONG u64
#define ARG_FLAGS u32
#define ARG_FLAGS64 u64
#define ARG_CMD unsigned int
#define ARG_LEN size_t
#define ARG_OFFSET s64
#define ARG_MODE u32
#define ARG_PID s32
#define ARG_UID u32
#define ARG_GID u32
#define ARG_SIG int
#define ARG_ADDR u64
#define ARG_ADDRP struct user_ptr
#define ARG_PATH struct user_ptr
#define ARG_STRING struct user_ptr
#define ARG_IN struct user_ptr
#define ARG_OUT struct user_ptr
#define ARG_INOUT struct user_ptr

#define SYSCALL0(nr, name) long sys_##name(void);
#define SYSCALL1(nr, name, k1, a1) long sys_##name(ARG_##k1 a1);
#define SYSCALL2(nr, name, k1, a1, k2, a2) long sys_##name(ARG_##k1 a1, ARG_##k2 a2);
#define SYSCALL3(nr, name, k1, a1, k2, a2, k3, a3)                                                 \
	long sys_##name(ARG_##k1 a1, ARG_##k2 a2, ARG_##k3 a3);
#define SYSCALL4(nr, name, k1, a1, k2, a2, k3, a3, k4, a4)                                         \
	long sys_##name(ARG_##k1 a1, ARG_##k2 a2, ARG_##k3 a3, ARG_##k4 a4);
#define SYSCALL5(nr, name, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5)                                 \
	long sys_##name(ARG_##k1 a1, ARG_##k2 a2, ARG_##k3 a3, ARG_##k4 a4, ARG_##k5 a5);
#define SYSCALL6(nr, name, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6)                         \
	long sys_##name(ARG_##k1 a1, ARG_##k2 a2, ARG_##k3 a3, ARG_##k4 a4, ARG_##k5 a5,           \
			ARG_##k6 a6);
/* The stub, in assembly, has the handler's prototype too. */
#define SYSCALLF0(nr, name) SYSCALL0(nr, name) long full_frame_##name(void);
#define SYSCALLF1(nr, name, ...) SYSCALL1(nr, name, __VA_ARGS__) long full_frame_##name(void);
#define SYSCALLF2(nr, name, ...) SYSCALL2(nr, name, __VA_ARGS__) long full_frame_##name(void);
#define SYSCALLF3(nr, name, ...) SYSCALL3(nr, name, __VA_ARGS__) long full_frame_##name(void);
#define SYSCALLF5(nr, name, ...) SYSCALL5(nr, name, __VA_ARGS__) long full_frame_##name(void);
#include <kernel/syscall_list.h>
#include <kernel/syscall_undef.h>

struct syscall_argument {
	const char *kind, *name; /* as in the list: "FD", "fd" */
};

struct syscall_info {
	const char *name; /* NULL: no such call */
	u8 count;
	const struct syscall_argument *arguments;
};
extern const struct syscall_info syscall_infos[SYSCALL_COUNT];

/*
 * Reads a struct that grows from kernel to kernel (clone3, openat2): `known` bytes are ours, missing ones become 0.
 * -EFAULT, or -E2BIG if what we do not know is not 0.
 */
int user_read_sized(void *to, size_t known, struct user_ptr from, size_t size);
