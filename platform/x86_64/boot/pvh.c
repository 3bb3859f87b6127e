/* What a PVH loader says: struct hvm_start_info of Xen's public header arch-x86/hvm/start_info.h, version 0 or 1. */
#include <lib/string.h>

#include "internal.h"

#define PVH_MAGIC 0x336ec578

struct pvh_start {
	u32 magic, version, flags, modules;
	u64 module_list; /* physical, all of these */
	u64 command_line;
	u64 rsdp;
	/* From version 1. */
	u64 memory_map;
	u32 memory_map_entries, reserved;
};

struct pvh_module {
	u64 start, size, command_line, reserved;
};

struct pvh_memory {
	u64 start, size;
	u32 type, reserved;
};

static const struct pvh_start *pvh_start_at(u32 info)
{
	const struct pvh_start *start = paddr_to_virt(paddr(info));

	return start->magic == PVH_MAGIC ? start : NULL;
}

void __init pvh_read(u32 info)
{
	const struct pvh_start *start = pvh_start_at(info);

	if (!start)
		return;
	boot_set_loader("PVH", 3);
	if (start->command_line)
		boot_set_command_line(paddr_to_virt(paddr(start->command_line)), ~0UL);
	if (start->modules) {
		const struct pvh_module *module = paddr_to_virt(paddr(start->module_list));

		boot_add_module(module->start, module->start + module->size);
	}
	boot_info.rsdp = paddr(start->rsdp);
}

void __init pvh_read_memory(u32 info)
{
	const struct pvh_start *start = pvh_start_at(info);
	const struct pvh_memory *map;
	u32 i;

	if (!start || start->version < 1 || !start->memory_map)
		return;
	map = paddr_to_virt(paddr(start->memory_map));
	for (i = 0; i < start->memory_map_entries; i++)
		boot_add_e820(map[i].start, map[i].size, map[i].type);
}
