/* The boot CPU from its first C function to kernel_main: what the loader said, memory, page tables, the machine. */
#include <platform/boot.h>

#include <lib/printf.h>
#include <lib/string.h>
#include <platform/console.h>
#include <platform/cpu.h>
#include <platform/percpu.h>
#include <platform/power.h>
#include <platform/time.h>
#include <platform/trap.h>
#include <x86/apic.h>
#include <x86/entry.h>
#include <x86/image.h>
#include <x86/setup.h>

#include "internal.h"

/* As Linux's COMMAND_LINE_SIZE; what is longer is cut. */
#define COMMAND_LINE_SIZE 2048
/* Kernel, its tables and an initramfs of some size. */
#define MEMORY_NEEDED (24 * MIB)
#define RSDP_SIZE 36
#define EXIT_CODE 0x12 /* debug-exit port: the machine cannot run this kernel */

/* Type numbers of ACPI 6.4, table 15.2. */
enum { E820_RAM = 1, E820_RESERVED, E820_ACPI, E820_NVS, E820_BAD };

static char command_line[COMMAND_LINE_SIZE];
static char loader_name[32] = "unknown";
static char rsdp_copy[RSDP_SIZE];
/* ACPI, per-CPU data and the clock are there, which machine_power_off needs. */
static bool power_works;

struct boot_info boot_info = { .loader = loader_name, .command_line = command_line };

void __init boot_set_loader(const char *name, size_t size)
{
	size = strnlen(name, MIN(size, sizeof(loader_name) - 1));
	memcpy(loader_name, name, size);
	loader_name[size] = 0;
}

void __init boot_set_command_line(const char *text, size_t size)
{
	size = strnlen(text, MIN(size, sizeof(command_line) - 1));
	memcpy(command_line, text, size);
	command_line[size] = 0;
}

void __init boot_add_module(u64 start, u64 end)
{
	if (start >= end)
		return;
	boot_memory_reserve(start, end);
	if (boot_info.initramfs_size)
		return;
	boot_info.initramfs = paddr(start);
	boot_info.initramfs_size = end - start;
}

void __init boot_set_rsdp_copy(const void *rsdp, size_t size)
{
	memcpy(rsdp_copy, rsdp, MIN(size, sizeof(rsdp_copy)));
	boot_info.rsdp = virt_to_paddr(rsdp_copy);
}

static bool add_usable; /* the pass over the map */

void __init boot_add_e820(u64 start, u64 size, u32 type)
{
	static const enum memory_kind kinds[] = {
		[E820_RAM] = MEMORY_USABLE, [E820_RESERVED] = MEMORY_RESERVED,
		[E820_ACPI] = MEMORY_ACPI,  [E820_NVS] = MEMORY_NVS,
		[E820_BAD] = MEMORY_BAD,
	};
	enum memory_kind kind = type > 0 && type < ARRAY_LEN(kinds) ? kinds[type] : MEMORY_RESERVED;

	if ((kind == MEMORY_USABLE) == add_usable && size <= ~0ULL - start)
		boot_memory_add(start, start + size, kind);
}

/* A word's value if the word is `name` or begins with `name=`, else NULL. */
static const char *word_value(const char *word, const char *end, const char *name, size_t length)
{
	if ((size_t)(end - word) < length || memcmp(word, name, length) != 0)
		return NULL;
	if (word + length == end)
		return end;
	return word[length] == '=' ? word + length + 1 : NULL;
}

ssize_t boot_option(const char *name, const char **value)
{
	const char *word = command_line, *end;
	size_t length = strlen(name);
	ssize_t result = -1;

	for (;; word = end) {
		const char *found;

		while (*word == ' ')
			word++;
		end = strchrnul(word, ' ');
		if (word == end || (end - word == 2 && memcmp(word, "--", 2) == 0))
			return result;
		found = word_value(word, end, name, length);
		if (!found)
			continue;
		if (value)
			*value = found;
		result = end - found;
	}
}

bool boot_option_is(const char *name, const char *expected)
{
	const char *value;
	ssize_t length = boot_option(name, &value);

	return length >= 0 && (size_t)length == strlen(expected) &&
	       memcmp(value, expected, length) == 0;
}

void boot_fail(const char *format, ...)
{
	char line[160];
	va_list args;
	int prefix = scnprintf(line, sizeof(line), "aramid: ");

	va_start(args, format);
	vscnprintf(line + prefix, sizeof(line) - prefix, format, args);
	va_end(args);
	vga_text_line(0, line);
	serial_console.write(line, strlen(line));
	serial_console.write("\n", 1);
	if (boot_option("debugexit", NULL) >= 0)
		machine_debug_exit(EXIT_CODE);
	if (power_works)
		machine_power_off();
	cpu_halt_forever();
}

static void __init memory_read(enum loader loader, u32 info)
{
	void (*read)(u32 info) = loader == LOADER_PVH ? pvh_read_memory : multiboot2_read_memory;

	/* Where the loader's ranges overlap, the careful answer wins. */
	add_usable = true;
	read(info);
	add_usable = false;
	read(info);
}

static void __init memory_check(void)
{
	if (boot_memory_usable() < MEMORY_NEEDED)
		boot_fail("not enough memory: %llu MiB usable, %llu MiB needed",
			  (unsigned long long)(boot_memory_usable() / MIB),
			  (unsigned long long)(MEMORY_NEEDED / MIB));
}

static void __init loader_read(enum loader loader, u32 info)
{
	/* Page 0 belongs to the BIOS, whatever its map says; and 0 is no address for an allocation. */
	boot_memory_reserve(0, PAGE_SIZE);
	boot_memory_reserve(virt_to_paddr(__image_start).raw, virt_to_paddr(__image_end).raw);
	if (loader == LOADER_PVH)
		pvh_read(info);
	else
		multiboot2_read(info);
}

/* On boot_stack, early page tables. */
void __noreturn __init boot_main(enum loader loader, u32 info)
{
	loader_read(loader, info);
	serial_console_early_init();
	vga_text_init();
	cpu_features_init();
	memory_read(loader, info);
	mitigations_init(command_line);
	smp_init();
	kernel_map_init();
	vga_text_init();
	vga_text_line(0, "Aramid: the console is on serial port COM1 (ttyS0), 115200 8N1");
	acpi_init();
	percpu_init();
	pti_init();
	cpu_init_this();
	traps_init();
	apic_init();
	lapic_init_this();
	clock_init();
	power_works = true;
	syscall_probe();
	memory_check();
	kernel_main();
}
