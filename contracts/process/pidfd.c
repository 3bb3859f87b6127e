/*
 * pidfd.c - a descriptor that means a process: opened or made by clone, polled, signalled, waited for, and asked for files.
 * mutants: pidfd_open=ENOSYS pidfd_open#1=0 pidfd_send_signal=0 pidfd_getfd=0 waitid=0 clone3=ENOSYS
 */
#include "contract.h"
#include <linux/sched.h>
#include <poll.h>
#include <sys/epoll.h>

static int pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)syscall(SYS_pidfd_open, pid, flags);
}

static int send(int fd, int signo, siginfo_t *info)
{
	return (int)syscall(SYS_pidfd_send_signal, fd, signo, info, 0);
}

static void fdinfo(int fd, int number)
{
	char path[64], text[512], wanted[64];
	ssize_t got;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = must(open(path, O_RDONLY));
	got = must(read(info, text, sizeof(text) - 1));
	text[got] = 0;
	snprintf(wanted, sizeof(wanted), "\nPid:\t%d\nNSpid:\t%d\n", number, number);
	expect(strstr(text, wanted));
	must(close(info));
}

static void polled(void)
{
	int events = must(epoll_create1(0)), hold[2], fd;
	struct epoll_event event = { .events = EPOLLIN };
	siginfo_t info;
	pid_t child;
	char byte;

	must(pipe(hold));
	child = fork_child();
	if (!child) {
		close(hold[1]);
		_exit((int)read(hold[0], &byte, 1) + 7);
	}
	close(hold[0]);
	fd = must(pidfd_open(child, O_NONBLOCK));
	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect_eq(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
	fdinfo(fd, child);
	must(epoll_ctl(events, EPOLL_CTL_ADD, fd, &event));
	expect_eq(epoll_wait(events, &event, 1, 0), 0);
	must_fail(waitid(P_PIDFD, fd, &info, WEXITED), EAGAIN);
	expect_eq(send(fd, 0, NULL), 0);
	must(close(hold[1]));
	expect_eq(epoll_wait(events, &event, 1, 5000), 1);
	expect_eq(send(fd, 0, NULL), 0);
	/* Ready, but a tracer, if there is one, has the child first: the wait may have to wait. */
	must(fcntl(fd, F_SETFL, 0));
	must(waitid(P_PIDFD, fd, &info, WEXITED));
	expect(info.si_pid == child && info.si_status == 7 && info.si_code == CLD_EXITED);
	must_fail(waitid(P_PIDFD, fd, &info, WEXITED), ECHILD);
	must_fail(send(fd, 0, NULL), ESRCH);
	expect_eq(epoll_wait(events, &event, 1, 0), 1);
	fdinfo(fd, -1);
	must_fail(read(fd, &byte, 1), EINVAL);
	must(close(fd));
	must(close(events));
	say("ready when the process has ended, also when it is reaped");
}

static void cloned(void)
{
	struct clone_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD };
	siginfo_t info = { .si_code = SI_QUEUE };
	int fd = -1;
	pid_t child;

	args.pidfd = (uintptr_t)&fd;
	child = (pid_t)must(syscall(SYS_clone3, &args, sizeof(args)));
	if (!child) {
		expect_eq(fd, -1);
		for (;;)
			pause();
	}
	expect_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fdinfo(fd, child);
	info.si_signo = SIGUSR1;
	must_fail(send(fd, SIGUSR2, &info), EINVAL);
	info.si_code = SI_USER;
	must_fail(send(fd, SIGUSR1, &info), EPERM);
	must_fail(send(fd, 65, NULL), EINVAL);
	must_fail(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 1), EINVAL);
	info.si_code = SI_QUEUE;
	expect_eq(send(fd, SIGUSR1, &info), 0);
	must(waitid(P_PIDFD, fd, &info, WEXITED));
	expect(info.si_code == CLD_KILLED && info.si_status == SIGUSR1);
	must(close(fd));
	args.flags = CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
	args.exit_signal = 0;
	must_fail(syscall(SYS_clone3, &args, sizeof(args)), EINVAL);
	args = (struct clone_args){ .flags = CLONE_PIDFD, .exit_signal = SIGCHLD, .pidfd = 8 };
	must_fail(syscall(SYS_clone3, &args, sizeof(args)), EFAULT);
	must_fail(wait(NULL), ECHILD);
	say("made with the process, and signals go through it");
}

static void borrowed(void)
{
	int ready[2], fd, other, theirs = must(open("/dev/null", O_RDONLY));
	struct stat a, b;
	pid_t child;
	char byte;

	must(pipe(ready));
	child = fork_child();
	if (!child) {
		int file = must(open("file", O_RDWR | O_CREAT, 0600));

		expect_eq(write(file, "abc", 3), 3);
		must(dup2(file, 60));
		expect_eq(write(ready[1], "x", 1), 1);
		for (;;)
			pause();
	}
	expect_eq(read(ready[0], &byte, 1), 1);
	fd = must(pidfd_open(child, 0));
	other = (int)must(syscall(SYS_pidfd_getfd, fd, 60, 0));
	expect_eq(fcntl(other, F_GETFD), FD_CLOEXEC);
	expect_eq(lseek(other, 0, SEEK_CUR), 3);
	must(fstat(other, &a));
	must(stat("file", &b));
	expect_eq(a.st_ino, b.st_ino);
	must_fail(syscall(SYS_pidfd_getfd, fd, 61, 0), EBADF);
	must_fail(syscall(SYS_pidfd_getfd, fd, -1, 0), EBADF);
	must_fail(syscall(SYS_pidfd_getfd, fd, 60, 1), EINVAL);
	must_fail(syscall(SYS_pidfd_getfd, theirs, 60, 0), EBADF);
	must(kill(child, SIGKILL));
	expect_killed(child, SIGKILL);
	must_fail(syscall(SYS_pidfd_getfd, fd, 60, 0), ESRCH);
	say("another process's descriptor");
}

int main(void)
{
	siginfo_t info;

	polled();
	cloned();
	borrowed();
	must_fail(pidfd_open(0, 0), EINVAL);
	must_fail(pidfd_open(-1, 0), EINVAL);
	must_fail(pidfd_open(getpid(), 1), EINVAL);
	must_fail(pidfd_open(32000, 0), ESRCH);
	must_fail(send(1, 0, NULL), EBADF);
	must_fail(send(-1, 0, NULL), EBADF);
	must_fail(waitid(P_PIDFD, 1, &info, WEXITED), EBADF);
	must_fail(waitid(P_PIDFD, (id_t)-1, &info, WEXITED), EINVAL);
	return 0;
}
