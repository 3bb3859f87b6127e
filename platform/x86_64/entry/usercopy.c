/* Access to user memory: checks around the copies of usercopy.S, strings, atomic words. */
#include <platform/usercopy.h>

#include <lib/string.h>
#include <platform/percpu.h>
#include <x86/entry.h>
#include <x86/preempt.h>

DEFINE_PER_CPU(u32, pagefault_off);

static void object_check(const void *object, size_t size)
{
	if (usercopy_object_bounds())
		usercopy_check_object(object, size);
}

size_t user_copy_in(void *dst, struct user_ptr src, size_t size)
{
	if (!user_range_begin(&src, size))
		return size;
	object_check(dst, size);
	return usercopy_raw(dst, (const void *)src.addr, size);
}

size_t user_copy_out(struct user_ptr dst, const void *src, size_t size)
{
	if (!user_range_begin(&dst, size))
		return size;
	object_check(src, size);
	return usercopy_raw((void *)dst.addr, src, size);
}

int user_read_bytes(void *dst, struct user_ptr src, size_t size)
{
	size_t left = user_copy_in(dst, src, size);

	if (likely(left == 0))
		return 0;
	memset((char *)dst + size - left, 0, left);
	return -EFAULT;
}

int user_write_bytes(struct user_ptr dst, const void *src, size_t size)
{
	return likely(user_copy_out(dst, src, size) == 0) ? 0 : -EFAULT;
}

int user_clear(struct user_ptr dst, size_t size)
{
	if (!user_range_begin(&dst, size))
		return -EFAULT;
	return likely(usercopy_clear_raw((void *)dst.addr, size) == 0) ? 0 : -EFAULT;
}

/* The lowest 0x80 marks the first zero byte; 0 if there is none. */
static inline u64 zero_bytes(u64 word)
{
	return (word - 0x0101010101010101) & ~word & 0x8080808080808080;
}

/*
 * Length of the string at `from` without NUL, `max` if there is none in `max` bytes, or -EFAULT. Copies it, NUL and perhaps
 * some bytes behind included, unless `to` is NULL. Words are read only where they lie in one page, so that a fault means
 * that the string itself goes on there.
 */
static __always_inline ssize_t string_scan(char *to, u64 from, size_t max)
{
	size_t done = 0;

	user_access_open();
	while (done < max) {
		if (max - done >= 8 && ((from + done) & (PAGE_SIZE - 1)) <= PAGE_SIZE - 8) {
			u64 word, zeros;

			USER_LOAD("movq", word, from + done);
			if (to)
				memcpy(to + done, &word, 8);
			zeros = zero_bytes(word);
			if (zeros) {
				done += (size_t)__builtin_ctzll(zeros) / 8;
				break;
			}
			done += 8;
		} else {
			u8 byte;

			USER_LOAD("movb", byte, from + done);
			if (to)
				to[done] = (char)byte;
			if (!byte)
				break;
			done++;
		}
	}
	user_access_close();
	return (ssize_t)done;
fault:
	return -EFAULT;
}

/* What can be read of [src, src + max): a string that goes on beyond is a fault. */
static size_t string_room(struct user_ptr src, size_t max)
{
	return src.addr < USER_END ? MIN(max, USER_END - src.addr) : 0;
}

ssize_t user_string(char *dst, struct user_ptr src, size_t size)
{
	size_t room = string_room(src, size);
	ssize_t length = string_scan(dst, src.addr, room);

	if (length < 0 || (size_t)length < room)
		return length;
	return room < size ? -EFAULT : -ENAMETOOLONG;
}

ssize_t user_string_length(struct user_ptr src, size_t max)
{
	size_t room = string_room(src, max);
	ssize_t length = string_scan(NULL, src.addr, room);

	if (length == (ssize_t)room && room < max)
		return -EFAULT;
	return length;
}

int user_cmpxchg_u32(struct user_ptr at, u32 expected, u32 desired, u32 *old)
{
	if (!user_range_begin(&at, 4))
		return -EFAULT;
	user_access_open();
	ASM_GOTO_OUTPUT("1: lock cmpxchgl %2, (%1)\n\t" EXTABLE("1b", "%l[fault]")
			: "+a"(expected)
			: "r"(at.addr), "r"(desired)
			: "memory", "cc"
			: fault);
	user_access_close();
	*old = expected;
	return 0;
fault:
	return -EFAULT;
}

int user_xchg_u32(struct user_ptr at, u32 value, u32 *old)
{
	if (!user_range_begin(&at, 4))
		return -EFAULT;
	user_access_open();
	ASM_GOTO_OUTPUT("1: xchgl %0, (%1)\n\t" EXTABLE("1b", "%l[fault]")
			: "+r"(value)
			: "r"(at.addr)
			: "memory"
			: fault);
	user_access_close();
	*old = value;
	return 0;
fault:
	return -EFAULT;
}

int user_add_u32(struct user_ptr at, u32 value, u32 *old)
{
	if (!user_range_begin(&at, 4))
		return -EFAULT;
	user_access_open();
	ASM_GOTO_OUTPUT("1: lock xaddl %0, (%1)\n\t" EXTABLE("1b", "%l[fault]")
			: "+r"(value)
			: "r"(at.addr)
			: "memory", "cc"
			: fault);
	user_access_close();
	*old = value;
	return 0;
fault:
	return -EFAULT;
}

int user_read_u32_nofault(u32 *value, struct user_ptr src)
{
	int error;

	pagefault_disable();
	error = user_read_u32(value, src);
	pagefault_enable();
	return error;
}

void pagefault_disable(void)
{
	preempt_hold();
	this_cpu(pagefault_off)++;
	barrier();
}

void pagefault_enable(void)
{
	barrier();
	this_cpu(pagefault_off)--;
	preempt_release();
}

bool pagefault_disabled(void)
{
	return this_cpu(pagefault_off) != 0;
}
