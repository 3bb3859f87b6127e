/*
 * getdents_rewind.c - a folder can be read again from the start, and entries removed meanwhile skip none.
 * mutants: lseek=0 unlink#20=0 unlink=0 rmdir=0
 */
#include "contract.h"
#include <dirent.h>

int main(void)
{
	char name[32];
	DIR *folder;
	struct dirent *entry;
	int count = 0;

	must(mkdir("d", 0755));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/%d", i);
		close(file_with(name, ""));
	}
	folder = opendir("d");
	expect(folder != NULL);
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "d/%.20s", entry->d_name);
		must(unlink(name));
		count++;
	}
	expect_eq(count, 300);
	close(file_with("d/late", ""));
	rewinddir(folder);
	count = 0;
	while ((entry = readdir(folder)))
		count++;
	expect_eq(count, 3);
	closedir(folder);
	must(unlink("d/late"));
	must(rmdir("d"));
	must_fail(access("d", F_OK), ENOENT);
	say("300 removed while reading, one new found after rewinding");
	return 0;
}
