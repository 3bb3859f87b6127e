/*
 * Access to user memory: the only way. Every function accepts any address and length: a range that is not wholly below
 * USER_END, or faults, is -EFAULT. May sleep (page faults), so never under a spinlock, except the _nofault forms, which
 * fail where a page is absent. In every profile the range is tested; the profile decides how (profile/usercopy.h).
 */
#pragma once

#include <profile/usercopy.h>

#include <abi/errno.h>
#include <lib/compiler.h>
#include <platform/asm.h>
#include <platform/layout.h>

/* An address in user space, not yet checked. */
struct user_ptr {
	u64 addr;
};

static inline struct user_ptr user_ptr(u64 addr)
{
	return (struct user_ptr){ addr };
}

static inline struct user_ptr user_ptr_add(struct user_ptr p, u64 offset)
{
	return (struct user_ptr){ p.addr + offset };
}

/* [addr, addr + size) is in the user half, and does not wrap. */
static inline bool user_range_ok(struct user_ptr p, u64 size)
{
	return likely(size <= USER_END && p.addr <= USER_END - size);
}

/*
 * What each access begins with: false, or an address that may be used. Where the profile masks, a kernel address becomes
 * the last byte of the address space, which is never mapped. It suffices to look at the begin: all accesses go upwards,
 * and between the halves nothing is mapped.
 */
static inline bool user_range_begin(struct user_ptr *p, u64 size)
{
	if (!usercopy_mask())
		return user_range_ok(*p, size);
	p->addr |= (u64)((s64)p->addr >> 63);
	return true;
}

/*
 * Bytes NOT copied: 0 is success. For transfers that report partial progress. Copies in both directions are exact: each
 * byte before the first that cannot be reached is copied.
 */
size_t user_copy_in(void *dst, struct user_ptr src, size_t size);
size_t user_copy_out(struct user_ptr dst, const void *src, size_t size);

/* user_read, user_write below, for sizes that are no constant or not those of a scalar. */
__must_check int user_read_bytes(void *dst, struct user_ptr src, size_t size);
__must_check int user_write_bytes(struct user_ptr dst, const void *src, size_t size);
__must_check int user_clear(struct user_ptr dst, size_t size);

/* Around raw accesses to user memory: nothing but these in between. A fault has the effect of user_access_close. */
static __always_inline void user_access_open(void)
{
	if (usercopy_smap())
		__asm__ volatile(SITE(SITE_SMAP, "stac") : : : "memory");
}

static __always_inline void user_access_close(void)
{
	if (usercopy_smap())
		__asm__ volatile(SITE(SITE_SMAP, "clac") : : : "memory");
}

/* One raw access; goes to label `fault`. `move` is an instruction for the width. */
#define USER_LOAD(move, value, address)                                                            \
	ASM_GOTO_OUTPUT("1: " move " (%1), %0\n\t" EXTABLE("1b", "%l[fault]")                      \
			: "=r"(value)                                                              \
			: "r"(address)                                                             \
			: "memory"                                                                 \
			: fault)
#define USER_STORE(move, address, value)                                                           \
	__asm__ volatile goto("1: " move " %0, (%1)\n\t" EXTABLE("1b", "%l[fault]")                \
			      :                                                                    \
			      : "r"(value), "r"(address)                                           \
			      : "memory"                                                           \
			      : fault)

/* One scalar, aligned or not: one instruction. 0 or -EFAULT; then *value is 0. */
#define USER_SCALAR(type, move)                                                                    \
	__must_check static __always_inline int user_read_##type(type *value, struct user_ptr src) \
	{                                                                                          \
		type loaded;                                                                       \
                                                                                                   \
		if (!user_range_begin(&src, sizeof(type)))                                         \
			goto fault;                                                                \
		user_access_open();                                                                \
		USER_LOAD(move, loaded, src.addr);                                                 \
		user_access_close();                                                               \
		*value = loaded;                                                                   \
		return 0;                                                                          \
fault:                                                                                             \
		*value = 0;                                                                        \
		return -EFAULT;                                                                    \
	}                                                                                          \
	__must_check static __always_inline int user_write_##type(struct user_ptr dst, type value) \
	{                                                                                          \
		if (!user_range_begin(&dst, sizeof(type)))                                         \
			goto fault;                                                                \
		user_access_open();                                                                \
		USER_STORE(move, dst.addr, value);                                                 \
		user_access_close();                                                               \
		return 0;                                                                          \
fault:                                                                                             \
		return -EFAULT;                                                                    \
	}

USER_SCALAR(u8, "movb")
USER_SCALAR(u16, "movw")
USER_SCALAR(u32, "movl")
USER_SCALAR(u64, "movq")

/* 0 or -EFAULT. On a fault part of `dst` may have been written (kernel side: the rest is zeroed). */
__must_check static __always_inline int user_read(void *dst, struct user_ptr src, size_t size)
{
	if (__builtin_constant_p(size)) {
		switch (size) {
		case 1:
			return user_read_u8(dst, src);
		case 2:
			return user_read_u16(dst, src);
		case 4:
			return user_read_u32(dst, src);
		case 8:
			return user_read_u64(dst, src);
		}
	}
	return user_read_bytes(dst, src, size);
}

__must_check static __always_inline int user_write(struct user_ptr dst, const void *src, size_t size)
{
	if (__builtin_constant_p(size)) {
		switch (size) {
		case 1:
			return user_write_u8(dst, *(const u8 *)src);
		case 2:
			return user_write_u16(dst, *(const u16 *)src);
		case 4:
			return user_write_u32(dst, *(const u32 *)src);
		case 8:
			return user_write_u64(dst, *(const u64 *)src);
		}
	}
	return user_write_bytes(dst, src, size);
}

/* Copies a NUL-terminated string: its length without NUL, -EFAULT, or -ENAMETOOLONG if no NUL in `size` bytes. */
ssize_t user_string(char *dst, struct user_ptr src, size_t size);
/* strnlen: length without NUL, `max` if none found, or -EFAULT. */
ssize_t user_string_length(struct user_ptr src, size_t max);

/* Atomic operations on aligned user words, for futexes: 0 or -EFAULT; may sleep. `old` takes the value before. */
__must_check int user_cmpxchg_u32(struct user_ptr at, u32 expected, u32 desired, u32 *old);
__must_check int user_xchg_u32(struct user_ptr at, u32 value, u32 *old);
__must_check int user_add_u32(struct user_ptr at, u32 value, u32 *old);
/* Without sleeping: -EFAULT where the page is absent (futex queue lock is held). */
__must_check int user_read_u32_nofault(u32 *value, struct user_ptr src);

/* Page faults of this CPU's kernel code fail at once between these. Nests. Preemption is off meanwhile. */
void pagefault_disable(void);
void pagefault_enable(void);
bool pagefault_disabled(void);

/* The kernel provides (USERCOPY_OBJECT_BOUNDS): stops the kernel unless a slab object that holds `object` holds all of it. */
void usercopy_check_object(const void *object, size_t size);

/* The raw copies of usercopy.S: ranges are checked, any byte may fault. Bytes not done, counted from the end. */
size_t usercopy_raw(void *to, const void *from, size_t size);
size_t usercopy_clear_raw(void *to, size_t size);
