/*
 * exec_args.c - execve hands over exactly argv and environ, empty strings and long ones too.
 * mutants: execve(path&0)#2=0 execve#2=ENOSYS execve#2=argv=0 execve#2=envp=0
 */
#include "contract.h"

#define LONG_SIZE 20000

extern char **environ;

static int check(int argc, char **argv)
{
	expect_eq(argc, 5);
	expect(strcmp(argv[2], "") == 0);
	expect(strcmp(argv[3], "two words") == 0);
	expect_eq(strlen(argv[4]), LONG_SIZE);
	for (int i = 0; i < LONG_SIZE; i++)
		expect_eq(argv[4][i], 'L');
	expect(argv[5] == NULL);
	expect(strcmp(environ[0], "A=1") == 0);
	expect(strcmp(environ[1], "EMPTY=") == 0);
	expect(environ[2] == NULL);
	say("the program sees %d arguments and 2 variables", argc);
	return 17;
}

int main(int argc, char **argv)
{
	static char lots[LONG_SIZE + 1];
	char *arguments[] = { "name", "again", "", "two words", lots, NULL };
	char *variables[] = { "A=1", "EMPTY=", NULL };
	pid_t child;

	if (argc > 1 && strcmp(argv[1], "again") == 0)
		return check(argc, argv);
	memset(lots, 'L', LONG_SIZE);
	child = fork_child();
	if (!child) {
		execve(argv[0], arguments, variables);
		broken("execve: %s", errno_name(errno));
	}
	expect_exit(child, 17);
	return 0;
}
