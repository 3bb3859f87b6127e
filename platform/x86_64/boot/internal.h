/* Between the files of this folder. */
#pragma once

#include <platform/boot.h>

/* In EDI of boot_main; start.S has the same numbers. */
enum loader { LOADER_PVH = 1, LOADER_MULTIBOOT2 = 2 };

/*
 * Each loader's file reads what the loader left at physical address `info`, within the first 4 GiB. First everything but
 * the memory map, since the map's list may need memory, and that must not be a module's; then the map.
 */
void pvh_read(u32 info);
void pvh_read_memory(u32 info);
void multiboot2_read(u32 info);
void multiboot2_read_memory(u32 info);

/* Called by them. Text is copied; the first module counts. `text` may be NULL. */
void boot_set_loader(const char *name, size_t size);
void boot_set_command_line(const char *text, size_t size);
void boot_add_module(u64 start, u64 end);
/* The root pointer itself was copied by the loader and will be gone: it is copied once more. */
void boot_set_rsdp_copy(const void *rsdp, size_t size);
/* One entry of a map with the type numbers of ACPI's E820 (both loaders use them). */
void boot_add_e820(u64 start, u64 size, u32 type);

/* trampoline.S: the code to copy, and the words in it to fill in before. */
extern char smp_trampoline[], smp_trampoline_end[];
extern u64 smp_trampoline_root, smp_trampoline_efer, smp_trampoline_stack, smp_trampoline_gs_base;
/* Where assembly enters C. */
__attribute__((noreturn)) void boot_main(enum loader loader, u32 info);
__attribute__((noreturn)) void smp_secondary_main(void);
