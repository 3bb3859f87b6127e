/* Names for addresses of kernel code, and walks up the stack. */
#include <platform/symbols.h>

#include <x86/image.h>

const char *symbol_find(u64 address, u64 *offset)
{
	u32 low = 0, high = kallsyms_count, distance;

	if (!high || address < kallsyms_base || address >= (u64)__text_end)
		return NULL;
	distance = address - kallsyms_base;
	/* The last entry that is not above: [low, high) always has it. */
	while (high - low > 1) {
		u32 middle = low + (high - low) / 2;

		if (kallsyms_offsets[middle] <= distance)
			low = middle;
		else
			high = middle;
	}
	*offset = distance - kallsyms_offsets[low];
	return kallsyms_strings + kallsyms_names[low];
}

/* A frame: the caller's rbp, then the return address. */
size_t stack_walk(u64 rbp, u64 low, u64 high, u64 *addresses, size_t max)
{
	size_t count = 0;

	while (count < max && rbp >= low && rbp + 16 <= high && rbp + 16 > rbp && rbp % 8 == 0) {
		const u64 *frame = (const u64 *)rbp;

		if (frame[1] < (u64)__init_text_start || frame[1] >= (u64)__text_end)
			break;
		addresses[count++] = frame[1];
		/* Callers lie above. */
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	return count;
}
