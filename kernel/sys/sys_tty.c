/* System call: vhangup. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/cred.h>
#include <kernel/syscall.h>
#include <kernel/tty.h>

long sys_vhangup(void)
{
	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	tty_hangup_current();
	return 0;
}
