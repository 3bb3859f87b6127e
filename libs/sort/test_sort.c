/* Heap sort against the host's qsort. */
#include <lib/sort.h>

#include <unit.h>

struct element {
	u32 key;
	u8 pad[7];
};

static int compare(const void *a, const void *b)
{
	u32 x = ((const struct element *)a)->key, y = ((const struct element *)b)->key;

	return x < y ? -1 : x > y;
}

TEST(random_arrays)
{
	static struct element ours[200], theirs[200];

	for (size_t count = 0; count <= 200; count++) {
		u64 range = 1 + unit_random_below(300);

		for (size_t i = 0; i < count; i++) {
			ours[i].key = (u32)unit_random_below(range);
			memset(ours[i].pad, (int)ours[i].key, sizeof(ours[i].pad));
		}
		memcpy(theirs, ours, sizeof(ours));
		sort(ours, count, sizeof(ours[0]), compare);
		qsort(theirs, count, sizeof(theirs[0]), compare);
		for (size_t i = 0; i < count; i++) {
			EXPECT_EQ(ours[i].key, theirs[i].key);
			EXPECT_EQ(ours[i].pad[6], (u8)ours[i].key);
		}
	}
}

TEST(ordered_arrays)
{
	static struct element up[100], down[100];

	for (u32 i = 0; i < 100; i++) {
		up[i].key = i;
		down[i].key = 99 - i;
	}
	sort(up, 100, sizeof(up[0]), compare);
	sort(down, 100, sizeof(down[0]), compare);
	for (u32 i = 0; i < 100; i++) {
		EXPECT_EQ(up[i].key, i);
		EXPECT_EQ(down[i].key, i);
	}
}
