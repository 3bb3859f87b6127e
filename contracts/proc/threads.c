/*
 * threads.c - /proc/<pid>/task lists the threads, each with a name of its own; /proc lists processes only.
 * mutants: prctl=0 getdents64=0 openat=ENOENT gettid=1 read=fill(buffer,1)
 * mutants: getdents64=fill(buffer,24)
 */
#include "contract.h"
#include <dirent.h>
#include <pthread.h>
#include <sys/prctl.h>

static volatile pid_t number;
static volatile int leave;

static void *body(void *unused)
{
	must(prctl(PR_SET_NAME, "helper"));
	number = syscall(SYS_gettid);
	while (!leave)
		sleep_ms(1);
	return unused;
}

static int entries(const char *path, pid_t wanted, bool *found)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int count = 0;

	expect(folder != NULL);
	*found = false;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') {
			*found |= atoi(entry->d_name) == wanted;
			count++;
		}
	closedir(folder);
	return count;
}

static void file_is(const char *path, const char *want)
{
	char text[64];
	int fd = must(open(path, O_RDONLY));
	ssize_t size = must(read(fd, text, sizeof(text) - 1));

	text[size] = 0;
	must(close(fd));
	if (strcmp(text, want))
		broken("the name is not %s", want);
}

int main(void)
{
	pthread_t thread;
	char path[64], link[64];
	ssize_t size;
	bool found;

	must(prctl(PR_SET_NAME, "leader"));
	expect_eq(pthread_create(&thread, NULL, body, NULL), 0);
	while (!number)
		sleep_ms(1);
	expect_eq(entries("/proc/self/task", number, &found), 2);
	expect(found);
	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", number);
	file_is(path, "helper\n");
	file_is("/proc/self/comm", "leader\n");
	file_is("/proc/thread-self/comm", "leader\n");
	expect(entries("/proc", number, &found) > 1);
	expect(!found);
	entries("/proc", getpid(), &found);
	expect(found);
	snprintf(path, sizeof(path), "/proc/%d/stat", number);
	must(access(path, R_OK));
	size = must(readlink("/proc/self", link, sizeof(link) - 1));
	link[size] = 0;
	expect_eq(atoi(link), getpid());
	leave = 1;
	expect_eq(pthread_join(thread, NULL), 0);
	snprintf(path, sizeof(path), "/proc/self/task/%d", number);
	while (access(path, F_OK) == 0)
		sleep_ms(1);
	expect_eq(errno, ENOENT);
	say("two threads, two names, one process");
	return 0;
}
