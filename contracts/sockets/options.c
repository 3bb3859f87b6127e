/*
 * options.c - the options of every socket, with exact lengths both ways.
 * mutants: setsockopt=0 getsockopt=0 setsockopt=ENOPROTOOPT getsockopt=fill(value,4)
 */
#include "contract.h"
#include <sys/socket.h>
#include <sys/time.h>

static int s;

static int get(int option)
{
	int value = -12345;
	socklen_t size = sizeof(value);

	must(getsockopt(s, SOL_SOCKET, option, &value, &size));
	expect_eq(size, 4);
	return value;
}

static int set(int option, int value)
{
	return setsockopt(s, SOL_SOCKET, option, &value, sizeof(value));
}

static void flags(void)
{
	static const int all[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST,
				   SO_DONTROUTE, SO_OOBINLINE, SO_PASSCRED };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		expect_eq(get(all[i]), 0);
		must(set(all[i], 17));
		expect_eq(get(all[i]), 1);
		must(set(all[i], 0));
		expect_eq(get(all[i]), 0);
	}
}

static void buffers(void)
{
	say("buffers %d %d", get(SO_SNDBUF), get(SO_RCVBUF));
	must(set(SO_SNDBUF, 10000));
	must(set(SO_RCVBUF, 10000));
	expect(get(SO_SNDBUF) == 20000 && get(SO_RCVBUF) == 20000);
	must(set(SO_SNDBUF, 0));
	must(set(SO_RCVBUF, 0));
	say("least %d %d", get(SO_SNDBUF), get(SO_RCVBUF));
	must(set(SO_SNDBUF, 1 << 30));
	must(set(SO_RCVBUF, -1));
	say("most %d %d", get(SO_SNDBUF), get(SO_RCVBUF));
}

static void lengths(void)
{
	struct {
		int value;
		char after[12];
	} room = { .after = "untouched" };
	struct linger linger = { 1, 5 };
	struct timeval time = { 3, 200000 }, got;
	socklen_t size = sizeof(room);

	must(getsockopt(s, SOL_SOCKET, SO_TYPE, &room, &size));
	expect_eq(size, 4);
	expect(room.value == SOCK_STREAM && !strcmp(room.after, "untouched"));
	size = 1;
	room.value = -1;
	must(getsockopt(s, SOL_SOCKET, SO_TYPE, &room, &size));
	expect_eq(size, 1);
	expect_eq(room.value & 0xffffff00, 0xffffff00);
	size = 0;
	must(getsockopt(s, SOL_SOCKET, SO_TYPE, &room, &size));
	size = -1;
	must_fail(getsockopt(s, SOL_SOCKET, SO_TYPE, &room, &size), EINVAL);
	must_fail(getsockopt(s, SOL_SOCKET, SO_TYPE, &room, NULL), EFAULT);
	must_fail(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &room, 3), EINVAL);
	must_fail(setsockopt(s, SOL_SOCKET, SO_REUSEADDR, NULL, 4), EFAULT);
	must_fail(setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, 4), EINVAL);
	must(setsockopt(s, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
	memset(&linger, 0, sizeof(linger));
	size = sizeof(linger);
	must(getsockopt(s, SOL_SOCKET, SO_LINGER, &linger, &size));
	expect(size == 8 && linger.l_onoff == 1 && linger.l_linger == 5);
	must(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)));
	size = sizeof(got);
	must(getsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &got, &size));
	expect(size == 16 && got.tv_sec == 3 && got.tv_usec == 200000);
	time.tv_usec = 1000000;
	must_fail(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)), EDOM);
	must_fail(setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &time, 8), EINVAL);
}

int main(void)
{
	s = must(socket(AF_UNIX, SOCK_STREAM, 0));
	expect_eq(get(SO_TYPE), SOCK_STREAM);
	expect_eq(get(SO_DOMAIN), AF_UNIX);
	expect_eq(get(SO_PROTOCOL), 0);
	expect_eq(get(SO_ERROR), 0);
	expect_eq(get(SO_ACCEPTCONN), 0);
	must(bind(s, &(struct sockaddr){ .sa_family = AF_UNIX }, 2));
	must(listen(s, 1));
	expect_eq(get(SO_ACCEPTCONN), 1);
	must_fail(set(SO_TYPE, 1), ENOPROTOOPT);
	must_fail(set(SO_ERROR, 1), ENOPROTOOPT);
	must_fail(set(SO_ACCEPTCONN, 1), ENOPROTOOPT);
	must_fail(set(9999, 1), ENOPROTOOPT);
	must_fail(setsockopt(s, 6, 1, &s, 4), EOPNOTSUPP);
	must_fail(getsockopt(s, 6, 1, &s, &(socklen_t){ 4 }), EOPNOTSUPP);
	must_fail(getsockopt(s, SOL_SOCKET, 9999, &(int){ 0 }, &(socklen_t){ 4 }), ENOPROTOOPT);
	flags();
	must(set(SO_PRIORITY, 6));
	expect_eq(get(SO_PRIORITY), 6);
	buffers();
	lengths();
	say("options have the values and the lengths they should");
	return 0;
}
