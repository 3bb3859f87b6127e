/*
 * exec_errors.c - execve of what cannot run fails with the right error and leaves the caller running.
 * mutants: execve#2+=0 execve#2+=ENOSYS execve#2+=ENOENT fchmod=0
 */
#include "contract.h"

static char *none[] = { NULL };

static void try_file(const char *text, size_t size, int mode, int error)
{
	int fd = must(open("program", O_WRONLY | O_CREAT | O_TRUNC, 0700));

	expect_eq(write(fd, text, size), (ssize_t)size);
	must(fchmod(fd, mode));
	must(close(fd));
	must_fail(execve("./program", none, none), error);
}

int main(int argc, char **argv)
{
	char half_elf[64] = "\177ELF\2\1\1";
	char elf[PAGE];
	int fd = must(open(argv[0], O_RDONLY));

	(void)argc;
	expect_eq(read(fd, elf, sizeof(elf)), (ssize_t)sizeof(elf));
	must(close(fd));
	try_file(elf, 100, 0755, ENOEXEC);
	elf[18] = (char)183;
	try_file(elf, sizeof(elf), 0755, ENOEXEC);
	try_file("", 0, 0755, ENOEXEC);
	try_file("just text\n", 10, 0755, ENOEXEC);
	try_file("#!/bin/true\n", 12, 0644, EACCES);
	try_file(half_elf, sizeof(half_elf), 0755, ENOEXEC);
	must_fail(execve("missing", none, none), ENOENT);
	must_fail(execve("", none, none), ENOENT);
	must(mkdir("folder", 0755));
	must_fail(execve("folder", none, none), EACCES);
	must_fail(execve("program/x", none, none), ENOTDIR);
	say("ENOEXEC, EACCES, ENOENT, ENOTDIR, and still here");
	return 0;
}
