/*
 * enosys.c - unknown system calls give ENOSYS, whatever their arguments, and harm nothing.
 * mutants: 335=0 335=EINVAL
 */
#include "contract.h"

int main(void)
{
	static const long numbers[] = {
		335, 400, 423, 600, 1000, 4096, 65536, 0x7fffffff, -2, -4096, 0x7700000999,
	};
	register long canary __asm__("r15") = 0x1234567;

	__asm__ volatile("" : "+r"(canary));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		must_fail(syscall(numbers[i], -1L, -1L, -1L, -1L, -1L, -1L), ENOSYS);
	for (int i = 0; i < 1000; i++)
		must_fail(syscall(999, i), ENOSYS);
	must_fail(syscall(0x7700000000 | SYS_close, 777), EBADF);
	__asm__ volatile("" : "+r"(canary));
	expect_eq(canary, 0x1234567);
	say("eleven numbers, and one a thousand times; only the low half of rax counts");
	return 0;
}
