/*
 * capabilities.c - root's power is in parts: what is given up is forbidden, and what is not permitted cannot be regained.
 * mutants: capset=0 capset=EPERM capget=0 capget=EINVAL capget=fill(data,24) capset#2+=0 setresuid=0 setgid=0 mknodat=0
 */
#include "caps.h"

static int without(int capability)
{
	struct caps caps = get();

	caps.effective &= ~(1ULL << capability);
	return set(caps);
}

static void headers(void)
{
	struct __user_cap_header_struct head = { 1, 0 };
	struct caps caps = { 0 }, none = { 0 };

	must_fail(transfer(SYS_capget, &caps, 1, 0), EINVAL);
	must_fail(transfer(SYS_capset, &none, 1, 0), EINVAL);
	must(syscall(SYS_capget, &head, NULL));
	expect_eq(head.version, _LINUX_CAPABILITY_VERSION_3);
	head.pid = -5;
	must(syscall(SYS_capget, &head, NULL));
	must_fail(syscall(SYS_capset, &head, NULL), EPERM);
	must_fail(syscall(SYS_capget, NULL, NULL), EFAULT);
	must_fail(transfer(SYS_capget, &caps, _LINUX_CAPABILITY_VERSION_3, -1), EINVAL);
	must_fail(transfer(SYS_capget, &caps, _LINUX_CAPABILITY_VERSION_3, 1 << 22), ESRCH);
	must_fail(transfer(SYS_capset, &none, _LINUX_CAPABILITY_VERSION_3, getppid()), EPERM);
	must(transfer(SYS_capget, &caps, _LINUX_CAPABILITY_VERSION_1, getpid()));
	say("version 1: %llx", (long long)caps.permitted);
}

/* Each is given up, and what it allowed fails; it is taken back while it is permitted. */
static void forbidden(void)
{
	struct caps all = get(), few = all;

	must(close(file_with("secret", "")));
	must(chmod("secret", 0));
	must(close(must(open("secret", O_RDWR))));
	must(without(CAP_DAC_OVERRIDE));
	must_fail(open("secret", O_WRONLY), EACCES);
	must(close(must(open("secret", O_RDONLY))));
	must(without(CAP_DAC_READ_SEARCH));
	must_fail(open("secret", O_RDONLY), EACCES);
	must(chown("secret", 7, 7));
	must(without(CAP_FOWNER));
	must_fail(chmod("secret", 0777), EPERM);
	must(without(CAP_CHOWN));
	must_fail(chown("secret", 0, 0), EPERM);
	must(without(CAP_SETUID));
	must_fail(setresuid(5, 5, 5), EPERM);
	must(without(CAP_SETGID));
	must_fail(setgid(5), EPERM);
	must_fail(syscall(SYS_setgroups, 0, NULL), EPERM);
	must(without(CAP_MKNOD));
	must_fail(mknod("null", S_IFCHR | 0600, 0x103), EPERM);
	must(without(CAP_SYS_CHROOT));
	must_fail(chroot("/"), EPERM);
	must(set(all));
	must(close(must(open("secret", O_RDWR))));
	few.effective = few.permitted = 1ULL << CAP_SETPCAP | 1ULL << CAP_CHOWN;
	must(set(few));
	must_fail(set(all), EPERM);
	few.effective |= 1ULL << CAP_KILL;
	must_fail(set(few), EPERM);
	show("only two");
}

int main(void)
{
	show("root");
	in_child(headers);
	in_child(forbidden);
	return 0;
}
