/* System calls: poll, ppoll, select, pselect6, epoll. */
#include <abi/errno.h>
#include <abi/time.h>
#include <kernel/poll_calls.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/time.h>

static u64 deadline_of_ms(int timeout)
{
	if (timeout < 0)
		return TIMEOUT_NEVER;
	return timeout ? deadline_after((u64)timeout * NSEC_PER_MSEC) : 0;
}

/* Of a relative time in ns: 0 stays "only look". */
static u64 deadline_of_ns(u64 ns)
{
	return ns ? deadline_after(ns) : 0;
}

static u64 time_left(u64 deadline_ns)
{
	u64 now = clock_ns();

	return deadline_ns > now ? deadline_ns - now : 0;
}

/* A timeout in user memory, which gets back what is left of it. addr 0: none. */
struct user_timeout {
	struct user_ptr at;
	bool is_timeval;
	u64 deadline_ns;
};

static int timeval_read(u64 *ns, struct user_ptr at)
{
	struct abi_timeval value;

	if (user_read(&value, at, sizeof(value)))
		return -EFAULT;
	if (value.tv_sec < 0 || value.tv_usec < 0)
		return -EINVAL;
	if ((u64)value.tv_sec > ~0ULL / NSEC_PER_SEC - 1 - (u64)value.tv_usec / 1000000)
		*ns = TIMEOUT_NEVER;
	else
		*ns = (u64)value.tv_sec * NSEC_PER_SEC + (u64)value.tv_usec * NSEC_PER_USEC;
	return 0;
}

static int timeout_read(struct user_timeout *timeout, struct user_ptr at, bool is_timeval)
{
	u64 ns;
	int error;

	*timeout = (struct user_timeout){ at, is_timeval, TIMEOUT_NEVER };
	if (!at.addr)
		return 0;
	error = is_timeval ? timeval_read(&ns, at) : timespec_from_user(&ns, at);
	if (!error)
		timeout->deadline_ns = deadline_of_ns(ns);
	return error;
}

/* A program that cannot be told is not restarted either. */
static long timeout_write(const struct user_timeout *timeout, long result)
{
	u64 left = time_left(timeout->deadline_ns);
	int error;

	if (!timeout->at.addr)
		return result;
	if (timeout->is_timeval) {
		struct abi_timeval value = { (s64)(left / NSEC_PER_SEC),
					     (s64)(left % NSEC_PER_SEC / NSEC_PER_USEC) };

		error = user_write(timeout->at, &value, sizeof(value));
	} else {
		error = timespec_to_user(timeout->at, left);
	}
	return error && result == -ERESTARTNOHAND ? -EINTR : result;
}

/* --- poll ------------------------------------------------------------------------------------------------------------------- */

static long poll_restart(struct restart_block *restart);

static long poll_or_restart(struct user_ptr fds, unsigned int count, u64 deadline_ns)
{
	long result = poll_user(fds, count, deadline_ns);

	if (result != -EINTR)
		return result;
	current->restart = (struct restart_block){ poll_restart, deadline_ns, { fds.addr, count } };
	return -ERESTART_RESTARTBLOCK;
}

static long poll_restart(struct restart_block *restart)
{
	return poll_or_restart(user_ptr(restart->args[0]), (unsigned int)restart->args[1],
			       restart->deadline_ns);
}

long sys_poll(struct user_ptr fds, unsigned int count, int timeout)
{
	return poll_or_restart(fds, count, deadline_of_ms(timeout));
}

/* `mask` may be NULL. 0 or -errno; then the mask is as it was. */
static int mask_begin(struct user_ptr mask, size_t mask_size)
{
	sigset_t set;
	int error;

	if (!mask.addr)
		return 0;
	error = signal_user_mask(mask, mask_size, &set);
	if (!error)
		signal_set_temporary_mask(set);
	return error;
}

/* An interrupted call leaves the mask to the handler's frame. */
static long mask_end(struct user_ptr mask, long result, long interrupted)
{
	if (result == -EINTR)
		return interrupted;
	if (mask.addr)
		signal_restore_mask();
	return result;
}

