/*
 * sticky_groups.c - what a user may do by owner, group and sticky bit; set-id bits are inherited by folders and lost by changes.
 * mutants: unlink=0 rename=0 rmdir=0 chmod=0 chown=0 setgroups=0 mkdir=0 setresuid=0 write=result+1
 * mutants: fchown=0 fchmod=0
 */
#include "contract.h"
#include <grp.h>

enum { ALICE = 100, BOB = 101, STAFF = 200, CREW = 201, PRIVATE = 300 };

static void become(uid_t user, gid_t extra)
{
	must(setgroups(extra ? 1 : 0, &extra));
	must(setresgid(PRIVATE, PRIVATE, PRIVATE));
	must(setresuid(user, user, user));
}

/* The body runs in a child that is the user, with one supplementary group or none. */
#define as(user, extra)                                                                            \
	for (pid_t child = fork_child(), once = 1; once; once = 0)                                 \
		if (child)                                                                         \
			expect_exit(child, 0);                                                     \
		else                                                                               \
			for (become(user, extra);; _exit(0))

static void own(const char *name, uid_t user, gid_t group, mode_t mode)
{
	must(chown(name, user, group));
	must(chmod(name, mode));
}

static void make(const char *name, uid_t user, gid_t group, mode_t mode)
{
	must(close(file_with(name, "text")));
	own(name, user, group, mode);
}

static void show(const char *name)
{
	struct stat st;

	must(lstat(name, &st));
	say("%s: %o of %d:%d", name, st.st_mode, (int)st.st_uid, (int)st.st_gid);
}

static void sticky(void)
{
	must(mkdir("sticky", 0700));
	own("sticky", 0, 0, 01777);
	make("sticky/alice", ALICE, STAFF, 0666);
	make("sticky/two", ALICE, STAFF, 0666);
	as(BOB, STAFF)
	{
		must_fail(unlink("sticky/alice"), EPERM);
		must_fail(rename("sticky/alice", "sticky/taken"), EPERM);
		must(close(file_with("sticky/bob", "")));
		must_fail(rename("sticky/bob", "sticky/alice"), EPERM);
		must(rename("sticky/bob", "sticky/bob2"));
		must(mkdir("sticky/folder", 0777));
		must(close(must(open("sticky/alice", O_WRONLY))));
	}
	as(ALICE, 0)
	{
		must_fail(rmdir("sticky/folder"), EPERM);
		must(unlink("sticky/alice"));
		must(rename("sticky/two", "sticky/three"));
	}
	own("sticky", BOB, 0, 01777);
	as(BOB, 0) must(unlink("sticky/three"));
	must(unlink("sticky/bob2"));
	must(rmdir("sticky/folder"));
	must(rmdir("sticky"));
	say("sticky: the file's owner, the folder's, and root");
}

static void groups(void)
{
	make("team", ALICE, STAFF, 0640);
	make("denied", ALICE, STAFF, 0604);
	as(BOB, STAFF)
	{
		must(close(must(open("team", O_RDONLY))));
		must_fail(open("team", O_WRONLY), EACCES);
		must_fail(open("denied", O_RDONLY), EACCES);
		must_fail(chmod("team", 0666), EPERM);
		must_fail(fchmod(must(open("team", O_RDONLY)), 0666), EPERM);
		must_fail(chown("team", BOB, -1), EPERM);
		must_fail(chown("team", -1, STAFF), EPERM);
	}
	as(BOB, CREW)
	{
		must_fail(open("team", O_RDONLY), EACCES);
		must(close(must(open("denied", O_RDONLY))));
	}
	as(ALICE, CREW)
	{
		must(chown("team", ALICE, CREW));
		must_fail(chown("team", -1, 777), EPERM);
		must_fail(chown("team", BOB, -1), EPERM);
		must(chmod("team", 02660));
		must(chmod("denied", 06777));
	}
	show("team");
	show("denied");
}

static void set_group_folder(void)
{
	must(mkdir("shared", 0700));
	own("shared", 0, STAFF, 02777);
	as(BOB, CREW)
	{
		umask(0022);
		must(mkdir("shared/sub", 0755));
		must(close(must(open("shared/file", O_CREAT | O_WRONLY, 02775))));
		must(close(must(open("shared/plain", O_CREAT | O_WRONLY, 02644))));
		must(symlink("file", "shared/link"));
		must(mkfifo("shared/fifo", 0600));
	}
	show("shared/sub");
	show("shared/file");
	show("shared/plain");
	show("shared/fifo");
	as(BOB, STAFF) must(close(must(open("shared/member", O_CREAT | O_WRONLY, 02755))));
	show("shared/member");
}

static void bits_lost(void)
{
	make("program", ALICE, STAFF, 06775);
	must(chown("program", ALICE, CREW));
	show("program");
	own("program", ALICE, STAFF, 06765);
	must(chown("program", -1, -1));
	show("program");
	own("program", ALICE, STAFF, 06777);
	as(BOB, 0) expect_eq(write(must(open("program", O_WRONLY)), "x", 1), 1);
	show("program");
	own("program", ALICE, STAFF, 06777);
	as(BOB, 0) must(truncate("program", 0));
	show("program");
	own("program", ALICE, STAFF, 06777);
	expect_eq(write(must(open("program", O_WRONLY)), "x", 1), 1);
	must(fchown(must(open("shared", O_RDONLY)), BOB, CREW));
	show("program");
	show("shared");
}

int main(void)
{
	must(chmod(".", 0755));
	umask(0);
	sticky();
	groups();
	set_group_folder();
	bits_lost();
	return 0;
}
