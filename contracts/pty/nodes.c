/*
 * nodes.c - names and numbers of pseudo-terminals: the lock, the lowest number, instances of devpts, the peer's descriptor.
 * mutants: mount=0 ioctl(command:0x5441)=0 umount2=0 ioctl(command:0x80045430)=0
 */
#include "contract.h"
#include "pair.h"
#include <sys/mount.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static int number_of(int master)
{
	int number = -1;

	must(ioctl(master, TIOCGPTN, &number));
	return number;
}

static void instances(void)
{
	int fd, number;
	struct statfs fs;
	struct stat st;

	must(mkdir("pts", 0755));
	must(mount("none", "pts", "devpts", 0, "newinstance,mode=0620,gid=7,ptmxmode=0640,max=2"));
	must(statfs("pts", &fs));
	expect_eq(fs.f_type, 0x1cd1);
	must(stat("pts/ptmx", &st));
	expect_eq(st.st_mode, S_IFCHR | 0640);
	expect_eq(st.st_rdev, makedev(5, 2));
	fd = must(open("pts/ptmx", O_RDWR));
	expect_eq(number_of(fd), 0);
	must(stat("pts/0", &st));
	expect_eq(st.st_mode, S_IFCHR | 0620);
	expect_eq(st.st_gid, 7);
	expect_eq(st.st_ino, 3);
	expect_eq(st.st_rdev, makedev(136, 0));
	number = must(open("pts/ptmx", O_RDWR));
	must_fail(open("pts/ptmx", O_RDWR), ENOSPC);
	must(close(number));
	must_fail(open("pts/file", O_RDWR | O_CREAT, 0600), EACCES);
	must_fail(mkdir("pts/folder", 0700), EPERM);
	must_fail(unlink("pts/0"), EPERM);
	must_fail(umount("pts"), EBUSY);
	must(close(fd));
	must_fail(stat("pts/0", &st), ENOENT);
	must(umount("pts"));
	must(mknod("beside", S_IFCHR | 0600, makedev(5, 2)));
	must_fail(open("beside", O_RDWR), ENODEV);
	must(mknod("slave", S_IFCHR | 0600, makedev(136, 0)));
	must_fail(open("slave", O_RDWR), EIO);
}

int main(void)
{
	int a = must(open("/dev/ptmx", O_RDWR | O_NOCTTY)), b, on = 1, number, peer;
	char name[40], text[8];
	struct stat st;

	number = number_of(a);
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	must_fail(open(name, O_RDWR), EIO);
	must(ioctl(a, TIOCGPTLCK, &on));
	expect_eq(on, 1);
	on = 0;
	must(ioctl(a, TIOCSPTLCK, &on));
	peer = must(ioctl(a, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
	expect_eq(fcntl(peer, F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(peer, F_GETFL) & O_ACCMODE, O_RDWR);
	must(fstat(peer, &st));
	expect_eq(st.st_rdev, makedev(136, number));
	expect_eq(st.st_mode & S_IFMT, S_IFCHR);
	expect_eq(write(peer, "x", 1), 1);
	expect_eq(read(a, text, sizeof(text)), 1);
	must_fail(ioctl(peer, TIOCGPTN, &on), ENOTTY);
	must_fail(ioctl(peer, TIOCSPTLCK, &on), ENOTTY);
	must_fail(ioctl(a, TIOCNOTTY, 0), ENOTTY);
	expect_eq(strcmp(ptsname(a), name), 0);

	b = must(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	expect_eq(number_of(b), number + 1);
	must(close(peer));
	must(close(a));
	must_fail(stat(name, &st), ENOENT);
	a = must(open("/dev/ptmx", O_RDWR | O_NOCTTY));
	expect_eq(number_of(a), number);
	must_fail(ioctl(a, TIOCGPTPEER, O_RDWR), EIO);
	instances();
	say("numbers, names, locks, instances");
	return 0;
}
