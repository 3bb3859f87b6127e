/*
 * rename_into_self.c - a folder cannot be moved into itself; moving it elsewhere moves its "..".
 * mutants: rename=0 rename=ENOSYS rename#6=0 newfstatat=0
 */
#include "contract.h"

int main(void)
{
	struct stat st, up;

	must(mkdir("a", 0755));
	must(mkdir("a/b", 0755));
	must(mkdir("c", 0755));
	must_fail(rename("a", "a/b/x"), EINVAL);
	must_fail(rename("a", "a/a"), EINVAL);
	must_fail(rename("a/b", "a"), ENOTEMPTY);
	must(rename("a/b", "c/b"));
	must(stat("c", &st));
	must(stat("c/b/..", &up));
	expect_eq(up.st_ino, st.st_ino);
	expect_eq(st.st_nlink, 3);
	must(stat("a", &st));
	expect_eq(st.st_nlink, 2);
	must_fail(rename("c/.", "d"), EBUSY);
	must_fail(rename("c/b/..", "d"), EBUSY);
	say("EINVAL into itself, link counts right after the move");
	return 0;
}
