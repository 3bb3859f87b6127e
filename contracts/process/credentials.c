/*
 * credentials.c - root may change its ids, after which it is root no more and meets permissions.
 * mutants: setresuid=0 setresgid=0 setgroups=0 setuid=0 setgid=0 getresuid=0 kill=0
 */
#include "contract.h"
#include <grp.h>

static void as_user(void)
{
	uid_t real, effective, saved;

	must(setgroups(1, &(gid_t){ 7 }));
	expect_eq(getgroups(0, NULL), 1);
	must(setgroups(0, NULL));
	expect_eq(getgroups(0, NULL), 0);
	must(setresgid(200, 200, 200));
	must(setresuid(100, 100, 100));
	must(getresuid(&real, &effective, &saved));
	expect(real == 100 && effective == 100 && saved == 100);
	expect(getuid() == 100 && geteuid() == 100 && getgid() == 200 && getegid() == 200);
	must_fail(setuid(0), EPERM);
	must_fail(setgid(0), EPERM);
	must_fail(open("secret", O_RDONLY), EACCES);
	must_fail(open("folder/file", O_RDONLY), EACCES);
	must_fail(open("new", O_WRONLY | O_CREAT, 0644), EACCES);
	must_fail(chmod("open", 0777), EPERM);
	must_fail(kill(1, SIGTERM), EPERM);
	must(close(must(open("open", O_RDONLY))));
	must_fail(open("open", O_WRONLY), EACCES);
}

int main(void)
{
	pid_t child;

	expect_eq(getuid(), 0);
	must(chmod(".", 0755));
	close(file_with("secret", "s"));
	close(file_with("open", "o"));
	must(chmod("secret", 0600));
	must(chmod("open", 0644));
	must(mkdir("folder", 0700));
	close(file_with("folder/file", "f"));
	child = fork_child();
	if (!child) {
		as_user();
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(geteuid(), 0);
	say("user 100 is kept out of what is root's");
	return 0;
}
