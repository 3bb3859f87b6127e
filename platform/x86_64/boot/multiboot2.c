/* What GRUB says: the tags of the Multiboot2 specification, 3.6. */
#include <lib/string.h>

#include "internal.h"

enum {
	TAG_END = 0,
	TAG_COMMAND_LINE = 1,
	TAG_LOADER_NAME = 2,
	TAG_MODULE = 3,
	TAG_MEMORY_MAP = 6,
	TAG_RSDP_OLD = 14,
	TAG_RSDP_NEW = 15,
};

struct tag {
	u32 type, size; /* size without the padding to 8 bytes */
	union {
		char text[0];
		struct {
			u32 start, end;
		} module;
		struct {
			u32 entry_size, version;
			char entries[];
		} map;
	};
};

struct map_entry {
	u64 start, size;
	u32 type, reserved;
};

#define TAG_HEADER 8

static void __init tag_read(const struct tag *tag)
{
	size_t size = tag->size - TAG_HEADER;

	switch (tag->type) {
	case TAG_COMMAND_LINE:
		boot_set_command_line(tag->text, size);
		break;
	case TAG_LOADER_NAME:
		boot_set_loader(tag->text, size);
		break;
	case TAG_MODULE:
		if (size >= sizeof(tag->module))
			boot_add_module(tag->module.start, tag->module.end);
		break;
	case TAG_RSDP_NEW:
		boot_set_rsdp_copy(tag->text, size);
		break;
	case TAG_RSDP_OLD:
		if (!boot_info.rsdp.raw)
			boot_set_rsdp_copy(tag->text, size);
		break;
	}
}

static void __init tag_read_memory(const struct tag *tag)
{
	size_t at, size = tag->size - TAG_HEADER, step;

	if (tag->type != TAG_MEMORY_MAP || size < sizeof(tag->map))
		return;
	step = tag->map.entry_size;
	if (step < sizeof(struct map_entry))
		return;
	size -= sizeof(tag->map);
	for (at = 0; at + step <= size; at += step) {
		const struct map_entry *entry = (const void *)(tag->map.entries + at);

		boot_add_e820(entry->start, entry->size, entry->type);
	}
}

static void __init tags_walk(u32 info, void (*read)(const struct tag *tag))
{
	const u32 *total = paddr_to_virt(paddr(info));
	size_t at = 8;

	while (at + TAG_HEADER <= *total) {
		const struct tag *tag = (const void *)((const char *)total + at);

		if (tag->type == TAG_END || tag->size < TAG_HEADER || tag->size > *total - at)
			break;
		read(tag);
		at = ALIGN_UP(at + tag->size, 8);
	}
}

void __init multiboot2_read(u32 info)
{
	tags_walk(info, tag_read);
}

void __init multiboot2_read_memory(u32 info)
{
	tags_walk(info, tag_read_memory);
}
