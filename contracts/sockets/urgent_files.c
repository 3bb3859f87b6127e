/*
 * urgent_files.c - an open file passed with an urgent byte comes only with a read of the byte as of others, and is closed when that is dropped.
 * mutants: sendmsg(flags:1)=flags^1 sendmsg(flags:1)=EINVAL recvmsg=0 recvmsg(flags&1)=EINVAL recvmsg(flags&1)=flags^1
 * mutants: setsockopt=0 close=0 close#8+=0 write(size:1)=1 read(size:1)=0 sendto=0
 */
#include "contract.h"
#include "passing.h"

static int from, to, watched; /* the end of the pipe whose other end is sent */

static void put(const char *text, int how)
{
	expect_eq(send(from, text, strlen(text), how), strlen(text));
}

static void put_file(const char *text, int file)
{
	expect_eq(send_files_as(from, text, &file, 1, MSG_OOB), strlen(text));
	must(close(file));
}

/* Two sockets, and a pipe one end of which comes with `text`, whose last byte is urgent, and nowhere else. */
static void begin(const char *text, bool send_reader)
{
	int ends[2], pair[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	from = pair[0];
	to = pair[1];
	must(pipe2(ends, O_NONBLOCK));
	watched = ends[send_reader];
	put_file(text, ends[!send_reader]);
}

static void let_go(int *fd)
{
	if (*fd >= 0)
		must(close(*fd));
	*fd = -1;
}

static void over(void)
{
	let_go(&to);
	let_go(&from);
	let_go(&watched);
}

/* Is the reader told that the end that was sent is closed? */
static void tell(const char *when)
{
	char byte;
	ssize_t size = read(watched, &byte, 1);

	if (size < 0)
		expect_eq(errno, EAGAIN);
	say("%s: the pipe %s", when, size ? "stays" : "ends");
}

static void take(const char *when, size_t room, int how)
{
	int fds[8], count, flags;
	char text[32];
	ssize_t size = receive_files(to, text, room, fds, 8, &count, &flags, how | MSG_DONTWAIT);

	if (size < 0)
		say("%s: %s", when, errno_name(errno));
	else
		say("%s: \"%.*s\"%s, %d files", when, (int)size, text,
		    flags & MSG_OOB ? " (MSG_OOB)" : "", count);
	for (int i = 0; size >= 0 && i < count; i++)
		must(close(fds[i]));
	tell("  then");
}

static void look_and_take(const char *when, size_t room, int how)
{
	char look[64];

	snprintf(look, sizeof(look), "%s, a look", when);
	take(look, room, how | MSG_PEEK);
	take(when, room, how);
}

static void taken(void)
{
	begin("X", false);
	tell("sent");
	look_and_take("urgent", 1, MSG_OOB);
	take("urgent again", 1, MSG_OOB);
	look_and_take("read", 10, 0);
	take("read again", 10, 0);
	over();

	begin("X", false);
	take("urgent", 1, MSG_OOB);
	put("cd", 0);
	look_and_take("read", 10, 0);
	take("read again", 10, 0);
	over();

	/* Files go with the first bytes. */
	begin("abX", false);
	take("of three, urgent", 1, MSG_OOB);
	take("of three, read", 10, 0);
	take("of three, read again", 10, 0);
	over();
}

static void read_past(void)
{
	begin("X", false);
	take("read", 10, 0);
	over();

	begin("X", false);
	put("cd", 0);
	look_and_take("cd", 10, 0);
	over();

	/* No urgent byte any more, but one as others. */
	begin("X", false);
	put("Y", MSG_OOB);
	take("a second one", 1, MSG_OOB);
	look_and_take("the first", 10, 0);
	over();
}

static void in_line(void)
{
	begin("X", false);
	must(setsockopt(to, SOL_SOCKET, SO_OOBINLINE, &(int){ 1 }, sizeof(int)));
	put("cd", 0);
	take("in line, urgent", 1, MSG_OOB);
	look_and_take("in line", 10, 0);
	take("behind it", 10, 0);
	over();
}

static void closed(void)
{
	begin("X", false);
	let_go(&to);
	tell("receiver closed");
	over();

	begin("X", false);
	take("urgent", 1, MSG_OOB);
	let_go(&to);
	tell("receiver closed");
	over();

	begin("abX", false);
	let_go(&from);
	tell("sender closed");
	let_go(&to);
	tell("receiver closed");
	over();

	begin("X", false);
	must(shutdown(to, SHUT_RD));
	tell("receiver shut down");
	let_go(&to);
	tell("receiver closed");
	over();

	begin("X", true);
	expect_eq(write(watched, "x", 1), 1);
	let_go(&to);
	must_fail(write(watched, "x", 1), EPIPE);
	say("receiver closed: nobody reads the pipe");
	over();
}

static void nobody(void)
{
	int ends[2];

	begin("X", false);
	let_go(&to);
	must(pipe2(ends, O_NONBLOCK));
	must_fail(send_files_as(from, "Y", &ends[1], 1, MSG_OOB), EPIPE);
	must(close(ends[1]));
	let_go(&watched);
	watched = ends[0];
	tell("sent to nobody");
	over();
}

int main(void)
{
	must(signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0);
	taken();
	read_past();
	in_line();
	closed();
	nobody();
	return 0;
}
