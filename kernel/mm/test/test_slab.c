/* The slab allocator and kmalloc; and the mistakes that its checks must stop. */
#include "../internal.h"

#include "../slab_internal.h"

#include <kernel/slab.h>
#include <kunit/kunit.h>
#include <lib/string.h>
#include <platform/usercopy.h>

#define COUNT 200

static struct slab_cache *test_cache(void)
{
	static struct slab_cache *cache;

	if (!cache)
		cache = slab_cache_create("kunit-96", 96, 0);
	return cache;
}

static bool all_allocated(struct slab_cache *cache, void **objects)
{
	for (int i = 0; i < COUNT; i++) {
		objects[i] = slab_alloc(cache, 0);
		if (!objects[i])
			return false;
		memset(objects[i], i, 96);
	}
	return true;
}

KUNIT(slab_objects_are_disjoint)
{
	void **objects = kmalloc(COUNT * sizeof(*objects), SLAB_ZERO);
	int wrong = 0;

	KEXPECT(objects && all_allocated(test_cache(), objects));
	for (int i = 0; i < COUNT; i++)
		wrong += mem_find_other(objects[i], i, 96) != NULL;
	KEXPECT_EQ(wrong, 0);
	for (int i = COUNT; i-- > 0;)
		slab_free(test_cache(), objects[i]);
	kfree(objects);
}

KUNIT(kmalloc_all_sizes)
{
	for (size_t size = 1; size <= 300000; size += size < 300 ? 1 : size / 3) {
		u8 *object = kmalloc(size, SLAB_ZERO);

		KEXPECT(object && mem_is_zero(object, size));
		KEXPECT(object && kmalloc_usable_size(object) >= size);
		KEXPECT(IS_ALIGNED((u64)object, 16));
		if (object)
			memset(object, 0xff, size);
		kfree(object);
	}
	KEXPECT(!kmalloc(0, 0));
	KEXPECT(!kmalloc((size_t)1 << 40, 0));
	KEXPECT(!kmalloc_array(1UL << 33, 1UL << 33, 0));
}

KUNIT(krealloc_keeps_contents)
{
	u8 *object = NULL;
	int wrong = 0;

	for (size_t size = 10; size < 50000; size *= 2) {
		object = krealloc(object, size, 0);
		KEXPECT(object);
		for (size_t i = 10; size > 10 && i < size / 2; i++)
			wrong += object[i] != (u8)i;
		for (size_t i = 0; i < size; i++)
			object[i] = (u8)i;
	}
	KEXPECT_EQ(wrong, 0);
	kfree(object);
}

KUNIT(slab_cleared_when_allocated)
{
	u8 *object = kmalloc(512, 0), *again;

	KEXPECT(object);
	memset(object, 0x5a, 512);
	kfree(object);
	again = kmalloc(512, 0);
	KEXPECT(again);
	kunit_observed("INIT_ON_ALLOC", again && mem_is_zero(again, 512));
	kfree(again);
}

KUNIT(slab_freed_objects_wait)
{
	void *first = slab_alloc(test_cache(), 0), *second;

	slab_free(test_cache(), first);
	second = slab_alloc(test_cache(), 0);
	kunit_observed("SLAB_QUARANTINE", second != first);
	slab_free(test_cache(), second);
}

/* Of two objects freed one after the other, the second's link is the first's address, if it can be read. */
KUNIT(slab_links_are_hidden)
{
	struct slab_cache *cache = test_cache();
	void **objects = kmalloc(COUNT * sizeof(*objects), SLAB_ZERO);
	unsigned int plain = 0;

	KEXPECT(objects && all_allocated(cache, objects));
	for (int i = 0; i < COUNT; i++)
		slab_free(cache, objects[i]);
	for (int i = 1; i < COUNT; i++)
		plain += *(void **)((char *)objects[i] + cache->link) == objects[i - 1];
	kunit_observed("SLAB_HIDDEN_FREELIST", plain == 0);
	kfree(objects);
}

KUNIT_MUST_DIE(slab_redzone_overrun)
{
	char *object = kmalloc(100, 0);

	object[100] = 'x';
	kfree(object);
	kunit_survived("a store behind an object");
}

/* Objects go round until those freed first are handed out again: past the quarantine. */
static void churn(struct slab_cache *cache)
{
	void **objects = kmalloc(COUNT * sizeof(*objects), SLAB_ZERO);

	for (int round = 0; round < 8; round++) {
		(void)all_allocated(cache, objects);
		for (int i = 0; i < COUNT; i++)
			slab_free(cache, objects[i]);
	}
	kfree(objects);
}

KUNIT_MUST_DIE(slab_use_after_free)
{
	char *object = slab_alloc(test_cache(), 0);

	slab_free(test_cache(), object);
	object[50] = 'x';
	churn(test_cache());
	kunit_survived("a store into a freed object");
}

/* Where nothing stops them, the next two leave a cache behind that nobody else may use. */
KUNIT_MUST_DIE(slab_double_free)
{
	struct slab_cache *cache = slab_cache_create("kunit-twice", 96, 0);
	void *object = slab_alloc(cache, 0), *one, *other;

	slab_free(cache, object);
	slab_free(cache, object);
	one = slab_alloc(cache, 0);
	other = slab_alloc(cache, 0);
	KEXPECT_EQ((long)one, (long)other);
	kunit_survived("an object freed twice, and then given to two owners");
}

KUNIT_MUST_DIE(slab_free_of_no_object)
{
	struct slab_cache *cache = slab_cache_create("kunit-middle", 96, 0);
	char *object = slab_alloc(cache, 0);

	slab_free(cache, object + 16);
	kunit_survived("freeing the middle of an object");
}

KUNIT_MUST_DIE(slab_freelist_corrupted)
{
	struct slab_cache *cache = test_cache();
	void **objects = kmalloc(COUNT * sizeof(*objects), SLAB_ZERO);

	(void)all_allocated(cache, objects);
	for (int i = 0; i < COUNT; i++)
		slab_free(cache, objects[i]);
	/* Out of the quarantine by now, and in a free list. */
	*(u64 *)((char *)objects[0] + cache->link) = 0x4141414141414141;
	churn(cache);
}

KUNIT_MUST_DIE(usercopy_beyond_object)
{
	char *object = kmalloc(100, 0);

	pagefault_disable();
	(void)!user_write(user_ptr(0x10000), object, 120);
	pagefault_enable();
	kunit_survived("a copy of more than an object");
}

KUNIT_MUST_DIE(usercopy_into_less)
{
	char *object = kmalloc(100, 0);

	pagefault_disable();
	(void)!user_read(object + 90, user_ptr(0x10000), 20);
	pagefault_enable();
	kunit_survived("a copy over the end of an object");
}
