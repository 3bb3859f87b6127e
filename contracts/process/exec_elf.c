/*
 * exec_elf.c - programs and interpreters are mapped and told what their headers say; bad ones are refused, or end before they run.
 * mutants: execve=ENOEXEC execve#2+=ENOENT execve#5+=0 personality=0 personality(persona:0)=0
 */
#include "contract.h"
#include <elf.h>
#include <stddef.h>
#include <sys/personality.h>

#define CODE 0x400
#define BASE 0x10000000UL
#define WORDS 256

static struct {
	Elf64_Ehdr head;
	Elf64_Phdr part[5];
	char interpreter[64];
} *const image = (void *)(char[0x2000]){ 0 };
static unsigned char *const bytes = (void *)image;
static unsigned long stack[WORDS]; /* what the program found: where it is, and its stack */
static char filler[8192];

/* mov or or of a word of the data segment to edi: its status. */
static unsigned char *load_word(unsigned char *at, int opcode, unsigned address)
{
	int distance = address - (at + 6 - bytes);

	at[0] = opcode;
	at[1] = 0x3d;
	memcpy(at + 2, &distance, 4);
	return at + 6;
}

/* A program that writes its address and stack to 1 and exits with `status`, if what follows in its bss is zero. */
static void make(int type, int status, const char *interpreter)
{
	static const unsigned char start[] =
		"\x48\x8d\x05\xf9\xff\xff\xff\x50\x48\x89\xe6\xbf\1\0\0\0\xba\0\x8\0\0\xb8\1\0\0\0\xf\5";
	unsigned long base = type == ET_EXEC ? BASE : 0;
	unsigned char *at = bytes + CODE;

	memset(bytes, 0xff, 0x2000);
	memset(image, 0, CODE);
	image->head = (Elf64_Ehdr){
		.e_ident = "\177ELF\2\1\1",
		.e_type = type,
		.e_machine = EM_X86_64,
		.e_version = 1,
		.e_entry = base + CODE,
		.e_phoff = 64,
		.e_ehsize = 64,
		.e_phentsize = 56,
		.e_phnum = 4,
	};
	image->part[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0, base, base, 0x1000, 0x1000, PAGE };
	image->part[1] = (Elf64_Phdr){ PT_LOAD,	      PF_R | PF_W, 0x1000, base + 0x1000,
				       base + 0x1000, 16,	   0x2000, PAGE };
	image->part[2] = (Elf64_Phdr){ .p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W };
	if (interpreter)
		image->part[3] = (Elf64_Phdr){
			PT_INTERP, PF_R, offsetof(typeof(*image), interpreter),
			0,	   0,	 strlen(strcpy(image->interpreter, interpreter)) + 1,
			0,	   1
		};
	memcpy(bytes + 0x100c, &status, 4);
	at = mempcpy(at, start, sizeof(start) - 1);
	at = load_word(at, 0x8b, 0x100c);
	at = load_word(at, 0x0b, 0x1010);
	at = load_word(at, 0x0b, 0x1ffc);
	at = load_word(at, 0x0b, 0x2ffc);
	memcpy(at, "\xb8\x3c\0\0\0\xf\5", 7);
}

static void write_file(const char *name, size_t size)
{
	int fd = must(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));

	expect_eq(write(fd, bytes, size), (ssize_t)size);
	must(close(fd));
}

