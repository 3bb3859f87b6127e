/*
 * exec_auxv.c - a new program gets a sound auxiliary vector and an aligned stack.
 * mutants: getuid=1 geteuid=1 getgid=1 getegid=1
 */
#include "contract.h"
#include <elf.h>
#include <sys/auxv.h>

extern char **environ;

int main(int argc, char **argv)
{
	char **after = environ;
	const Elf64_Phdr *headers = (const void *)getauxval(AT_PHDR);
	const unsigned char *random = (const void *)getauxval(AT_RANDOM);
	bool loads_entry = false, mixed = false;

	(void)argc;
	expect_eq(getauxval(AT_PAGESZ), PAGE);
	expect_eq(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
	expect(headers != NULL && getauxval(AT_PHNUM) > 2);
	for (size_t i = 0; i < getauxval(AT_PHNUM); i++)
		if (headers[i].p_type == PT_LOAD && getauxval(AT_ENTRY) >= headers[i].p_vaddr &&
		    getauxval(AT_ENTRY) < headers[i].p_vaddr + headers[i].p_memsz)
			loads_entry = true;
	expect(loads_entry);
	expect_eq(getauxval(AT_UID), getuid());
	expect_eq(getauxval(AT_EUID), geteuid());
	expect_eq(getauxval(AT_GID), getgid());
	expect_eq(getauxval(AT_EGID), getegid());
	expect_eq(getauxval(AT_SECURE), 0);
	expect_eq(getauxval(AT_CLKTCK), 100);
	expect(random != NULL);
	for (int i = 1; i < 16; i++)
		mixed |= random[i] != random[0];
	expect(mixed);
	expect(strcmp((char *)getauxval(AT_EXECFN), argv[0]) == 0);
	expect(strcmp((char *)getauxval(AT_PLATFORM), "x86_64") == 0);
	while (*after)
		after++;
	for (Elf64_auxv_t *aux = (void *)(after + 1); aux->a_type != AT_NULL; aux++)
		expect(aux->a_type < 100);
	expect_eq((uintptr_t)(argv - 1) & 15, 0);
	say("page size, program headers, entry, ids, random bytes, name, platform");
	return 0;
}
