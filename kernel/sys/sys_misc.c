/* What the system is called, how it is, turning it off; randomness and memory barriers for user space. */
#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/membarrier.h>
#include <abi/personality.h>
#include <abi/random.h>
#include <abi/reboot.h>
#include <abi/sysinfo.h>
#include <abi/utsname.h>
#include <kernel/namespaces.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/random.h>
#include <kernel/sched.h>
#include <kernel/syscall.h>
#include <kernel/tty.h>
#include <kernel/vm.h>
#include <lib/string.h>
#include <platform/power.h>

#define PERSONALITY_QUERY 0xffffffff
#define PERSONALITY_DOMAIN 0xff

long sys_uname(struct user_ptr name)
{
	struct namespaces *ns = current->namespaces;
	struct abi_utsname uts;

	spin_lock(&ns->lock);
	uts = ns->uts;
	spin_unlock(&ns->lock);
	if ((current->personality & PERSONALITY_DOMAIN) == PER_LINUX32) {
		memset(uts.machine, 0, sizeof(uts.machine));
		strscpy(uts.machine, "i686", sizeof(uts.machine));
	}
	return user_write(name, &uts, sizeof(uts));
}

static long set_name(char field[ABI_UTS_LEN + 1], struct user_ptr name, int length)
{
	struct namespaces *ns = current->namespaces;
	char text[ABI_UTS_LEN + 1] = { 0 };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (length < 0 || length > ABI_UTS_LEN)
		return -EINVAL;
	if (user_read(text, name, (size_t)length))
		return -EFAULT;
	spin_lock(&ns->lock);
	memcpy(field, text, sizeof(text));
	spin_unlock(&ns->lock);
	return 0;
}

long sys_sethostname(struct user_ptr name, int length)
{
	return set_name(current->namespaces->uts.nodename, name, length);
}

long sys_setdomainname(struct user_ptr name, int length)
{
	return set_name(current->namespaces->uts.domainname, name, length);
}

long sys_sysinfo(struct user_ptr to)
{
	struct abi_sysinfo info = { .mem_unit = 1 };
	struct page_counts counts;
	u64 load[3];

	page_counts_read(&counts);
	sched_load_average(load);
	info.uptime = (long)(clock_ns() / NSEC_PER_SEC);
	for (unsigned int i = 0; i < 3; i++)
		info.loads[i] = load[i] << (SI_LOAD_SHIFT - 11);
	info.totalram = counts.total << PAGE_SHIFT;
	info.freeram = counts.free << PAGE_SHIFT;
	info.sharedram = counts.shmem << PAGE_SHIFT;
	info.procs = (unsigned short)process_count_threads();
	return user_write(to, &info, sizeof(info));
}

long sys_personality(u64 persona)
{
	u32 old = current->personality;

	if ((u32)persona != PERSONALITY_QUERY)
		current->personality = (u32)persona;
	return old;
}

static void say_and_stop(const char *what)
{
	tty_drain_console();
	printk(LOG_EMERG, "reboot: %s\n", what);
	cpus_stop_others();
}

/* The other way to be called: ends the task if the machine goes on. */
static long reboot_now(unsigned int command)
{
	switch (command) {
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_RESTART2:
		say_and_stop("Restarting system");
		machine_reboot();
	case LINUX_REBOOT_CMD_HALT:
		say_and_stop("System halted");
		machine_halt();
	case LINUX_REBOOT_CMD_POWER_OFF:
		say_and_stop("Power down");
		machine_power_off();
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0; /* there is no such key on a serial line */
	}
	return -EINVAL;
}

long sys_reboot(unsigned int magic1, unsigned int magic2, unsigned int command,
		struct user_ptr argument __unused)
{
	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (magic1 != LINUX_REBOOT_MAGIC1 ||
	    (magic2 != LINUX_REBOOT_MAGIC2 && magic2 != LINUX_REBOOT_MAGIC2A &&
	     magic2 != LINUX_REBOOT_MAGIC2B && magic2 != LINUX_REBOOT_MAGIC2C))
		return -EINVAL;
	return reboot_now(command);
}

/* In pieces, so that a large request can be interrupted. */
long sys_getrandom(struct user_ptr buffer, size_t size, u32 flags)
{
	u8 piece[256];
	size_t done = 0;

	if ((flags & ~(u32)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	if (!(flags & GRND_INSECURE) && !random_ready()) {
		if (flags & GRND_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&random_wait, random_ready()))
			return -ERESTARTSYS;
	}
	size = MIN(size, (size_t)INT32_MAX);
	while (done < size) {
		size_t part = MIN(size - done, sizeof(piece)), left;

		random_bytes(piece, part);
		left = user_copy_out(user_ptr_add(buffer, done), piece, part);
		done += part - left;
		if (left)
			return done ? (long)done : -EFAULT;
		if (signal_is_pending(current))
			break;
	}
	memset(piece, 0, sizeof(piece));
	barrier();
	return (long)done;
}

/* An interrupt on another CPU is a barrier for whatever runs there. */
static void barrier_here(void *arg __unused)
{
	memory_fence();
}

#define MEMBARRIER_COMMANDS                                                                        \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |                                 \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |             \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)

long sys_membarrier(unsigned int command, u32 flags)
{
	if (flags)
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_CMD_QUERY:
		return MEMBARRIER_COMMANDS;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
		return 0;
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		WRITE_ONCE(current->mm->barrier_registered, true);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		if (!READ_ONCE(current->mm->barrier_registered))
			return -EPERM;
		break;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		break;
	default:
		return -EINVAL;
	}
	memory_fence();
	smp_call_others(barrier_here, NULL);
	return 0;
}
