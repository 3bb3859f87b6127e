/*
 * xattr.c - trusted.* attributes are kept by tmpfs for root alone, user.* by none; sizes, flags, lists and refusals.
 * mutants: setxattr=0 lsetxattr=0 fsetxattr=0 getxattr=0 lgetxattr=0 fgetxattr=0 listxattr=0 llistxattr=0 flistxattr=0
 * mutants: removexattr=0 lremovexattr=0 fremovexattr=0 setxattr=EOPNOTSUPP setxattr=flags=0 fgetxattr=result+1
 * mutants: getxattr=fill(value,3)
 */
#include "contract.h"
#include <linux/limits.h>
#include <sys/xattr.h>

static char text[XATTR_SIZE_MAX + 1];

/* The value, or why there is none. */
static void show(const char *name)
{
	ssize_t size = getxattr("f", name, text, 100);

	if (size < 0)
		say("%s: %s", name, errno_name(errno));
	else
		say("%s: \"%.*s\", %zd bytes", name, (int)size, text, size);
}

static void kept(int fd)
{
	must(setxattr("f", "trusted.a", "first", 5, 0));
	must_fail(setxattr("f", "trusted.a", "x", 1, XATTR_CREATE), EEXIST);
	show("trusted.a");
	must(setxattr("f", "trusted.a", "second", 6, XATTR_REPLACE));
	must_fail(setxattr("f", "trusted.b", "x", 1, XATTR_REPLACE), ENODATA);
	must(setxattr("f", "trusted.b", "", 0, XATTR_CREATE));
	show("trusted.a");
	show("trusted.b");
	show("trusted.c");
	expect_eq(getxattr("f", "trusted.a", NULL, 0), 6);
	expect_eq(fgetxattr(fd, "trusted.a", text, 6), 6);
	must_fail(getxattr("f", "trusted.a", text, 5), ERANGE);
	must_fail(getxattr("f", "trusted.a", NULL, 6), EFAULT);
	expect_eq(listxattr("f", NULL, 0), 20);
	expect_eq(flistxattr(fd, text, 20), 20);
	expect(memmem(text, 20, "trusted.a", 10) && memmem(text, 20, "trusted.b", 10));
	must_fail(listxattr("f", text, 19), ERANGE);
	must(link("f", "g"));
	must(unlink("f"));
	must(rename("g", "f"));
	must(fremovexattr(fd, "trusted.b"));
	must_fail(removexattr("f", "trusted.b"), ENODATA);
	expect_eq(listxattr("f", text, 100), 10);
	memset(text, 'v', XATTR_SIZE_MAX);
	must(fsetxattr(fd, "trusted.long", text, XATTR_SIZE_MAX, 0));
	expect_eq(fgetxattr(fd, "trusted.long", text, sizeof(text)), XATTR_SIZE_MAX);
	must_fail(setxattr("f", "trusted.long", text, XATTR_SIZE_MAX + 1, 0), E2BIG);
	must(removexattr("f", "trusted.long"));
}

/* More names than a list may have bytes. */
static void many(int fd)
{
	char name[200];
	int n;

	for (n = 0; n < 350; n++) {
		snprintf(name, sizeof(name), "trusted.%0*d", 190, n);
		must(fsetxattr(fd, name, "", 0, XATTR_CREATE));
	}
	expect_eq(flistxattr(fd, NULL, 0), n * 199 + 10);
	must_fail(flistxattr(fd, text, XATTR_LIST_MAX), E2BIG);
	must_fail(flistxattr(fd, text, XATTR_LIST_MAX - 1), ERANGE);
	while (n--) {
		snprintf(name, sizeof(name), "trusted.%0*d", 190, n);
		must(fremovexattr(fd, name));
	}
	expect_eq(flistxattr(fd, text, 100), 10);
}

static void links(void)
{
	must(symlink("f", "link"));
	must(lsetxattr("link", "trusted.link", "l", 1, 0));
	must_fail(getxattr("link", "trusted.link", text, 1), ENODATA);
	expect_eq(lgetxattr("link", "trusted.link", text, 1), 1);
	expect_eq(llistxattr("link", text, 100), 13);
	must(lremovexattr("link", "trusted.link"));
	expect_eq(llistxattr("link", text, 100), 0);
	must_fail(lsetxattr("link", "user.a", "x", 1, 0), EPERM);
	must_fail(lgetxattr("link", "user.a", text, 1), ENODATA);
	must_fail(lremovexattr("link", "user.a"), EPERM);
	say("a link has its own");
}

static void refused(int fd)
{
	int path = must(open("f", O_PATH));
	char name[300] = "trusted.";

	must_fail(setxattr("f", "user.a", "x", 1, 0), EOPNOTSUPP);
	must_fail(getxattr("f", "user.a", text, 1), EOPNOTSUPP);
	must_fail(removexattr("f", "user.a"), EOPNOTSUPP);
	must_fail(setxattr("f", "other.a", "x", 1, 0), EOPNOTSUPP);
	must_fail(setxattr("f", "trusted", "x", 1, 0), EOPNOTSUPP);
	must_fail(setxattr("f", "trusted.", "x", 1, 0), EINVAL);
	must_fail(setxattr("f", "", "x", 1, 0), ERANGE);
	must_fail(removexattr("f", ""), ERANGE);
	must_fail(setxattr("missing", "", "x", 1, 4), ENOENT);
	must_fail(removexattr("missing", ""), ENOENT);
	must_fail(setxattr("f", "", "x", 1, 4), EINVAL);
	must_fail(setxattr("f", NULL, "x", 1, 0), EFAULT);
	must_fail(setxattr("f", "other.a", NULL, 1, 0), EFAULT);
	must_fail(fsetxattr(path, "trusted.a", "x", 1, 0), EBADF);
	must_fail(fgetxattr(path, "trusted.a", text, 1), EBADF);
	must_fail(flistxattr(path, text, 1), EBADF);
	must_fail(fremovexattr(99, "trusted.a"), EBADF);
	must_fail(setxattr("/proc/self/status", "trusted.a", "x", 1, 0), EOPNOTSUPP);
	must_fail(getxattr("/dev/null", "user.a", text, 1), ENODATA);
	memset(name + 8, 'n', 248);
	must_fail(fsetxattr(fd, name, "x", 1, 0), ERANGE);
	name[255] = 0;
	must(fsetxattr(fd, name, "x", 1, 0));
	must(fremovexattr(fd, name));
	say("refusals");
}

static void user(void)
{
	must(setresuid(5, 5, 5));
	must_fail(setxattr("f", "trusted.a", "x", 1, 0), EPERM);
	must_fail(removexattr("f", "trusted.a"), EPERM);
	must_fail(setxattr("f", "user.a", "x", 1, 0), EACCES);
	must_fail(getxattr("f", "user.a", "x", 1), EOPNOTSUPP);
	show("trusted.a");
	expect_eq(listxattr("f", text, 100), 0);
	say("a user sees none");
}

int main(void)
{
	int fd = file_with("f", "text");

	must(chmod(".", 0755));
	kept(fd);
	many(fd);
	links();
	refused(fd);
	user();
	return 0;
}
