/*
 * links.c - hard links share the file, symbolic links are followed, and loops end in ELOOP.
 * mutants: link=0 symlink=0 readlink=result+1 readlink=fill(buffer,1) rmdir=0 unlink=0
 */
#include "contract.h"

int main(void)
{
	struct stat st, other;
	char text[32];
	int fd;

	close(file_with("f", "file"));
	must(link("f", "hard"));
	must(stat("f", &st));
	must(stat("hard", &other));
	expect(st.st_ino == other.st_ino && st.st_nlink == 2);
	must_fail(link("f", "hard"), EEXIST);
	must(mkdir("d", 0755));
	must_fail(link("d", "e"), EPERM);

	must(symlink("../f", "d/soft"));
	must(stat("d/soft", &other));
	expect_eq(other.st_ino, st.st_ino);
	must(lstat("d/soft", &other));
	expect(S_ISLNK(other.st_mode) && other.st_size == 4);
	expect_eq(readlink("d/soft", text, sizeof(text)), 4);
	expect(memcmp(text, "../f", 4) == 0);
	expect_eq(readlink("d/soft", text, 2), 2);
	must_fail(readlink("f", text, sizeof(text)), EINVAL);
	must_fail(symlink("x", "d/soft"), EEXIST);

	must(symlink("loop2", "loop1"));
	must(symlink("loop1", "loop2"));
	must_fail(open("loop1", O_RDONLY), ELOOP);
	must_fail(stat("loop1/x", &st), ELOOP);
	must(symlink("nowhere", "dangling"));
	must_fail(open("dangling", O_RDONLY), ENOENT);
	must_fail(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	fd = must(open("dangling", O_RDWR | O_CREAT, 0600));
	must(stat("nowhere", &st));
	must(symlink("d", "folder"));
	must(stat("folder/soft", &st));
	must(lstat("folder/", &st));
	expect(S_ISDIR(st.st_mode));
	must_fail(rmdir("folder"), ENOTDIR);
	must(unlink("folder"));
	must_fail(access("folder", F_OK), ENOENT);
	must(close(fd));
	say("hard, soft, dangling, looping");
	return 0;
}
