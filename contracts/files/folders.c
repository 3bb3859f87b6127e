/*
 * folders.c - mkdir and rmdir, their refusals and the link counts.
 * mutants: mkdir=0 mkdir=EINVAL rmdir=0 newfstatat=fill(stat,144)
 */
#include "contract.h"

int main(void)
{
	struct stat st;

	umask(022);
	must(mkdir("a", 0777));
	must(stat("a", &st));
	expect_eq(st.st_mode, S_IFDIR | 0755);
	expect_eq(st.st_nlink, 2);
	must_fail(mkdir("a", 0777), EEXIST);
	must_fail(mkdir("x/y", 0777), ENOENT);
	must(mkdir("a/b", 0777));
	must(stat("a", &st));
	expect_eq(st.st_nlink, 3);
	must_fail(rmdir("a"), ENOTEMPTY);
	must_fail(rmdir("a/b/."), EINVAL);
	must_fail(rmdir("a/b/.."), ENOTEMPTY);
	must_fail(rmdir("missing"), ENOENT);
	must(rmdir("a/b/"));
	must(rmdir("a"));
	must_fail(stat("a", &st), ENOENT);
	must_fail(mkdir("", 0777), ENOENT);
	must_fail(mkdir("/", 0777), EEXIST);
	say("made, counted, refused while full, removed");
	return 0;
}
