/*
 * kmsg.c - /dev/kmsg takes lines into the kernel's log and gives each reader all records, one a read, whatever became of the last.
 * mutants: openat=ENOENT write=0 write#2=0 lseek=0 read=0 read#2=EFAULT
 */
#include "contract.h"

static int log_fd;

static void put(const char *text)
{
	int fd = must(open("/dev/kmsg", O_WRONLY));

	expect_eq(write(fd, text, strlen(text)), strlen(text));
	must(close(fd));
}

/* The next record: its priority and facility, and its text. */
static void take(void)
{
	char record[1024], *text;
	ssize_t size = must(read(log_fd, record, sizeof(record) - 1));
	unsigned long long number, us;
	int level;

	record[size] = 0;
	expect_eq(sscanf(record, "%d,%llu,%llu,", &level, &number, &us), 3);
	text = strchr(record, ';');
	expect(text != NULL);
	say("%d %s", level, strtok(text + 1, "\n"));
}

static void to_the_end(void)
{
	expect_eq(lseek(log_fd, 0, SEEK_END), 0);
}

int main(void)
{
	char byte;

	log_fd = must(open("/dev/kmsg", O_RDONLY | O_NONBLOCK));
	to_the_end();
	must_fail(read(log_fd, &byte, 1), EAGAIN);
	put("a line\n");
	put("<6>another\n");
	take();
	take();
	must_fail(read(log_fd, &byte, 1), EAGAIN);

	put("no room for it\n");
	put("the next one\n");
	must_fail(read(log_fd, &byte, 1), EINVAL);
	take();
	put("nowhere to put it\n");
	put("the one after\n");
	must_fail(read(log_fd, (void *)65536, 1024), EFAULT);
	take();
	must_fail(lseek(log_fd, 1, SEEK_SET), ESPIPE);
	must_fail(lseek(log_fd, 0, SEEK_CUR), EINVAL);
	must(lseek(log_fd, 0, SEEK_SET));
	expect(read(log_fd, (char[1024]){ 0 }, 1024) > 20);
	say("from the beginning");
	return 0;
}
