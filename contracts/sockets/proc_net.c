/*
 * proc_net.c - /proc/net/unix has a line for each socket, with its state, inode and name.
 * mutants: bind=0 read=0 newfstatat=0 openat=ENOENT
 */
#include "contract.h"
#include <sys/socket.h>
#include <sys/un.h>

/* What stands behind the inode of `fd`; "" if there is no line. */
static void look(int fd, char *type, char *state, char *name)
{
	FILE *file = fopen("/proc/net/unix", "r");
	struct stat st;
	char line[256];
	unsigned long inode;

	expect(file);
	must(fstat(fd, &st));
	*type = *state = *name = '\0';
	while (fgets(line, sizeof(line), file)) {
		char t[8], s[8], n[128] = "";

		if (sscanf(line, "%*s %*s %*s %*s %7s %7s %lu %127s", t, s, &inode, n) >= 3 &&
		    inode == st.st_ino) {
			strcpy(type, t);
			strcpy(state, s);
			strcpy(name, n);
		}
	}
	fclose(file);
}

int main(void)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX, .sun_path = "shown" };
	struct sockaddr_un hidden = { .sun_family = AF_UNIX, .sun_path = "\0abs" };
	int a = must(socket(AF_UNIX, SOCK_STREAM, 0)), b = must(socket(AF_UNIX, SOCK_DGRAM, 0)),
	    s[2];
	char type[8], state[8], name[128];

	look(a, type, state, name);
	say("%s %s %s", type, state, name);
	must(bind(a, (void *)&path, sizeof(path)));
	must(listen(a, 1));
	look(a, type, state, name);
	say("%s %s %s", type, state, name);
	must(bind(b, (void *)&hidden, 2 + 4));
	look(b, type, state, name);
	say("%s %s %s", type, state, name);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s));
	look(s[1], type, state, name);
	say("%s %s %s", type, state, name);
	return 0;
}
