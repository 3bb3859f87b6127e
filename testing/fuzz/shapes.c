/* shapes.c - memory that a call reads: a structure as the argument's name suggests, or any bytes. */
#include "fuzz.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct shape {
	const char *name; /* an argument's, or its beginning */
	size_t size;
	void (*fill)(struct worker *worker, void *at);
};

static void fill_bytes(struct worker *worker, void *at)
{
	uint64_t *words = at;

	for (unsigned int i = 0; i < 8; i++)
		words[i] = one_in(&worker->random, 3) ? random_next(&worker->random)
						      : random_below(&worker->random, 9);
}

static void fill_time(struct worker *worker, void *at)
{
	struct timespec *times = at;

	for (int i = 0; i < 2; i++) {
		times[i].tv_sec = one_in(&worker->random, 8) ? (long)random_next(&worker->random)
							     : 0;
		times[i].tv_nsec =
			random_below(&worker->random, one_in(&worker->random, 4) ? ~0u : 5000000);
		if (one_in(&worker->random, 8))
			times[i].tv_nsec = 0x3fffffff - (long)random_below(&worker->random, 3);
	}
}

static void fill_vectors(struct worker *worker, void *at)
{
	struct iovec *vectors = at;

	for (int i = 0; i < 4; i++) {
		vectors[i].iov_base = (void *)pointer_make(worker, true);
		vectors[i].iov_len = one_in(&worker->random, 12)
					     ? random_next(&worker->random) >>
						       random_below(&worker->random, 64)
					     : length_small(worker);
	}
}

static void fill_polls(struct worker *worker, void *at)
{
	struct pollfd *polls = at;

	for (int i = 0; i < 4; i++)
		polls[i] = (struct pollfd){ .fd = (int)random_below(&worker->random, 40) - 1,
					    .events = (short)random_next(&worker->random) };
}

static void fill_address(struct worker *worker, void *at)
{
	static const sa_family_t families[] = { AF_UNIX, AF_UNIX,    AF_UNIX, AF_UNSPEC,
						AF_INET, AF_NETLINK, 99 };
	struct sockaddr_un *address = at;

	address->sun_family = PICK(&worker->random, families);
	if (one_in(&worker->random, 3))
		snprintf(address->sun_path, sizeof(address->sun_path), "%cname%u", 0,
			 random_below(&worker->random, 3));
	else
		snprintf(address->sun_path, sizeof(address->sun_path), "%s",
			 one_in(&worker->random, 2) ? "s" : "s2");
}

static void fill_control(struct worker *worker, struct msghdr *message)
{
	struct cmsghdr *control =
		(void *)(worker->arena->data + PAGE * 5 + 256 * random_below(&worker->random, 4));
	int *fds = (int *)CMSG_DATA(control);
	unsigned int count = 1 + random_below(&worker->random, 4);

	*control = (struct cmsghdr){ CMSG_LEN(count * sizeof(int)), SOL_SOCKET,
				     (int)(1 + random_below(&worker->random, 3)) };
	for (unsigned int i = 0; i < count; i++)
		fds[i] = (int)random_below(&worker->random, 40);
	if (one_in(&worker->random, 10))
		control->cmsg_len = random_next(&worker->random) >>
				    random_below(&worker->random, 64);
	message->msg_control = control;
	message->msg_controllen = one_in(&worker->random, 8) ? length_small(worker)
							     : CMSG_SPACE(count * sizeof(int));
}

static void fill_message(struct worker *worker, void *at)
{
	struct msghdr *message = at;
	struct iovec *vectors =
		(void *)(worker->arena->data + PAGE * 4 + 128 * random_below(&worker->random, 8));

	memset(message, 0, sizeof(*message));
	fill_vectors(worker, vectors);
	message->msg_iov = vectors;
	message->msg_iovlen = random_below(&worker->random, 5);
	if (one_in(&worker->random, 3)) {
		message->msg_name = worker->arena->data + PAGE * 4 + 2048;
		fill_address(worker, message->msg_name);
		message->msg_namelen = one_in(&worker->random, 4) ? length_small(worker)
								  : sizeof(struct sockaddr_un);
	}
	if (one_in(&worker->random, 2))
		fill_control(worker, message);
}

/* SA_RESTORER set: the handler returns as libc's do. */
__asm__(".text\n.global fuzz_restorer\nfuzz_restorer:\n\tmov $15, %eax\n\tsyscall\n");
void fuzz_restorer(void);

/* Changes the frame now and then: what is loaded from it must be checked. */
static void handler(int signo, siginfo_t *info, void *context)
{
	static volatile unsigned int count;
	unsigned int number = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
	uint64_t noise = random_mix(number * 77 + (unsigned int)signo);

	(void)info;
	if (noise % 16 == 0)
		((unsigned char *)context)[noise / 16 % 960] ^=
			(unsigned char)(1u << (noise >> 60) % 8);
}

