/* Boundaries of the kernel image's parts: symbols of kernel.lds. */
#pragma once

#include <lib/types.h>

extern char __image_start[], __image_end[];
extern char __init_text_start[], __init_text_end[], __init_data_start[], __init_data_end[];
extern char __text_start[], __text_end[];
extern char __entry_text_start[], __entry_text_end[];
extern char __rodata_start[], __rodata_end[];
extern char __ro_after_init_start[], __ro_after_init_end[];
extern char __data_start[];
extern char __boot_stack_guard[]; /* the page that is not mapped */
extern char __percpu_start[], __percpu_entry_end[], __percpu_end[];

/* The table that kallsyms.py makes, see there. */
extern const u64 kallsyms_base;
extern const u32 kallsyms_count, kallsyms_offsets[], kallsyms_names[];
extern const char kallsyms_strings[];

/* The lists of platform/asm.h. Places are distances from the field itself. */
struct extable_entry {
	s32 from, to;
};
struct feature_site {
	s32 at;
	u8 length, kind;
	u16 unused;
};
_Static_assert(sizeof(struct extable_entry) == 8 && sizeof(struct feature_site) == 8,
	       "as the macros write them");
extern struct extable_entry __ex_table_start[], __ex_table_end[];
extern const struct feature_site __feature_sites_start[], __feature_sites_end[];
