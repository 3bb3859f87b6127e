/*
 * many_messages.c - sendmmsg, recvmmsg, vectored and file-to-socket transfers.
 * mutants: sendmmsg=0 recvmmsg=0 sendfile=0 sendmmsg=ENOSYS recvmmsg=result+1 readv=0
 */
#include "contract.h"
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

int main(void)
{
	char text[3][8], all[32];
	struct iovec out[3] = { { "a", 1 }, { "bc", 2 }, { "def", 3 } }, in[3];
	struct mmsghdr messages[3];
	struct timespec zero = { 0, 0 };
	int s[2], file = file_with("file", "from a file");
	off_t offset = 5;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, s));
	memset(messages, 0, sizeof(messages));
	for (int i = 0; i < 3; i++) {
		messages[i].msg_hdr.msg_iov = &out[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	expect_eq(sendmmsg(s[0], messages, 3, 0), 3);
	expect_eq(messages[2].msg_len, 3);
	for (int i = 0; i < 3; i++) {
		in[i] = (struct iovec){ text[i], 8 };
		messages[i].msg_hdr.msg_iov = &in[i];
	}
	expect_eq(recvmmsg(s[1], messages, 2, 0, NULL), 2);
	expect(messages[0].msg_len == 1 && messages[1].msg_len == 2);
	expect_eq(recvmmsg(s[1], messages, 3, MSG_WAITFORONE, NULL), 1);
	expect_eq(messages[0].msg_len, 3);
	must_fail(recvmmsg(s[1], messages, 3, MSG_DONTWAIT, &zero), EAGAIN);
	expect_eq(recvmmsg(s[1], messages, 0, 0, NULL), 0);
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, s));
	expect_eq(writev(s[0], out, 3), 6);
	in[0].iov_len = 4;
	expect_eq(readv(s[1], in, 2), 6);
	expect(!memcmp(text[0], "abcd", 4) && !memcmp(text[1], "ef", 2));
	expect_eq(sendfile(s[0], file, &offset, 100), 6);
	expect_eq(offset, 11);
	expect_eq(read(s[1], all, 32), 6);
	expect(!memcmp(all, "a file", 6));
	must_fail(sendfile(file, s[1], NULL, 1), EINVAL);
	say("many messages a call, many pieces a message, a file");
	return 0;
}
