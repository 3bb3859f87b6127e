/*
 * settings.c - /proc/sys tells and changes what it names.
 * mutants: sethostname=0 pwrite64=0 openat=ENOENT read=fill(buffer,1) write=EINVAL
 * mutants: uname=fill(name,390)
 */
#include "whole_text.h"
#include <sys/utsname.h>

static bool is_uuid(const char *uuid)
{
	unsigned int a, b, c, d, e, f;

	return strlen(uuid) == 37 &&
	       sscanf(uuid, "%8x-%4x-4%3x-%4x-%4x%8x\n", &a, &b, &c, &d, &e, &f) == 6;
}

int main(void)
{
	char name[70], first[50];
	struct utsname uts;
	int fd, null;

	must(uname(&uts));
	snprintf(name, sizeof(name), "%s\n", uts.nodename);
	expect(strcmp(whole_text("/proc/sys/kernel/hostname"), name) == 0);
	fd = must(open("/proc/sys/kernel/hostname", O_WRONLY | O_TRUNC));
	expect_eq(write(fd, "renamed\n", 8), 8);
	must(uname(&uts));
	expect(strcmp(uts.nodename, "renamed") == 0);
	must(sethostname(name, strlen(name) - 1));
	expect(strcmp(whole_text("/proc/sys/kernel/hostname"), name) == 0);
	expect(strcmp(whole_text("/proc/sys/kernel/ostype"), "Linux\n") == 0);
	snprintf(name, sizeof(name), "%s\n", uts.release);
	expect(strcmp(whole_text("/proc/sys/kernel/osrelease"), name) == 0);

	snprintf(first, sizeof(first), "%s", whole_text("/proc/sys/kernel/random/uuid"));
	expect(is_uuid(first));
	expect(strcmp(whole_text("/proc/sys/kernel/random/uuid"), first) != 0);
	snprintf(first, sizeof(first), "%s", whole_text("/proc/sys/kernel/random/boot_id"));
	expect(is_uuid(first));
	expect(strcmp(whole_text("/proc/sys/kernel/random/boot_id"), first) == 0);
	expect(atoi(whole_text("/proc/sys/kernel/pid_max")) >= 32768);
	expect(atoi(whole_text("/proc/sys/fs/pipe-max-size")) == 1 << 20);
	expect(atoi(whole_text("/proc/sys/kernel/random/entropy_avail")) > 0);

	fd = must(open("/proc/sys/vm/overcommit_memory", O_RDWR));
	expect_eq(write(fd, "1\n", 2), 2);
	expect(strcmp(whole_text("/proc/sys/vm/overcommit_memory"), "1\n") == 0);
	must_fail(pwrite(fd, "7\n", 2, 0), EINVAL);
	must_fail(pwrite(fd, "x\n", 2, 0), EINVAL);
	expect_eq(write(fd, "7\n", 2), 2);
	expect(strcmp(whole_text("/proc/sys/vm/overcommit_memory"), "1\n") == 0);
	expect_eq(pwrite(fd, "0\n", 2, 0), 2);
	must_fail(open("/proc/sys/kernel/ostype", O_CREAT | O_EXCL | O_WRONLY, 0644), EEXIST);
	must_fail(open("/proc/sys/kernel/nothing", O_CREAT | O_WRONLY, 0644), ENOENT);
	must_fail(mkdir("/proc/sys/new", 0755), ENOENT);
	must_fail(unlink("/proc/version"), EPERM);
	null = must(open("/proc/version", O_RDONLY));
	expect_eq(lseek(null, 6, SEEK_SET), 6);
	expect(read(null, first, 10) > 0);
	expect_eq(lseek(null, 0, SEEK_SET), 0);
	say("host name, identities, numbers, and what may not be");
	return 0;
}
