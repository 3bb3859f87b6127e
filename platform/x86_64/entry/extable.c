/* The exception table: platform/asm.h. */
#include <lib/sort.h>
#include <platform/cpu.h>
#include <x86/entry.h>
#include <x86/image.h>

static u64 entry_from(const struct extable_entry *entry)
{
	return (u64)&entry->from + (u64)(s64)entry->from;
}

static u64 entry_to(const struct extable_entry *entry)
{
	return (u64)&entry->to + (u64)(s64)entry->to;
}

static int compare_from(const void *a, const void *b)
{
	s32 x = ((const struct extable_entry *)a)->from, y = ((const struct extable_entry *)b)->from;

	return x < y ? -1 : x > y;
}

/* Makes the distances count from the table's begin, where `direction` is 1, or back again, where it is -1. */
static void __init extable_rebase(size_t count, s32 direction)
{
	for (size_t i = 0; i < count; i++) {
		s32 distance = direction * (s32)(i * sizeof(struct extable_entry));

		__ex_table_start[i].from += distance;
		__ex_table_start[i].to += distance;
	}
}

void __init extable_init(void)
{
	size_t count = (size_t)(__ex_table_end - __ex_table_start);

	extable_rebase(count, 1);
	sort(__ex_table_start, count, sizeof(struct extable_entry), compare_from);
	extable_rebase(count, -1);
}

bool trap_fixup(struct trap_frame *frame)
{
	size_t low = 0, high = (size_t)(__ex_table_end - __ex_table_start);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct extable_entry *entry = &__ex_table_start[middle];

		if (entry_from(entry) == frame->rip) {
			frame->rip = entry_to(entry);
			frame->rflags &= ~FLAGS_AC;
			return true;
		}
		if (entry_from(entry) < frame->rip)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
