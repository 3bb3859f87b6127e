/*
 * sparse_mapping.c - a mapping larger than memory costs only the pages that are touched.
 * mutants: munmap=0 mmap=ENOMEM mmap=fill(result,124) mmap(flags&MAP_NORESERVE)=length+-4096
 */
#include "contract.h"

#define SIZE (16UL << 30)

int main(void)
{
	char *memory = must(mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));

	for (size_t at = 0; at < SIZE; at += SIZE / 64) {
		expect_eq(memory[at + 123], 0);
		memory[at + 123] = 1 + at / (SIZE / 64);
	}
	for (size_t at = 0; at < SIZE; at += SIZE / 64)
		expect_eq(memory[at + 123], 1 + at / (SIZE / 64));
	expect_eq(memory[SIZE - 1], 0);
	must(munmap(memory, SIZE));
	expect_fault(memory + 123, false, SIGSEGV, SEGV_MAPERR);
	say("64 pages in 16 GiB");
	return 0;
}