long sys_ppoll(struct user_ptr fds, unsigned int count, struct user_ptr time, struct user_ptr mask,
	       size_t mask_size)
{
	struct user_timeout timeout;
	long result = timeout_read(&timeout, time, false);

	if (!result)
		result = mask_begin(mask, mask_size);
	if (result)
		return result;
	result = mask_end(mask, poll_user(fds, count, timeout.deadline_ns), -ERESTARTNOHAND);
	return timeout_write(&timeout, result);
}

/* --- select ------------------------------------------------------------------------------------------------------------------ */

long sys_select(int count, struct user_ptr reads, struct user_ptr writes, struct user_ptr excepts,
		struct user_ptr time)
{
	const struct user_ptr sets[3] = { reads, writes, excepts };
	struct user_timeout timeout;
	long result = timeout_read(&timeout, time, true);

	if (result)
		return result;
	result = select_user(count, sets, timeout.deadline_ns);
	return timeout_write(&timeout, result == -EINTR ? -ERESTARTNOHAND : result);
}

struct mask_argument {
	u64 mask, size;
};

long sys_pselect6(int count, struct user_ptr reads, struct user_ptr writes, struct user_ptr excepts,
		  struct user_ptr time, struct user_ptr mask_at)
{
	const struct user_ptr sets[3] = { reads, writes, excepts };
	struct mask_argument mask = { 0, 0 };
	struct user_timeout timeout;
	long result;

	if (mask_at.addr && user_read(&mask, mask_at, sizeof(mask)))
		return -EFAULT;
	result = timeout_read(&timeout, time, false);
	if (!result)
		result = mask_begin(user_ptr(mask.mask), mask.size);
	if (result)
		return result;
	result = mask_end(user_ptr(mask.mask), select_user(count, sets, timeout.deadline_ns),
			  -ERESTARTNOHAND);
	return timeout_write(&timeout, result);
}

/* --- epoll ------------------------------------------------------------------------------------------------------------------- */

long sys_epoll_create1(u32 flags)
{
	if (flags & ~(u32)EPOLL_CLOEXEC)
		return -EINVAL;
	return fd_install_new(epoll_create_file(), flags);
}

long sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

long sys_epoll_ctl(int epfd, unsigned int operation, int fd, struct user_ptr event_at)
{
	struct abi_epoll_event event = { 0, 0 };
	struct fd_ref ref;
	long result;

	if (operation != EPOLL_CTL_DEL && user_read(&event, event_at, sizeof(event)))
		return -EFAULT;
	ref = fd_get(epfd);
	if (!ref.raw)
		return -EBADF;
	result = epoll_control(fd_file(ref), (int)operation, fd, &event);
	fd_put(ref);
	return result;
}

static long epoll_wait_fd(int epfd, struct user_ptr events, int count, u64 deadline_ns)
{
	struct fd_ref ref = fd_get(epfd);
	long result;

	if (!ref.raw)
		return -EBADF;
	result = epoll_wait_user(fd_file(ref), events, count, deadline_ns);
	fd_put(ref);
	return result;
}

long sys_epoll_wait(int epfd, struct user_ptr events, int count, int timeout)
{
	return epoll_wait_fd(epfd, events, count, deadline_of_ms(timeout));
}

static long epoll_pwait(int epfd, struct user_ptr events, int count, u64 deadline_ns,
			struct user_ptr mask, size_t mask_size)
{
	int error = mask_begin(mask, mask_size);

	if (error)
		return error;
	return mask_end(mask, epoll_wait_fd(epfd, events, count, deadline_ns), -EINTR);
}

long sys_epoll_pwait(int epfd, struct user_ptr events, int count, int timeout, struct user_ptr mask,
		     size_t mask_size)
{
	return epoll_pwait(epfd, events, count, deadline_of_ms(timeout), mask, mask_size);
}

long sys_epoll_pwait2(int epfd, struct user_ptr events, int count, struct user_ptr time,
		      struct user_ptr mask, size_t mask_size)
{
	struct user_timeout timeout;
	int error = timeout_read(&timeout, time, false);

	return error ? error
		     : epoll_pwait(epfd, events, count, timeout.deadline_ns, mask, mask_size);
}
