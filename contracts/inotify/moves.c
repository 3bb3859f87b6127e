/*
 * moves.c - renames that replace, exchange, and move folders, as their watches see them.
 * mutants: renameat2=0 rename#1=0 rename#2=0 inotify_add_watch#3=0
 */
#include "contract.h"
#include "watching.h"

int main(void)
{
	int in = must(inotify_init1(IN_NONBLOCK));

	must(mkdir("a", 0700));
	must(mkdir("b", 0700));
	must(close(file_with("a/one", "1")));
	must(close(file_with("b/two", "2")));
	must(inotify_add_watch(in, "a", IN_ALL_EVENTS));
	must(inotify_add_watch(in, "b", IN_ALL_EVENTS));
	must(inotify_add_watch(in, "a/one", IN_ALL_EVENTS));
	must(inotify_add_watch(in, "b/two", IN_ALL_EVENTS));
	must(renameat2(AT_FDCWD, "a/one", AT_FDCWD, "b/two", RENAME_EXCHANGE));
	show(in, "exchange");
	must(rename("a/one", "b/two"));
	show(in, "replace");
	must(mkdir("a/dir", 0700));
	must(mkdir("b/empty", 0700));
	show(in, "mkdir");
	must(inotify_add_watch(in, "b/empty", IN_ALL_EVENTS));
	must(rename("a/dir", "b/empty"));
	show(in, "a folder replaces an empty one");
	must(rename("b/empty", "b/empty"));
	must_fail(rename("a/missing", "b/x"), ENOENT);
	must_fail(mkdir("b/empty", 0700), EEXIST);
	must_fail(rmdir("b"), ENOTEMPTY);
	show(in, "what did not happen");
	return 0;
}
