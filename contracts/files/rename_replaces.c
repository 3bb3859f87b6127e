/*
 * rename_replaces.c - rename moves a name over another at once; who has the old file open keeps it.
 * mutants: rename=0 rename=EEXIST link=0 newfstatat=0
 */
#include "contract.h"

int main(void)
{
	struct stat st, again;
	char text[8];
	int old;

	close(file_with("a", "new"));
	old = file_with("b", "old");
	must(stat("a", &st));
	must(rename("a", "b"));
	must_fail(stat("a", &again), ENOENT);
	must(stat("b", &again));
	expect_eq(again.st_ino, st.st_ino);
	expect_eq(again.st_size, 3);
	expect_eq(pread(old, text, 8, 0), 3);
	expect(memcmp(text, "old", 3) == 0);
	must(fstat(old, &again));
	expect_eq(again.st_nlink, 0);

	must(mkdir("d", 0755));
	must(mkdir("e", 0755));
	must_fail(rename("b", "d"), EISDIR);
	must_fail(rename("d", "b"), ENOTDIR);
	must(rename("d", "e"));
	must_fail(stat("d", &again), ENOENT);
	must(rename("b", "e/b"));
	must(mkdir("f", 0755));
	must_fail(rename("f", "e"), ENOTEMPTY);
	must_fail(rename("missing", "x"), ENOENT);
	must(link("e/b", "same"));
	must(rename("same", "e/b"));
	must(stat("same", &again));
	expect_eq(again.st_nlink, 2);
	say("file over file, empty folder over folder, and nothing else");
	return 0;
}
