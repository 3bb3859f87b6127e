/*
 * fork_shares_files.c - fork duplicates descriptors: one offset for both, but closing is private.
 * mutants: lseek=0 clone=flags|CLONE_FILES read=0 fcntl=0
 */
#include "contract.h"

int main(void)
{
	int fd = file_with("file", "abcdefgh");
	char byte[3] = "";
	pid_t child;

	must(lseek(fd, 0, SEEK_SET));
	child = fork_child();
	if (!child) {
		expect_eq(read(fd, byte, 2), 2);
		expect(memcmp(byte, "ab", 2) == 0);
		must(fcntl(fd, F_SETFL, O_APPEND));
		must(close(fd));
		_exit(0);
	}
	expect_exit(child, 0);
	expect_eq(lseek(fd, 0, SEEK_CUR), 2);
	expect(fcntl(fd, F_GETFL) & O_APPEND);
	expect_eq(read(fd, byte, 2), 2);
	expect(memcmp(byte, "cd", 2) == 0);
	say("the offset moved for both, the descriptor stayed open here");
	return 0;
}
