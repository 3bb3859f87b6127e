/*
 * limits.c - a full queue says so once and loses the rest; instances and watches are limited by /proc/sys/fs/inotify.
 * mutants: inotify_init#2=EMFILE pwrite64#1=7 inotify_rm_watch=0
 */
#include "contract.h"
#include "watching.h"

static int setting(const char *name, int value)
{
	char path[100], text[32];
	int fd, old;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/sys/fs/inotify/%s", name);
	fd = must(open(path, O_RDWR));
	size = must(read(fd, text, sizeof(text) - 1));
	text[size] = 0;
	old = atoi(text);
	snprintf(text, sizeof(text), "%d\n", value);
	expect_eq(pwrite(fd, text, strlen(text), 0), strlen(text));
	must(close(fd));
	return old;
}

/* fdinfo has a line for each watch, more than fit into the first buffer. */
static void many(void)
{
	int in = must(inotify_init1(IN_NONBLOCK)), lines = 0;
	char text[200];
	FILE *info;

	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "many%d", i);
		must(close(file_with(text, "")));
		must(inotify_add_watch(in, text, IN_OPEN));
	}
	snprintf(text, sizeof(text), "/proc/self/fdinfo/%d", in);
	info = fopen(text, "r");
	expect(info);
	while (fgets(text, sizeof(text), info))
		lines += !strncmp(text, "inotify wd:", 11);
	expect_eq(lines, 100);
	fclose(info);
	must(close(in));
}

static void limits(void)
{
	int old_events, old_watches, old_instances, in, more[64], count = 0;
	char name[20];

	many();
	old_events = setting("max_queued_events", 3);
	expect_eq(old_events, 16384);
	in = must(inotify_init1(IN_NONBLOCK));
	must(inotify_add_watch(in, ".", IN_CREATE | IN_DELETE));
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		must(close(file_with(name, "")));
	}
	show(in, "three and the rest lost");
	must(unlink("file0"));
	show(in, "afterwards");
	setting("max_queued_events", old_events);

	old_watches = setting("max_user_watches", 2);
	expect(old_watches >= 8192);
	must(inotify_add_watch(in, "file1", IN_OPEN));
	must(inotify_add_watch(in, "file1", IN_MODIFY));
	must_fail(inotify_add_watch(in, "file2", IN_OPEN), ENOSPC);
	must(inotify_rm_watch(in, 2));
	expect(must(inotify_add_watch(in, "file2", IN_OPEN)) > 2);
	setting("max_user_watches", old_watches);

	old_instances = setting("max_user_instances", 4);
	expect_eq(old_instances, 128);
	while (count < 64 && (more[count] = inotify_init()) >= 0)
		count++;
	expect_eq(count, 3);
	expect_eq(errno, EMFILE);
	must(close(more[0]));
	must(close(must(inotify_init())));
	setting("max_user_instances", old_instances);
	say("limits hold");
	_exit(0);
}

/* The settings come back, whatever a broken system does to the child. */
int main(void)
{
	int status, watches = setting("max_user_watches", 8192);
	pid_t child;

	setting("max_user_watches", watches);
	child = fork_child();
	if (!child)
		limits();
	status = child_status(child);
	setting("max_queued_events", 16384);
	setting("max_user_watches", watches);
	setting("max_user_instances", 128);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
