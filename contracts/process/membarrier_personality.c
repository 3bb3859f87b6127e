/*
 * membarrier_personality.c - membarrier wants to be registered, personality outlives exec but for one flag, FS and GS can be set.
 * mutants: membarrier=0 membarrier(command:16)=0 membarrier(command:8)=EPERM personality=0 personality(persona:0x440000)=0
 * mutants: arch_prctl(option:0x1001)=0 arch_prctl(option:0x1004)=0 execve=0
 */
#include "whole_text.h"
#include <asm/prctl.h>
#include <linux/membarrier.h>
#include <sys/personality.h>

#define QUERY 0xffffffff

static int membarrier(int command, unsigned flags)
{
	return syscall(SYS_membarrier, command, flags, 0);
}

static long arch(int option, const void *argument)
{
	return syscall(SYS_arch_prctl, option, argument);
}

static void barriers(void)
{
	int wanted = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
		     MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
		     MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
	pid_t child;

	expect_eq(membarrier(MEMBARRIER_CMD_QUERY, 0) & wanted, wanted);
	must_fail(membarrier(MEMBARRIER_CMD_QUERY, 2), EINVAL);
	must_fail(membarrier(1 << 30, 0), EINVAL);
	must_fail(membarrier(3, 0), EINVAL);
	must_fail(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), EPERM);
	must(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0));
	must(membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0));
	must_fail(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), EPERM);
	must(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
	must(membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0));
	must(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0));
	child = fork_child();
	if (!child)
		_exit(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) ? errno : 0);
	say("a child that was registered before fork: %s",
	    errno_name(WEXITSTATUS(child_status(child))));
}

/* The protection of a mapping, as maps shows it. */
static bool executable(const void *at)
{
	char *line = whole_text("/proc/self/maps"), *end;

	for (; (end = strchr(line, '\n')); line = end + 1) {
		unsigned long from, to;
		char prot[5];

		expect_eq(sscanf(line, "%lx-%lx %4s", &from, &to, prot), 3);
		if ((unsigned long)at >= from && (unsigned long)at < to)
			return prot[2] == 'x';
	}
	broken("not mapped");
}

static void *map_read(void)
{
	return must(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static void registers(void)
{
	unsigned long words[2] = { 0x1234, 0 }, base = 0, value;

	must(arch(ARCH_GET_FS, &base));
	__asm__("movq %%fs:0, %0" : "=r"(value));
	expect_eq(base, value);
	must(arch(ARCH_SET_GS, words));
	__asm__ volatile("movq %%gs:0, %0" : "=r"(value));
	expect_eq(value, 0x1234);
	must(arch(ARCH_GET_GS, &base));
	expect_eq(base, (unsigned long)words);
	must_fail(arch(ARCH_SET_GS, (void *)(1UL << 62)), EPERM);
	must_fail(arch(ARCH_SET_FS, (void *)-PAGE), EPERM);
	must_fail(arch(ARCH_GET_GS, (void *)8), EFAULT);
	must_fail(arch(0x1000, words), EINVAL);
	must(arch(ARCH_GET_GS, &base));
	expect_eq(base, (unsigned long)words);
	say("FS and GS: set, told, and refused if no address of a program");
}

static int after_exec(void)
{
	unsigned long base = 1;

	must_fail(membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0), EPERM);
	say("personality after exec: %x", personality(QUERY));
	expect(!executable(map_read()));
	must(arch(ARCH_GET_GS, &base));
	expect_eq(base, 0);
	say("exec: not registered any more, GS is 0");
	return 0;
}

int main(int argc, char **argv)
{
	void *before = map_read();
	pid_t child;

	if (argc > 1)
		return after_exec();
	barriers();
	expect_eq(personality(QUERY), 0);
	expect_eq(personality(READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE), 0);
	expect_eq(personality(QUERY), 0x440000);
	expect(executable(map_read()) && !executable(before));
	must(mprotect(before, PAGE, PROT_READ));
	expect(executable(before));
	expect(!executable(must(mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))));
	child = fork_child();
	if (!child) {
		expect_eq(personality(QUERY), 0x440000);
		expect(executable(map_read()));
		_exit(0);
	}
	expect_exit(child, 0);
	say("what is readable is executable, for a child as well");
	registers();
	must(execl(argv[0], argv[0], "again", NULL));
	return 1;
}