/* The status; 100 and the errno if execve fails; 1000 and the signal. */
static int run(const char *name)
{
	char *argv[] = { "program", filler, NULL };
	int out[2], status;
	pid_t child;

	must(pipe(out));
	child = fork_child();
	if (!child) {
		must(dup2(out[1], 1));
		execve(name, argv, argv + 2);
		_exit(100 + errno);
	}
	must(close(out[1]));
	memset(stack, 0, sizeof(stack));
	must(read(out[0], stack, sizeof(stack)));
	must(close(out[0]));
	status = child_status(child);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static unsigned long aux(unsigned long type)
{
	/* rip, argc, two arguments and NULL, no environment and NULL */
	for (unsigned long *at = stack + 6; *at && at < stack + WORDS - 1; at += 2)
		if (*at == type)
			return at[1];
	return -1;
}

/* Where the program lies, from what it was told. */
static unsigned long told(bool interpreted)
{
	unsigned long base = aux(AT_PHDR) - 64;

	expect_eq(stack[1], 2);
	expect_eq(aux(AT_ENTRY), base + CODE);
	expect_eq(aux(AT_PHNUM), 4);
	expect_eq(aux(AT_BASE), interpreted ? stack[0] - CODE : 0);
	if (!interpreted)
		expect_eq(stack[0], base + CODE);
	expect_eq(base % PAGE, 0);
	return base;
}

static void good(void)
{
	unsigned long base, other;

	make(ET_DYN, 42, NULL);
	write_file("dynamic", 0x2000);
	expect_eq(run("dynamic"), 42);
	base = told(false);
	expect_eq(run("dynamic"), 42);
	expect(told(false) != base);
	make(ET_EXEC, 43, NULL);
	write_file("static", 0x2000);
	expect_eq(run("static"), 43);
	expect_eq(told(false), BASE);
	say("one that lies where it says, one that lies anywhere");
	make(ET_DYN, 44, "dynamic");
	write_file("interpreted", 0x2000);
	expect_eq(run("interpreted"), 42);
	base = told(true);
	other = stack[0];
	expect_eq(run("interpreted"), 42);
	expect(told(true) != base && stack[0] != other);
	make(ET_EXEC, 44, "dynamic");
	write_file("interpreted_static", 0x2000);
	expect_eq(run("interpreted_static"), 42);
	expect_eq(told(true), BASE);
	say("the interpreter has control, and knows the program");
	must(personality(ADDR_NO_RANDOMIZE));
	expect_eq(run("interpreted"), 42);
	base = told(true);
	other = stack[0];
	expect_eq(run("interpreted"), 42);
	expect(told(true) == base && stack[0] == other);
	must(personality(0));
	expect_eq(run("interpreted"), 42);
	expect(told(true) != base && stack[0] != other);
}

static void stacks(void)
{
	/* movabs, push, movabs, push, jmp *%rsp: to mov $45, %edi; mov $60, %eax; syscall */
	static const char code[] =
		"\x48\xb8\0\0\xf\5\0\0\0\0\x50\x48\xb8\xbf\x2d\0\0\0\xb8\x3c\0\x50\xff\xe4";

	for (int flags = 0; flags < 3; flags++) {
		make(ET_EXEC, 42, NULL);
		memcpy(bytes + CODE, code, sizeof(code) - 1);
		image->part[2].p_flags = PF_R | PF_W | (flags == 1 ? PF_X : 0);
		image->part[2].p_type = flags == 2 ? PT_NULL : PT_GNU_STACK;
		write_file("stack", 0x2000);
		say("stack %d: %d", flags, run("stack"));
	}
}

/* What execve says. */
static void early(const char *how, int outcome)
{
	say("%s: %s", how, outcome > 1000 ? strsignal(outcome - 1000) : errno_name(outcome - 100));
}

/* Linux has given up the old program before it finds out, and kills; to refuse is as good. */
static void late(const char *how, int outcome)
{
	say("%s: %s", how, outcome > 100 ? "never runs" : "runs");
}

#define TRY_HOW(report, size, ...)                                                                 \
	do {                                                                                       \
		make(ET_EXEC, 42, NULL);                                                           \
		__VA_ARGS__;                                                                       \
		write_file("bad", size);                                                           \
		report(#__VA_ARGS__, run("bad"));                                                  \
	} while (0)
#define TRY(...) TRY_HOW(early, __VA_ARGS__)
#define TRY_LATE(...) TRY_HOW(late, __VA_ARGS__)
#define TRY_INTERPRETER(report, ...)                                                               \
	do {                                                                                       \
		make(ET_DYN, 42, NULL);                                                            \
		__VA_ARGS__;                                                                       \
		write_file("bad", 0x2000);                                                         \
		make(ET_EXEC, 44, "bad");                                                          \
		write_file("user", 0x2000);                                                        \
		report("interpreter " #__VA_ARGS__, run("user"));                                  \
	} while (0)

static void bad(void)
{
	Elf64_Phdr *part = image->part;

	TRY(0x2000, image->head.e_machine = 183);
	TRY(0x2000, image->head.e_type = ET_REL);
	TRY(0x2000, image->head.e_phentsize = 55);
	TRY(0x2000, image->head.e_phnum = 0);
	TRY(0x2000, image->head.e_phnum = 60000);
	TRY(0x2000, image->head.e_phoff = 0x1ff0);
	TRY(0x2000, image->head.e_phoff = -8L);
	TRY(0x2000, image->head.e_entry = 0);
	TRY(40, image->head.e_shnum = 0);
	TRY(100, image->head.e_shnum = 0);
	TRY_LATE(0x1000, image->head.e_shnum = 0);
	TRY_LATE(0x2000, part[1].p_filesz = 0x3000);
	TRY_LATE(0x2000, part[1].p_filesz = part[1].p_memsz = -1L);
	TRY_LATE(0x2000, part[1].p_memsz = 1L << 62);
	TRY_LATE(0x2000, part[1].p_vaddr = -0x100000L);
	TRY_LATE(0x2000, part[1].p_vaddr = BASE);
	TRY_LATE(0x2000, part[1].p_vaddr += 8);
	TRY_LATE(0x2000, part[0].p_type = part[1].p_type = PT_NULL);
	TRY(0x2000, make(ET_EXEC, 42, "missing"));
	TRY(0x2000, make(ET_EXEC, 42, "dynamic"), part[3].p_filesz = 3);
	TRY(0x2000, make(ET_EXEC, 42, "dynamic"), part[3].p_filesz = 1);
	TRY(0x2000, make(ET_EXEC, 42, "dynamic"), part[3].p_filesz = PAGE + 1);
	TRY(0x2000, make(ET_EXEC, 42, "dynamic"), part[3].p_offset = 0x10000);
	TRY_INTERPRETER(early, image->head.e_machine = 183);
	TRY_INTERPRETER(early, image->head.e_phnum = 0);
	TRY_INTERPRETER(late, part[1].p_memsz = 1L << 62);
	TRY_INTERPRETER(early, memcpy(bytes, "#!/bin/sh\n", 10));
}

int main(void)
{
	memset(filler, 'x', sizeof(filler) - 1);
	good();
	stacks();
	bad();
	return 0;
}
