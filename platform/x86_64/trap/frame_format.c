/* Registers as text. */
#include <platform/trap.h>

#include <lib/printf.h>
#include <x86/msr.h>

size_t trap_frame_format(char *text, size_t size, const struct trap_frame *frame)
{
	const struct {
		const char *name;
		u64 value;
	} registers[] = {
		{ "rax", frame->rax }, { "rbx", frame->rbx }, { "rcx", frame->rcx },
		{ "rdx", frame->rdx }, { "rsi", frame->rsi }, { "rdi", frame->rdi },
		{ "rbp", frame->rbp }, { "rsp", frame->rsp }, { "r8 ", frame->r8 },
		{ "r9 ", frame->r9 },  { "r10", frame->r10 }, { "r11", frame->r11 },
		{ "r12", frame->r12 }, { "r13", frame->r13 }, { "r14", frame->r14 },
		{ "r15", frame->r15 }, { "cr0", cr0_read() }, { "cr2", cr2_read() },
		{ "cr3", cr3_read() }, { "cr4", cr4_read() },
	};
	size_t length = 0;

	length += (size_t)scnprintf(text, size, "rip %04llx:%016llx ss %04llx rflags %08llx\n",
				    (unsigned long long)frame->cs, (unsigned long long)frame->rip,
				    (unsigned long long)frame->ss,
				    (unsigned long long)frame->rflags);
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		length += (size_t)scnprintf(
			text + length, size - length, "%s %016llx%c", registers[i].name,
			(unsigned long long)registers[i].value, i % 4 == 3 ? '\n' : ' ');
	return length;
}
