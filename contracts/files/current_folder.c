/*
 * current_folder.c - chdir, fchdir and getcwd agree, a child's change is its own, a removed folder is told.
 * mutants: chdir=0 fchdir=0 getcwd=result+1 getcwd=ENOSYS rmdir=0 clone=flags|CLONE_FS
 */
#include "contract.h"

int main(void)
{
	char here[256], there[256], want[300];
	int fd = must(open(".", O_RDONLY | O_DIRECTORY));
	pid_t child;

	expect(getcwd(here, sizeof(here)) != NULL);
	expect_eq(here[0], '/');
	must(mkdir("a", 0755));
	must(mkdir("a/b", 0755));
	must(symlink("a/b", "s"));
	must(chdir("s/../b"));
	snprintf(want, sizeof(want), "%s/a/b", here);
	expect(getcwd(there, sizeof(there)) != NULL);
	expect(strcmp(there, want) == 0);
	expect_eq(syscall(SYS_getcwd, there, sizeof(there)), (long)strlen(want) + 1);
	must_fail(syscall(SYS_getcwd, there, strlen(want)), ERANGE);
	child = fork_child();
	if (!child) {
		must(chdir("/"));
		_exit(0);
	}
	expect_exit(child, 0);
	expect(getcwd(there, sizeof(there)) != NULL && strcmp(there, want) == 0);

	must(rmdir("../b"));
	must_fail(syscall(SYS_getcwd, there, sizeof(there)), ENOENT);
	must_fail(open("new", O_CREAT | O_WRONLY, 0600), ENOENT);
	must(fchdir(fd));
	expect(getcwd(there, sizeof(there)) != NULL && strcmp(there, here) == 0);
	close(file_with("f", ""));
	must_fail(chdir("f"), ENOTDIR);
	must_fail(chdir("missing"), ENOENT);
	must(chdir("/.."));
	expect(getcwd(there, sizeof(there)) != NULL);
	say("%s", there);
	return 0;
}
