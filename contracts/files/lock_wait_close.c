/*
 * lock_wait_close.c - who waits for a record lock on a descriptor that another task closes meanwhile gets EBADF, and no lock stays
 * behind, also if that task has ended.
 * mutants: fcntl(arg1:F_SETLKW)=0 fcntl(arg1:F_SETLKW)=ENOSYS close#2+=0 clone(flags:0x411)=flags^CLONE_FILES
 */
#include "asleep.h"

static struct flock whole(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

/* Has the lock until the process `*closer` has ended. */
static void hold(int ready, const volatile pid_t *closer)
{
	struct flock lock = whole(F_WRLCK);

	must(fcntl(must(open("file", O_RDWR)), F_SETLK, &lock));
	must(write(ready, "x", 1));
	while (!*closer || process_state(*closer) != 'Z')
		sleep_ms(1);
	_exit(0);
}

int main(void)
{
	volatile pid_t *closer = map_shared(PAGE);
	struct flock lock = whole(F_WRLCK);
	int ready[2], fd, result, error;
	pid_t holder;
	char c;

	close(file_with("file", "text"));
	must(pipe(ready));
	holder = fork_child();
	if (!holder)
		hold(ready[1], closer);
	expect_eq(must(read(ready[0], &c, 1)), 1);
	fd = must(open("file", O_RDWR));
	/* It has our table of descriptors, and nothing else of ours. */
	if (!must(syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0))) {
		wait_asleep(getppid());
		close(fd);
		*closer = getpid();
		_exit(0);
	}
	result = fcntl(fd, F_SETLKW, &lock);
	error = errno;
	expect_exit(holder, 0);
	expect_exit(*closer, 0);
	say("the waiter: %s", result ? errno_name(error) : "has the lock");
	lock = whole(F_WRLCK);
	must(fcntl(must(open("file", O_RDWR)), F_OFD_GETLK, &lock));
	say("the file is %s", lock.l_type == F_UNLCK ? "free" : "locked");
	return 0;
}
