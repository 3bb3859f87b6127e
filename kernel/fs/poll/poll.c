/* poll and ppoll: an array of descriptors, each with what is asked and what was found. */
#include "internal.h"

#include <abi/errno.h>
#include <abi/resource.h>
#include <kernel/poll_calls.h>
#include <kernel/sched.h>
#include <kernel/slab.h>

#define ALWAYS (POLLERR | POLLHUP)

/* One descriptor. */
static u32 poll_one(struct poller *poller, const struct abi_pollfd *one)
{
	u32 wanted = (u16)one->events | ALWAYS, ready;
	struct fd_ref ref;

	if (one->fd < 0)
		return 0;
	ref = fd_get(one->fd);
	if (!ref.raw)
		return POLLNVAL;
	poller->table.events = wanted;
	ready = file_poll(fd_file(ref), poller_table(poller)) & wanted;
	fd_put(ref);
	return ready;
}

static int poll_pass(struct poller *poller, struct abi_pollfd *fds, unsigned int count)
{
	int found = 0;

	for (unsigned int i = 0; i < count; i++) {
		fds[i].revents = (short)poll_one(poller, &fds[i]);
		if (fds[i].revents) {
			found++;
			poller_stop_adding(poller);
		}
	}
	poller_stop_adding(poller);
	return found;
}

int poll_files(struct abi_pollfd *fds, unsigned int count, u64 deadline_ns)
{
	struct poller poller;
	int result, found;

	poller_begin(&poller, deadline_ns != 0);
	for (;;) {
		found = poll_pass(&poller, fds, count);
		if (found || poller.error || deadline_ns == 0)
			break;
		result = poller_sleep(&poller, deadline_ns);
		if (result == -ETIMEDOUT)
			deadline_ns = 0; /* one last look */
		else if (result)
			break;
	}
	result = found ? found : poller.error ? poller.error : deadline_ns ? -EINTR : 0;
	poller_end(&poller);
	return result;
}

long poll_user(struct user_ptr user, unsigned int count, u64 deadline_ns)
{
	struct abi_pollfd few[16], *fds = few;
	long result;

	if (count > task_limit(current, RLIMIT_NOFILE))
		return -EINVAL;
	if (count > ARRAY_LEN(few)) {
		fds = kmalloc_array(count, sizeof(*fds), 0);
		if (!fds)
			return -ENOMEM;
	}
	result = user_read(fds, user, count * sizeof(*fds));
	if (!result)
		result = poll_files(fds, count, deadline_ns);
	for (unsigned int i = 0; i < count && result >= 0; i++) {
		struct user_ptr at =
			user_ptr_add(user, i * sizeof(*fds) + offsetof(struct abi_pollfd, revents));

		if (user_write_u16(at, (u16)fds[i].revents))
			result = -EFAULT;
	}
	if (fds != few)
		kfree(fds);
	return result;
}
