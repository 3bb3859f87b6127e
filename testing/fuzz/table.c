/* table.c - the calls to make: the kernel's one list as data, and what must not be done with some of them. */
#include "fuzz.h"

#include <string.h>

#define A(k, n)                                                                                    \
	{                                                                                          \
		KIND_##k, #n                                                                       \
	}
#define SYSCALL0(nr, call) { nr, #call, { { KIND_NONE, NULL } } },
#define SYSCALL1(nr, call, k1, a1) { nr, #call, { A(k1, a1) } },
#define SYSCALL2(nr, call, k1, a1, k2, a2) { nr, #call, { A(k1, a1), A(k2, a2) } },
#define SYSCALL3(nr, call, k1, a1, k2, a2, k3, a3)                                                 \
	{ nr, #call, { A(k1, a1), A(k2, a2), A(k3, a3) } },
#define SYSCALL4(nr, call, k1, a1, k2, a2, k3, a3, k4, a4)                                         \
	{ nr, #call, { A(k1, a1), A(k2, a2), A(k3, a3), A(k4, a4) } },
#define SYSCALL5(nr, call, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5)                                 \
	{ nr, #call, { A(k1, a1), A(k2, a2), A(k3, a3), A(k4, a4), A(k5, a5) } },
#define SYSCALL6(nr, call, k1, a1, k2, a2, k3, a3, k4, a4, k5, a5, k6, a6)                         \
	{ nr, #call, { A(k1, a1), A(k2, a2), A(k3, a3), A(k4, a4), A(k5, a5), A(k6, a6) } },
#define SYSCALLF0 SYSCALL0
#define SYSCALLF1 SYSCALL1
#define SYSCALLF2 SYSCALL2
#define SYSCALLF3 SYSCALL3
#define SYSCALLF4 SYSCALL4
#define SYSCALLF5 SYSCALL5
#define SYSCALLF6 SYSCALL6

const struct call calls[] = {
#include <kernel/syscall_list.h>
};
const unsigned int call_count = COUNT(calls);

static const struct {
	const char *name;
	enum rule rule;
} rules[] = {
	{ "reboot", RULE_UNPRIVILEGED },
	{ "pivot_root", RULE_UNPRIVILEGED },
	{ "syslog", RULE_UNPRIVILEGED }, /* switches the console off */
	{ "sethostname", RULE_UNPRIVILEGED }, /* into the kernel's messages */
	{ "setdomainname", RULE_UNPRIVILEGED },
	{ "exit", RULE_RARE },
	{ "exit_group", RULE_RARE },
	{ "rt_sigreturn", RULE_RARE },
	{ "execve", RULE_RARE },
	{ "execveat", RULE_RARE },
	{ "pause", RULE_RARE },
	{ "close_range", RULE_RARE },
	{ "setrlimit", RULE_RARE },
	{ "fork", RULE_CHILD },
	{ "vfork", RULE_CHILD },
	{ "clone", RULE_CHILD },
	{ "clone3", RULE_CHILD },
};

enum rule call_rule(const struct call *call)
{
	for (unsigned int i = 0; i < COUNT(rules); i++)
		if (!strcmp(rules[i].name, call->name))
			return rules[i].rule;
	return RULE_NONE;
}
