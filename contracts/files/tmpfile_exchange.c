/*
 * tmpfile_exchange.c - O_TMPFILE makes a file without a name that linkat may name once; renameat2 replaces not, or exchanges.
 * mutants: renameat2=0 renameat2=EINVAL renameat2(flags:1)=flags=0 renameat2(flags:2)=flags=0 linkat=0 linkat=ENOENT
 * mutants: openat(flags&O_TMPFILE)=EOPNOTSUPP write=EBADF
 */
#include "contract.h"
#include <dirent.h>

static int without_name(int more)
{
	return must(open(".", O_TMPFILE | O_RDWR | more, 0666));
}

/* linkat by the descriptor's name in /proc, which needs no capability. */
static int give_name(int fd, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int entries(void)
{
	DIR *folder = must(opendir("."));
	int count = 0;

	while (readdir(folder))
		count++;
	must(closedir(folder));
	return count;
}

static nlink_t links(int fd)
{
	struct stat st;

	must(fstat(fd, &st));
	expect(S_ISREG(st.st_mode));
	return st.st_nlink;
}

static void tmpfile_named(void)
{
	int fd = without_name(0), before = entries();
	char text[10] = "";
	struct stat st;

	must(fstat(fd, &st));
	say("mode %o, %d links", st.st_mode, (int)st.st_nlink);
	expect_eq(write(fd, "kept", 4), 4);
	must(give_name(fd, "named"));
	expect_eq(entries(), before + 1);
	expect_eq(links(fd), 1);
	must_fail(give_name(fd, "named"), EEXIST);
	must(linkat(fd, "", AT_FDCWD, "second", AT_EMPTY_PATH));
	expect_eq(links(fd), 2);
	expect_eq(read(must(open("second", O_RDONLY)), text, sizeof(text)), 4);
	expect(!strcmp(text, "kept"));
	must(unlink("named"));
	must(unlink("second"));
	must_fail(give_name(fd, "again"), ENOENT);
	must_fail(linkat(fd, "", AT_FDCWD, "again", AT_EMPTY_PATH), ENOENT);
	must_fail(linkat(fd, "", AT_FDCWD, "again", 0), ENOENT);
	must_fail(linkat(fd, "", AT_FDCWD, "again", 0x4), EINVAL);
	expect_eq(links(fd), 0);
	must(close(fd));
	must(linkat(without_name(0), "", AT_FDCWD, "direct", AT_EMPTY_PATH));
	must(unlink("direct"));
}

static void tmpfile_refused(void)
{
	int fd = without_name(O_EXCL);

	must_fail(give_name(fd, "named"), ENOENT);
	must(close(fd));
	must_fail(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
	must_fail(open(".", O_TMPFILE | O_RDWR | O_CREAT, 0600), EINVAL);
	must_fail(open("missing", O_TMPFILE | O_RDWR, 0600), ENOENT);
	must_fail(open("/proc/self/status", O_TMPFILE | O_RDWR, 0600), ENOTDIR);
	must_fail(open("/proc", O_TMPFILE | O_RDWR, 0600), EOPNOTSUPP);
	must(close(must(open(".", O_TMPFILE | O_WRONLY, 0))));
	say("nameless for ever, and refusals");
}

static ino_t number(const char *name)
{
	struct stat st;

	must(lstat(name, &st));
	return st.st_ino;
}

static int move(const char *from, const char *to, unsigned flags)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void no_replace(void)
{
	must(close(file_with("a", "a")));
	must(close(file_with("b", "b")));
	must(symlink("nowhere", "link"));
	must_fail(move("a", "b", RENAME_NOREPLACE), EEXIST);
	must_fail(move("a", "a", RENAME_NOREPLACE), EEXIST);
	must_fail(move("a", "link", RENAME_NOREPLACE), EEXIST);
	must_fail(move("a", ".", RENAME_NOREPLACE), EEXIST);
	must_fail(move("missing", "c", RENAME_NOREPLACE), ENOENT);
	must(move("a", "c", RENAME_NOREPLACE));
	must(move("c", "a", RENAME_NOREPLACE));
	must_fail(move("a", "b", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
	must_fail(move("a", "b", RENAME_WHITEOUT | RENAME_EXCHANGE), EINVAL);
	must_fail(move("a", "b", 8), EINVAL);
	say("not replaced");
}

static void exchange(void)
{
	ino_t a = number("a"), one, top = number(".");
	struct stat st;

	must(move("a", "b", RENAME_EXCHANGE));
	expect_eq(number("b"), a);
	must(move("b", "link", RENAME_EXCHANGE));
	expect_eq(number("link"), a);
	must_fail(move("link", "missing", RENAME_EXCHANGE), ENOENT);
	must_fail(move("missing", "link", RENAME_EXCHANGE), ENOENT);
	must(mkdir("one", 0700));
	must(mkdir("one/sub", 0700));
	must(mkdir("two", 0700));
	must(close(file_with("two/file", "f")));
	one = number("one");
	must_fail(move("one", "one/sub", RENAME_EXCHANGE), EINVAL);
	must_fail(move("one/sub", "one", RENAME_EXCHANGE), EINVAL);
	must_fail(move("one", ".", RENAME_EXCHANGE), EBUSY);
	must_fail(move("one", "a/", RENAME_EXCHANGE), ENOTDIR);
	must(move("one/sub", "two/file", RENAME_EXCHANGE));
	expect_eq(number("two/file/.."), number("two"));
	must(stat("one", &st));
	say("a folder went out: %d links", (int)st.st_nlink);
	must(stat("two", &st));
	say("and in: %d links", (int)st.st_nlink);
	must(move("one", "two/file", RENAME_EXCHANGE));
	expect_eq(number("two/file"), one);
	expect_eq(number("one/.."), top);
	expect_eq(number("two/file/.."), number("two"));
	must(stat("two/file/sub", &st));
	say("exchanged, %ld bytes along", (long)st.st_size);
}

int main(void)
{
	umask(0027);
	tmpfile_named();
	tmpfile_refused();
	no_replace();
	exchange();
	return 0;
}
