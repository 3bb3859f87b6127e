/*
 * self_fd.c - /proc/self/fd lists exactly the open descriptors, and its links lead to the files.
 * mutants: getdents64=0 readlink=ENOENT dup2=0 readlink=fill(buffer,1) newfstatat=0
 */
#include "contract.h"
#include <dirent.h>

int main(void)
{
	char path[64], text[300], here[200];
	struct stat st, other;
	struct dirent *entry;
	int fd, count = 0;
	DIR *folder;
	ssize_t size;

	for (int i = 3; i < 256; i++)
		close(i);
	fd = file_with("some file", "content");
	expect(getcwd(here, sizeof(here)) != NULL);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	size = must(readlink(path, text, sizeof(text) - 1));
	text[size] = 0;
	expect(strncmp(text, here, strlen(here)) == 0);
	expect(strcmp(text + strlen(here), "/some file") == 0);
	must(stat(path, &st));
	must(fstat(fd, &other));
	expect_eq(st.st_ino, other.st_ino);
	must(unlink("some file"));
	size = must(readlink(path, text, sizeof(text) - 1));
	text[size] = 0;
	expect(strstr(text, "/some file (deleted)") != NULL);
	must(dup2(fd, 77));
	folder = opendir("/proc/self/fd");
	expect(folder != NULL);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			int number = atoi(entry->d_name);

			expect(number <= 2 || number == fd || number == 77 ||
			       number == dirfd(folder));
			count++;
		}
	expect_eq(count, 6);
	closedir(folder);
	say("six descriptors, a name, and (deleted)");
	return 0;
}
