/*
 * open_folder.c - O_DIRECTORY, O_NOFOLLOW and opening folders for writing.
 * mutants: openat(flags&O_DIRECTORY)=flags^O_DIRECTORY openat(flags&O_NOFOLLOW)=flags^O_NOFOLLOW
 * mutants: mkdir=0 symlink=0
 */
#include "contract.h"

int main(void)
{
	char text[16];
	int fd;

	close(file_with("f", "x"));
	must(mkdir("d", 0755));
	must(symlink("f", "s"));
	must(symlink("d", "sd"));
	must_fail(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	fd = must(open("d", O_RDONLY));
	must_fail(read(fd, text, 1), EISDIR);
	must_fail(open("d", O_WRONLY), EISDIR);
	must_fail(open("d", O_RDWR), EISDIR);
	must_fail(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
	must(open("sd", O_RDONLY | O_DIRECTORY));
	must_fail(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	must_fail(open("sd", O_RDONLY | O_DIRECTORY | O_NOFOLLOW), ENOTDIR);
	must(open("sd/.", O_RDONLY | O_NOFOLLOW));
	must(open("d/", O_RDONLY));
	must_fail(open("f/", O_RDONLY), ENOTDIR);
	must_fail(open("new/", O_WRONLY | O_CREAT, 0600), EISDIR);
	say("folders open for reading only, links not followed when told");
	return 0;
}