static void fill_action(struct worker *worker, void *at)
{
	struct {
		void *handler;
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} *action = at;

	action->handler = one_in(&worker->random, 4)
				  ? (void *)(uintptr_t)random_below(&worker->random, 2)
				  : (void *)handler;
	action->flags = 0x04000000 | SA_SIGINFO | (one_in(&worker->random, 2) ? SA_RESTART : 0) |
			(one_in(&worker->random, 3) ? SA_ONSTACK : 0) |
			(one_in(&worker->random, 5) ? SA_NODEFER : 0) |
			(one_in(&worker->random, 9) ? SA_RESETHAND : 0);
	action->restorer = fuzz_restorer;
	action->mask = one_in(&worker->random, 2) ? 0 : random_next(&worker->random);
}

static void fill_stack(struct worker *worker, void *at)
{
	stack_t *stack = at;

	stack->ss_sp = one_in(&worker->random, 6) ? (void *)pointer_make(worker, true)
						  : worker->arena->data + PAGE * 10;
	stack->ss_flags = (int)random_below(&worker->random, 4);
	stack->ss_size = one_in(&worker->random, 3) ? random_below(&worker->random, 4096) : 5 * PAGE;
}

static void fill_clone(struct worker *worker, void *at)
{
	struct clone_args *args = at;

	memset(args, 0, sizeof(*args));
	for (unsigned int bits = random_below(&worker->random, 4); bits; bits--)
		args->flags |= 1ULL << (8 + random_below(&worker->random, 26));
	if (one_in(&worker->random, 3))
		args->flags |= CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES | CLONE_FS;
	if (one_in(&worker->random, 2))
		args->exit_signal = random_below(&worker->random, 66);
	args->parent_tid = args->child_tid = (uintptr_t)pointer_make(worker, true);
	if (one_in(&worker->random, 10))
		args->stack_size = random_next(&worker->random);
}

static void fill_strings(struct worker *worker, void *at)
{
	char **strings = at;

	for (int i = 0; i < 3; i++) {
		strings[i] =
			worker->arena->data + PAGE * 2 + 128 * random_below(&worker->random, 30);
		if (one_in(&worker->random, 10))
			strings[i] = (char *)pointer_make(worker, false);
	}
	strings[3] = one_in(&worker->random, 10) ? (char *)pointer_make(worker, false) : NULL;
}

static void fill_event(struct worker *worker, void *at)
{
	struct epoll_event *event = at;

	event->events = (uint32_t)random_next(&worker->random);
	event->data.u64 = random_next(&worker->random);
}

static void fill_length(struct worker *worker, void *at)
{
	*(unsigned int *)at = one_in(&worker->random, 8)
				      ? (unsigned int)random_next(&worker->random)
				      : length_small(worker);
}

static void fill_futex(struct worker *worker, void *at)
{
	*(unsigned int *)at = random_below(&worker->random, 3);
}

static void fill_small(struct worker *worker, void *at)
{
	uint64_t *words = at;

	for (int i = 0; i < 8; i++)
		words[i] = random_below(&worker->random, 12);
}

static void fill_limit(struct worker *worker, void *at)
{
	uint64_t *limits = at;

	limits[0] = 64 + random_below(&worker->random, 1 << 20);
	limits[1] = one_in(&worker->random, 3) ? limits[0] + 100 : ~0ULL;
}

static void fill_how(struct worker *worker, void *at)
{
	uint64_t *how = at;

	how[0] = O_RDWR | O_NONBLOCK | (one_in(&worker->random, 2) ? O_CREAT : 0);
	how[1] = one_in(&worker->random, 4) ? random_next(&worker->random)
		 : how[0] & O_CREAT	    ? 0644
					    : 0;
	how[2] = one_in(&worker->random, 4) ? random_next(&worker->random)
					    : random_below(&worker->random, 64);
	how[3] = one_in(&worker->random, 8);
}

static const struct shape shapes[] = {
	{ "time", 32, fill_time },	  { "request", 32, fill_time },
	{ "value", 32, fill_time },	  { "tv", 32, fill_time },
	{ "iov", 64, fill_vectors },	  { "fds", 32, fill_polls },
	{ "address", 110, fill_address }, { "message", 128, fill_message },
	{ "action", 32, fill_action },	  { "stack", 24, fill_stack },
	{ "args", 88, fill_clone },	  { "argv", 32, fill_strings },
	{ "envp", 32, fill_strings },	  { "event", 16, fill_event },
	{ "length", 8, fill_length },	  { "size", 8, fill_length },
	{ "futex", 8, fill_futex },	  { "param", 64, fill_small },
	{ "limit", 16, fill_limit },	  { "how", 32, fill_how },
	{ "list", 64, fill_small },	  { "", 64, fill_bytes },
	{ "", 64, fill_small },
};

void shape_fill(struct worker *worker, const char *name, char *at, size_t room)
{
	const struct shape *shape = &PICK(&worker->random, shapes);

	if (!one_in(&worker->random, 6))
		for (unsigned int i = 0; i < COUNT(shapes); i++)
			if (*shapes[i].name &&
			    !strncmp(name, shapes[i].name, strlen(shapes[i].name)))
				shape = &shapes[i];
	if (shape->size <= room)
		shape->fill(worker, at);
}
