/*
 * capabilities_ids.c - changing ids loses capabilities unless they are kept; the bounding and the ambient set.
 * mutants: capset=0 prctl(option:8)=0 prctl(option:7)=0 prctl(option:24)=0 prctl(option:23)=1 prctl(option:28)=0
 * mutants: prctl(option:47)=0 setresuid=0 setuid=0 kill(signo:0)=0
 */
#include "caps.h"
#include <linux/securebits.h>
#include <sys/prctl.h>

/* A process of user 5 and one of root's as its victim. */
static void may_kill(void)
{
	struct caps caps;

	must(prctl(PR_SET_KEEPCAPS, 1));
	must(setresuid(5, 5, 5));
	must_fail(kill(getppid(), 0), EPERM);
	caps = get();
	caps.effective = 1ULL << CAP_KILL;
	must(set(caps));
	must(kill(getppid(), 0));
}

static void dropped(void)
{
	must(setuid(9));
	show("user");
	must_fail(setuid(0), EPERM);
	must_fail(prctl(PR_CAPBSET_DROP, CAP_KILL), EPERM);
}

static void kept(void)
{
	struct caps caps;

	must_fail(prctl(PR_SET_KEEPCAPS, 2), EINVAL);
	must(prctl(PR_SET_KEEPCAPS, 1));
	expect_eq(prctl(PR_GET_KEEPCAPS), 1);
	must(setuid(9));
	show("kept");
	caps = get();
	caps.effective = 1ULL << CAP_SETUID;
	must(set(caps));
	must(setresuid(-1, 0, -1));
	show("root again");
	must(setresuid(-1, 9, -1));
	show("not root");
}

static void bounding(void)
{
	expect_eq(prctl(PR_CAPBSET_READ, CAP_SYS_TIME), 1);
	must(prctl(PR_CAPBSET_DROP, CAP_SYS_TIME));
	expect_eq(prctl(PR_CAPBSET_READ, CAP_SYS_TIME), 0);
	must_fail(prctl(PR_CAPBSET_READ, 64), EINVAL);
	must_fail(prctl(PR_CAPBSET_DROP, 64), EINVAL);
	show("bounding");
	must(prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED));
	must_fail(prctl(PR_SET_SECUREBITS, 0), EPERM);
	must(setresuid(9, 9, 9));
	show("ids without capabilities");
}

static void ambient(void)
{
	struct caps few = { .permitted = 1ULL << CAP_SETPCAP | 1ULL << CAP_CHOWN };

	few.effective = few.permitted;
	must(set(few));
	must(prctl(PR_CAPBSET_DROP, CAP_KILL));
	few.inheritable = 1ULL << CAP_KILL;
	must_fail(set(few), EPERM);
	few.inheritable = 1ULL << CAP_CHOWN;
	few.effective = few.permitted = 1ULL << CAP_CHOWN;
	must(set(few));
	must_fail(prctl(PR_CAPBSET_DROP, CAP_CHOWN), EPERM);
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	must_fail(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0), EPERM);
	show("ambient");
}

int main(void)
{
	in_child(may_kill);
	in_child(dropped);
	in_child(kept);
	in_child(bounding);
	in_child(ambient);
	return 0;
}
