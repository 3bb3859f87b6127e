/*
 * exec_script.c - execve runs a #! script by its interpreter, with one argument and the script's path.
 * mutants: execve#2+=ENOEXEC execve#2+=0 fchmod=0 write=0
 */
#include "contract.h"

int main(int argc, char **argv)
{
	char line[400];
	char *arguments[] = { "ignored", "tail", NULL };
	char *none[] = { NULL };
	pid_t child;
	int fd;

	if (argc == 4 && strcmp(argv[1], "one argument") == 0) {
		say("interpreter gets [%s] [%s] [%s]", argv[1], argv[2], argv[3]);
		return 5;
	}
	snprintf(line, sizeof(line), "#! %s one argument  \nnot read\n", argv[0]);
	fd = file_with("script", line);
	must(fchmod(fd, 0755));
	must(close(fd));
	child = fork_child();
	if (!child) {
		execve("./script", arguments, none);
		broken("execve: %s", errno_name(errno));
	}
	expect_exit(child, 5);

	fd = file_with("lost", "#!/no/such/interpreter\n");
	must(fchmod(fd, 0755));
	must(close(fd));
	must_fail(execve("./lost", arguments, none), ENOENT);
	return 0;
}
