/*
 * access_mode.c - access asks for the real user: root may read and write all, execute only what is executable.
 * mutants: access=0 access=EACCES access=ENOSYS chmod=0 setresuid=0
 */
#include "contract.h"

int main(void)
{
	pid_t child;

	close(file_with("plain", ""));
	close(file_with("program", ""));
	must(chmod("plain", 0));
	must(chmod("program", 0111));
	must(chmod(".", 0755));
	must(access("plain", F_OK | R_OK | W_OK));
	must_fail(access("plain", X_OK), EACCES);
	must(access("program", X_OK));
	must_fail(access("missing", F_OK), ENOENT);
	must_fail(access("plain", 8), EINVAL);
	child = fork_child();
	if (!child) {
		must(setresuid(100, 0, 0));
		must_fail(access("plain", R_OK), EACCES);
		must(access("plain", F_OK));
		must(access("program", X_OK));
		must_fail(access("program", R_OK | X_OK), EACCES);
		_exit(0);
	}
	expect_exit(child, 0);
	say("root's and user 100's view");
	return 0;
}
