/*
 * waitid_states.c - waitid tells stopped, continued and exited apart, can look without taking, and can come too early.
 * mutants: waitid=0 waitid=ENOSYS waitid=fill(info,40) tgkill=0 kill=0
 */
#include "contract.h"

static siginfo_t wait_for(idtype_t type, id_t id, int options)
{
	siginfo_t info;

	memset(&info, 0xff, sizeof(info));
	must(waitid(type, id, &info, options));
	return info;
}

int main(void)
{
	siginfo_t info;
	int release[2];
	char byte;
	pid_t child;

	must(pipe(release));
	child = fork_child();
	if (!child) {
		raise(SIGSTOP);
		_exit(read(release[0], &byte, 1) == 1 ? 9 : 1);
	}
	info = wait_for(P_PID, (id_t)child, WSTOPPED | WNOWAIT);
	expect_eq(info.si_code, CLD_STOPPED);
	expect_eq(info.si_status, SIGSTOP);
	expect_eq(info.si_pid, child);
	info = wait_for(P_PID, (id_t)child, WSTOPPED);
	expect_eq(info.si_code, CLD_STOPPED);
	info = wait_for(P_PID, (id_t)child, WSTOPPED | WNOHANG);
	expect_eq(info.si_pid, 0);
	expect_eq(info.si_signo, 0);
	must(kill(child, SIGCONT));
	info = wait_for(P_ALL, 0, WCONTINUED);
	expect_eq(info.si_code, CLD_CONTINUED);
	expect_eq(info.si_status, SIGCONT);
	expect_eq(write(release[1], "x", 1), 1);
	info = wait_for(P_PGID, 0, WEXITED);
	expect_eq(info.si_code, CLD_EXITED);
	expect_eq(info.si_status, 9);
	must_fail(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
	must_fail(waitid(P_ALL, 0, &info, 0), EINVAL);
	must_fail(waitid(P_ALL, 0, &info, WEXITED | 0x40), EINVAL);
	say("stopped, still stopped, continued, exited, gone");
	return 0;
}
