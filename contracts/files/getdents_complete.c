/*
 * getdents_complete.c - reading a folder gives every entry once, however small the buffer.
 * mutants: getdents64#2=0 getdents64=ENOSYS getdents64#5=0 mkdir#9=0 lseek=0
 */
#include "contract.h"

#define ENTRIES 600

struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

static void list(size_t buffer_size)
{
	static char buffer[65536];
	bool seen[ENTRIES] = { 0 };
	int fd = must(open("d", O_RDONLY | O_DIRECTORY));
	int dots = 0, count = 0;
	long size;

	while ((size = must(syscall(SYS_getdents64, fd, buffer, buffer_size))) > 0) {
		expect(size <= (long)buffer_size);
		for (long at = 0; at < size;) {
			struct entry *entry = (void *)(buffer + at);

			at += entry->size;
			expect(entry->inode != 0 && entry->size % 8 == 0);
			if (entry->name[0] == '.') {
				expect_eq(entry->type, 4);
				dots++;
				continue;
			}
			int number = atoi(entry->name + 5);

			expect(number >= 0 && number < ENTRIES && !seen[number]);
			expect_eq(entry->type, number % 2 ? 8 : 4);
			seen[number] = true;
			count++;
		}
	}
	expect_eq(dots, 2);
	expect_eq(count, ENTRIES);
	expect_eq(syscall(SYS_getdents64, fd, buffer, buffer_size), 0);
	must(lseek(fd, 0, SEEK_SET));
	must_fail(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
	must(close(fd));
}

int main(void)
{
	char name[64];

	must(mkdir("d", 0755));
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "d/name-%d-%.*s", i, i % 40,
			 "0123456789012345678901234567890123456789");
		if (i % 2)
			must(close(must(open(name, O_WRONLY | O_CREAT, 0600))));
		else
			must(mkdir(name, 0700));
	}
	list(128);
	list(1000);
	list(65536);
	must_fail(syscall(SYS_getdents64, must(open("d/name-1-0", O_RDONLY)), name, 64), ENOTDIR);
	say("600 entries by 128, 1000 and 65536 bytes");
	return 0;
}
