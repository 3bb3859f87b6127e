/*
 * credentials.c - who is at the other end: SO_PEERCRED, and SCM_CREDENTIALS with SO_PASSCRED.
 * mutants: getsockopt=0 setsockopt=0 sendmsg=0 recvmsg=0 getsockopt=fill(value,12) setresuid=0
 */
#include "contract.h"
#include <sys/socket.h>
#include <sys/un.h>

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(struct ucred))];
};

static ssize_t send_cred(int s, struct ucred cred)
{
	union control control = { .bytes = "" };
	struct iovec part = { "c", 1 };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };

	control.header = (struct cmsghdr){ CMSG_LEN(sizeof(cred)), SOL_SOCKET, SCM_CREDENTIALS };
	memcpy(CMSG_DATA(&control.header), &cred, sizeof(cred));
	return sendmsg(s, &header, 0);
}

static struct ucred receive_cred(int s, char *text, ssize_t want)
{
	union control control = { .bytes = "" };
	struct iovec part = { text, 16 };
	struct msghdr header = { .msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control) };
	struct ucred cred;

	expect_eq(recvmsg(s, &header, 0), want);
	expect_eq(header.msg_controllen, CMSG_SPACE(sizeof(cred)));
	expect_eq(control.header.cmsg_type, SCM_CREDENTIALS);
	expect_eq(control.header.cmsg_len, CMSG_LEN(sizeof(cred)));
	memcpy(&cred, CMSG_DATA(&control.header), sizeof(cred));
	return cred;
}

int main(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "cred" };
	int s[2], listener = must(socket(AF_UNIX, SOCK_STREAM, 0)), on = 1;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	char text[16];

	must(getsockopt(listener, SOL_SOCKET, SO_PEERCRED, &cred, &size));
	expect(cred.pid == 0 && cred.uid == (uid_t)-1 && cred.gid == (gid_t)-1);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	must(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &size));
	expect(cred.pid == getpid() && cred.uid == getuid() && cred.gid == getgid());
	size = 4;
	must(getsockopt(s[0], SOL_SOCKET, SO_PEERCRED, &cred, &size));
	expect_eq(size, 4);
	must(bind(listener, (void *)&name, sizeof(name)));
	must(listen(listener, 3));
	pid_t pid = fork_child();
	if (!pid) {
		int c = must(socket(AF_UNIX, SOCK_STREAM, 0));

		must(connect(c, (void *)&name, sizeof(name)));
		size = sizeof(cred);
		must(getsockopt(c, SOL_SOCKET, SO_PEERCRED, &cred, &size));
		expect_eq(cred.pid, getppid());
		_exit(0);
	}
	int server = must(accept(listener, NULL, NULL));
	size = sizeof(cred);
	must(getsockopt(server, SOL_SOCKET, SO_PEERCRED, &cred, &size));
	expect_eq(cred.pid, pid);
	expect_exit(pid, 0);

	must(setsockopt(s[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	expect_eq(write(s[0], "ab", 2), 2);
	pid = fork_child();
	if (!pid) {
		expect_eq(write(s[0], "cd", 2), 2);
		_exit(0);
	}
	expect_exit(pid, 0);
	/* Bytes of two writers are not joined. */
	cred = receive_cred(s[1], text, 2);
	expect_eq(cred.pid, getpid());
	cred = receive_cred(s[1], text, 2);
	expect_eq(cred.pid, pid);
	expect_eq(write(s[0], "e", 1), 1);
	struct iovec part = { text, 16 };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	expect_eq(recvmsg(s[1], &header, 0), 1);
	expect_eq(header.msg_flags, MSG_CTRUNC);
	expect_eq(send_cred(s[0], (struct ucred){ getpid(), 77, 78 }), 1);
	cred = receive_cred(s[1], text, 1);
	expect(cred.pid == getpid() && cred.uid == 77 && cred.gid == 78);
	must_fail(send_cred(s[0], (struct ucred){ 999999, 0, 0 }), ESRCH);
	must(setresgid(1000, 1000, 1000));
	must(setresuid(1000, 1000, 1000));
	must_fail(send_cred(s[0], (struct ucred){ getpid(), 0, 1000 }), EPERM);
	must_fail(send_cred(s[0], (struct ucred){ getpid(), 1000, 0 }), EPERM);
	must_fail(send_cred(s[0], (struct ucred){ 1, 1000, 1000 }), EPERM);
	expect_eq(send_cred(s[0], (struct ucred){ getpid(), 1000, 1000 }), 1);
	say("the peer's credentials, at connection and with each message");
	return 0;
}
