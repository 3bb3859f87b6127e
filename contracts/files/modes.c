/*
 * modes.c - chmod, fchmod, chown and umask change what stat shows.
 * mutants: chmod=0 fchmod=0 chown=0 lchown=0 umask=0 chmod=ENOSYS
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("f", "");
	struct stat st;
	mode_t old;

	must(chmod("f", 0123));
	must(stat("f", &st));
	expect_eq(st.st_mode, S_IFREG | 0123);
	must(fchmod(fd, 06755));
	must(fstat(fd, &st));
	expect_eq(st.st_mode, S_IFREG | 06755);
	must(chown("f", 12, 34));
	must(stat("f", &st));
	expect(st.st_uid == 12 && st.st_gid == 34);
	expect_eq(st.st_mode, S_IFREG | 0755);
	must(chown("f", -1, 56));
	must(stat("f", &st));
	expect(st.st_uid == 12 && st.st_gid == 56);
	must(symlink("f", "s"));
	must(lchown("s", 78, 90));
	must(stat("s", &st));
	expect_eq(st.st_uid, 12);
	must(lstat("s", &st));
	expect(st.st_uid == 78 && st.st_gid == 90);

	old = umask(0027);
	expect_eq(umask(0027), 0027);
	must(close(must(open("g", O_CREAT | O_WRONLY, 0777))));
	must(stat("g", &st));
	expect_eq(st.st_mode & 0777, 0750);
	umask(old);
	must_fail(chmod("missing", 0), ENOENT);
	say("modes, owners and the mask");
	return 0;
}
