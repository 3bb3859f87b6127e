/*
 * openat.c - the *at calls start at the given folder, wherever it has moved to.
 * mutants: mkdirat=0 symlinkat=0 linkat=0 renameat=0 fchmodat=0 unlinkat=0 faccessat2=EINVAL
 * mutants: openat(flags&O_CREAT)=dirfd=AT_FDCWD newfstatat=dirfd=AT_FDCWD
 */
#include "contract.h"

int main(void)
{
	struct stat st;
	int d, f;

	must(mkdir("d", 0755));
	d = must(open("d", O_RDONLY | O_DIRECTORY));
	must(rename("d", "moved"));
	f = must(openat(d, "f", O_RDWR | O_CREAT, 0600));
	must(stat("moved/f", &st));
	must(mkdirat(d, "sub", 0755));
	must(symlinkat("f", d, "s"));
	must(linkat(d, "f", d, "hard", 0));
	must(renameat(d, "hard", AT_FDCWD, "out"));
	must(stat("out", &st));
	expect_eq(st.st_nlink, 2);
	must(fstatat(d, "s", &st, AT_SYMLINK_NOFOLLOW));
	expect(S_ISLNK(st.st_mode));
	must(faccessat(d, "f", R_OK, 0));
	must(fchmodat(d, "f", 0400, 0));
	must(fstatat(d, "f", &st, 0));
	expect_eq(st.st_mode & 07777, 0400);
	must_fail(unlinkat(d, "sub", 0), EISDIR);
	must(unlinkat(d, "sub", AT_REMOVEDIR));
	must(unlinkat(d, "s", 0));
	must_fail(openat(f, "x", O_RDONLY), ENOTDIR);
	must_fail(openat(999, "x", O_RDONLY), EBADF);
	must(close(must(openat(999, "/", O_RDONLY))));
	must(openat(AT_FDCWD, "out", O_RDONLY));
	say("nine calls relative to a folder that had moved");
	return 0;
}
