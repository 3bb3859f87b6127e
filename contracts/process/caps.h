/* caps.h - capget and capset without the C library's help, and what /proc says beside them. */
#pragma once

#include "contract.h"
#include <linux/capability.h>

struct caps {
	uint64_t effective, permitted, inheritable;
};

static inline int transfer(long call, struct caps *caps, unsigned version, int pid)
{
	struct __user_cap_header_struct head = { version, pid };
	struct __user_cap_data_struct data[2] = {
		{ caps->effective, caps->permitted, caps->inheritable },
		{ caps->effective >> 32, caps->permitted >> 32, caps->inheritable >> 32 },
	};
	int result = syscall(call, &head, data);

	if (head.version != version)
		say("version %x becomes %x", version, head.version);
	caps->effective = data[0].effective | (uint64_t)data[1].effective << 32;
	caps->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
	caps->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
	return result;
}

static inline struct caps get(void)
{
	struct caps caps = { 0 };

	must(transfer(SYS_capget, &caps, _LINUX_CAPABILITY_VERSION_3, 0));
	return caps;
}

static inline int set(struct caps caps)
{
	return transfer(SYS_capset, &caps, _LINUX_CAPABILITY_VERSION_3, 0);
}

static inline uint64_t status_line(const char *name)
{
	char text[4096] = "", *line;
	int fd = must(open("/proc/self/status", O_RDONLY));

	must(read(fd, text, sizeof(text) - 1));
	must(close(fd));
	line = strstr(text, name);
	expect(line);
	return strtoull(line + strlen(name), NULL, 16);
}

static inline void show(const char *what)
{
	struct caps caps = get();

	expect_eq(status_line("CapEff:"), caps.effective);
	expect_eq(status_line("CapPrm:"), caps.permitted);
	expect_eq(status_line("CapInh:"), caps.inheritable);
	say("%s: effective %llx permitted %llx inheritable %llx bounding %llx ambient %llx", what,
	    (long long)caps.effective, (long long)caps.permitted, (long long)caps.inheritable,
	    (long long)status_line("CapBnd:"), (long long)status_line("CapAmb:"));
}

static inline void in_child(void (*body)(void))
{
	pid_t child = fork_child();

	if (!child) {
		body();
		_exit(0);
	}
	expect_exit(child, 0);
}
