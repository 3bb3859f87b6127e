/*
 * early_credentials.c - bytes sent before the connection is accepted carry their sender's credentials for whoever asks later.
 * mutants: setsockopt=0 sendto=0 recvmsg=0 getpid=result+1 connect=0
 */
#include "contract.h"
#include <sys/socket.h>
#include <sys/un.h>

static void receive(int s)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control = { .bytes = "" };
	char text[8];
	struct iovec part = { text, sizeof(text) };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	struct ucred cred;

	expect_eq(recvmsg(s, &header, 0), 1);
	expect_eq(control.header.cmsg_type, SCM_CREDENTIALS);
	memcpy(&cred, CMSG_DATA(&control.header), sizeof(cred));
	say("'%c' from %s, user %d, group %d", text[0], cred.pid == getpid() ? "us" : "nobody",
	    (int)cred.uid, (int)cred.gid);
}

static void run(int type, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = must(socket(AF_UNIX, type, 0)), s = must(socket(AF_UNIX, type, 0)), on = 1, a;

	strcpy(address.sun_path + 1, name);
	must(bind(listener, (void *)&address, sizeof(address)));
	must(listen(listener, 2));
	must(connect(s, (void *)&address, sizeof(address)));
	expect_eq(send(s, "e", 1, 0), 1);
	a = must(accept(listener, NULL, NULL));
	expect_eq(send(s, "l", 1, 0), 1);
	must(setsockopt(a, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	expect_eq(send(s, "k", 1, 0), 1);
	receive(a);
	receive(a);
	receive(a);
	must(close(a));
	must(close(s));
	must(close(listener));
}

int main(void)
{
	run(SOCK_STREAM, "early stream");
	run(SOCK_SEQPACKET, "early sequence");
	return 0;
}
