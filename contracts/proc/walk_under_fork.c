/*
 * walk_under_fork.c - /proc can be walked and read while processes come and go: a file is whole, or gone.
 * mutants: read=EIO getdents64=0 readlink=EIO openat=EIO clone#9=EAGAIN
 */
#include "contract.h"
#include <dirent.h>

#define WALKERS 2
#define FORKS 50

static const char *const names[] = { "stat",	"status", "cmdline", "maps",
				     "environ", "fd/0",	  "task",    "limits" };

static void look_at(const char *pid)
{
	char path[300], text[200];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "/proc/%s/%s", pid, names[i]);
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (fd < 0) {
			expect(errno == ENOENT || errno == ESRCH || errno == EACCES ||
			       errno == ENXIO);
			continue;
		}
		if (strcmp(names[i], "stat") == 0) {
			ssize_t size = read(fd, text, sizeof(text));

			expect(size < 0 ? errno == ESRCH : size > 20 && atoi(text) == atoi(pid));
		} else if (strcmp(names[i], "fd/0")) {
			expect(read(fd, text, sizeof(text)) >= 0 || errno == ESRCH ||
			       errno == EISDIR);
		}
		must(close(fd));
	}
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	expect(readlink(path, text, sizeof(text)) >= 0 || errno == ENOENT || errno == ESRCH);
}

static void walk(volatile int *done)
{
	while (!*done) {
		DIR *folder = opendir("/proc");
		struct dirent *entry;
		bool found = false;

		expect(folder != NULL);
		while ((entry = readdir(folder)))
			if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9') {
				found |= atoi(entry->d_name) == getpid();
				look_at(entry->d_name);
			}
		closedir(folder);
		expect(found);
	}
}

int main(int argc, char **argv)
{
	volatile int *done = map_shared(PAGE);
	pid_t walkers[WALKERS];

	if (argc > 1 && strcmp(argv[1], "quick") == 0)
		return 0;

	for (int i = 0; i < WALKERS; i++) {
		walkers[i] = fork_child();
		if (!walkers[i]) {
			walk(done);
			_exit(0);
		}
	}
	for (int i = 0; i < FORKS; i++) {
		pid_t child = fork_child();

		if (!child) {
			if (i % 3 == 0)
				execl("/proc/self/exe", "again", "quick", NULL);
			_exit(0);
		}
		expect_exit(child, 0);
	}
	*done = 1;
	for (int i = 0; i < WALKERS; i++)
		expect_exit(walkers[i], 0);
	say("two walkers, 50 short lives");
	return 0;
}
