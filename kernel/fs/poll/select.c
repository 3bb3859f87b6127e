/* select and pselect6: bitmaps of descriptors. */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/poll_calls.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <lib/bitmap.h>
#include <lib/string.h>

#define SETS 3
#define WORDS_INLINE 4 /* of each bitmap: 256 descriptors */

/* What makes a descriptor ready in the sets for reading, writing, exceptional conditions. */
static const u32 set_events[SETS] = {
	POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
	POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
	POLLPRI,
};

struct select {
	unsigned int count; /* descriptors 0..count-1 */
	size_t words; /* of each bitmap */
	unsigned long *in, *out; /* SETS bitmaps each */
	unsigned long few[2 * SETS * WORDS_INLINE];
};

static bool in_set(const struct select *select, unsigned int set, unsigned int fd)
{
	return bitmap_test(select->in + set * select->words, fd);
}

/* Marks what is ready: how many marks, or -EBADF. */
static int select_one(struct select *select, struct poller *poller, unsigned int fd)
{
	u32 wanted = 0, ready;
	struct fd_ref ref;
	int found = 0;

	for (unsigned int set = 0; set < SETS; set++)
		wanted |= in_set(select, set, fd) ? set_events[set] : 0;
	if (!wanted)
		return 0;
	ref = fd_get((int)fd);
	if (!ref.raw)
		return -EBADF;
	poller->table.events = wanted;
	ready = file_poll(fd_file(ref), poller_table(poller));
	fd_put(ref);
	for (unsigned int set = 0; set < SETS; set++)
		if (in_set(select, set, fd) && (ready & set_events[set])) {
			bitmap_set(select->out + set * select->words, fd);
			found++;
		}
	return found;
}

static int select_pass(struct select *select, struct poller *poller)
{
	int found = 0;

	for (unsigned int fd = 0; fd < select->count; fd++) {
		int result = select_one(select, poller, fd);

		if (result < 0)
			return result;
		found += result;
		if (found)
			poller_stop_adding(poller);
	}
	poller_stop_adding(poller);
	return found;
}

static int select_wait(struct select *select, u64 deadline_ns)
{
	struct poller poller;
	int result, found;

	poller_begin(&poller, deadline_ns != 0);
	for (;;) {
		found = select_pass(select, &poller);
		if (found || poller.error || deadline_ns == 0)
			break;
		result = poller_sleep(&poller, deadline_ns);
		if (result == -ETIMEDOUT)
			deadline_ns = 0;
		else if (result)
			break;
	}
	result = found ? found : poller.error ? poller.error : deadline_ns ? -EINTR : 0;
	poller_end(&poller);
	return result;
}

static int sets_read(struct select *select, const struct user_ptr sets[SETS])
{
	size_t size = select->words * sizeof(unsigned long);

	for (unsigned int set = 0; set < SETS; set++)
		if (sets[set].addr && user_read(select->in + set * select->words, sets[set], size))
			return -EFAULT;
	return 0;
}

static int sets_write(const struct select *select, const struct user_ptr sets[SETS])
{
	size_t size = select->words * sizeof(unsigned long);

	for (unsigned int set = 0; set < SETS; set++)
		if (sets[set].addr && user_write(sets[set], select->out + set * select->words, size))
			return -EFAULT;
	return 0;
}

static unsigned int table_size(void)
{
	unsigned int size;

	rcu_read_lock();
	size = rcu_dereference(current->files->table)->size;
	rcu_read_unlock();
	return size;
}

long select_user(int count, const struct user_ptr sets[SETS], u64 deadline_ns)
{
	struct select select = { .in = select.few };
	long result;

	if (count < 0)
		return -EINVAL;
	select.count = MIN((unsigned int)count, table_size());
	select.words = BITMAP_WORDS(select.count);
	if (select.words > WORDS_INLINE) {
		select.in = kmalloc_array(2 * SETS * select.words, sizeof(unsigned long), SLAB_ZERO);
		if (!select.in)
			return -ENOMEM;
	}
	select.out = select.in + SETS * select.words;
	result = sets_read(&select, sets);
	if (!result)
		result = select_wait(&select, deadline_ns);
	if (result >= 0 && sets_write(&select, sets))
		result = -EFAULT;
	if (select.in != select.few)
		kfree(select.in);
	return result;
}
