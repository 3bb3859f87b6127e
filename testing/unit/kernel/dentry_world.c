/* dentry_world.c - memory, inodes and RCU as the dentry cache sees them; and whether it is what the oracle says. */
#include "dentry_model.h"

#include <kernel/inotify.h>
#include <kernel/page.h>
#include <kernel/vmap.h>
#include <kernel/wait.h>

bool no_memory;
unsigned int objects;
static struct rcu_head *deferred;

/* --- What the cache asks of others --------------------------------------------------------------------------------------- */

void slab_cache_set_reclaimable(struct slab_cache *cache)
{
	(void)cache;
}

struct slab_cache *slab_cache_create(const char *name, size_t size, size_t align)
{
	(void)name, (void)align;
	MODEL_EXPECT(size == sizeof(struct dentry));
	return NULL;
}

void *slab_alloc(struct slab_cache *cache, unsigned int flags)
{
	(void)cache;
	MODEL_EXPECT(flags == SLAB_ZERO);
	return kzalloc(sizeof(struct dentry));
}

void slab_free(struct slab_cache *cache, void *object)
{
	(void)cache;
	kfree(object);
}

void *kzalloc(size_t size)
{
	if (no_memory && random_below(&state, 2))
		return NULL;
	objects++;
	return model_alloc(size);
}

void kfree(const void *object)
{
	objects--;
	model_free((void *)object);
}

void *vmalloc(size_t size)
{
	return model_alloc(size);
}

u64 page_free_count(void)
{
	return 0;
}

void inotify_inode_gone(struct inode *inode)
{
	(void)inode;
	MODEL_EXPECT(false);
}

void wait_wake_all(struct wait_queue *queue, u32 key)
{
	(void)queue, (void)key;
}

void wait_entry_init(struct wait_entry *entry)
{
	(void)entry;
}

void wait_prepare(struct wait_queue *queue, struct wait_entry *entry, enum sleep_state sleep)
{
	(void)queue, (void)entry, (void)sleep;
}

void wait_finish(struct wait_queue *queue, struct wait_entry *entry)
{
	(void)queue, (void)entry;
}

int wait_sleep(enum sleep_state sleep, u64 deadline_ns)
{
	(void)sleep, (void)deadline_ns;
	MODEL_REQUIRE(!"nobody else shrinks");
	return 0;
}

void inode_put(struct inode *inode)
{
	struct entry *entry = container_of(inode, struct entry, inode);

	MODEL_EXPECT(entry->positive && ref_read(&inode->ref) == 1);
	ref_init(&inode->ref, 0);
}

static struct entry *entry_of(const struct dentry *dentry)
{
	for (unsigned int i = 0; i < ENTRIES; i++)
		if (entries[i].dentry == dentry)
			return &entries[i];
	MODEL_REQUIRE(!"a dentry that is in use");
	return NULL;
}

void rcu_call(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct entry *entry = entry_of(container_of(head, struct dentry, rcu));

	MODEL_EXPECT(!entry->destroyed);
	entry->destroyed = true;
	head->fn = fn;
	head->next = deferred;
	deferred = head;
}

void grace_period(void)
{
	while (deferred) {
		struct rcu_head *head = deferred;

		deferred = head->next;
		head->fn(head);
	}
}

/* --- Comparing ----------------------------------------------------------------------------------------------------------- */

static void check_entry(struct entry *entry)
{
	const struct dentry *dentry = entry->dentry;
	char text[NAME_MAX + 1];

	MODEL_EXPECT((unsigned int)ref_read(&dentry->ref) == oracle_refs(entry));
	MODEL_EXPECT(dentry->parent == entry->parent->dentry);
	MODEL_EXPECT(dentry->inode == (entry->positive ? &entry->inode : NULL));
	MODEL_EXPECT(hlist_unhashed(&dentry->hash_node) == !entry->hashed);
	MODEL_EXPECT(dentry->name.text != dentry->inline_name ||
		     dentry->name.length < DENTRY_INLINE_NAME);
	MODEL_EXPECT(list_empty(&dentry->lru) == !entry->used_at);
	MODEL_EXPECT(!entry->hashed || !dentry_is_unhashed(dentry));
	if (entry->parent == entry)
		return;
	MODEL_EXPECT(dentry_name_read(dentry, text) == name_lengths[entry->name]);
	MODEL_EXPECT(strcmp(text, names[entry->name]) == 0);
}

/* Every hashed child, once, in the order in which they came. */
static void check_children(struct entry *parent)
{
	struct dentry *dentry;
	u64 before = 0, position = 1;
	unsigned int count = 0;

	list_for_each_entry (dentry, &parent->dentry->children, sibling) {
		struct entry *entry = entry_of(dentry);

		MODEL_EXPECT(entry->hashed && entry->parent == parent);
		MODEL_EXPECT(entry->linked_at > before && dentry->position > position);
		before = entry->linked_at;
		position = dentry->position;
		count++;
	}
	for (unsigned int i = ROOTS; i < ENTRIES; i++)
		count -= entries[i].hashed && entries[i].parent == parent;
	MODEL_EXPECT(count == 0);
}

void check_all(void)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		if (!entries[i].dentry)
			continue;
		check_entry(&entries[i]);
		check_children(&entries[i]);
	}
	for (unsigned int i = 0; i < ROOTS; i++)
		MODEL_EXPECT(atomic_read(&supers[i].shrinking) == 0);
	MODEL_EXPECT(!(rename_sequence.sequence & 1));
}

void check_destroyed(void)
{
	for (unsigned int i = 0; i < ENTRIES; i++) {
		struct entry *entry = &entries[i];

		if (!entry->dentry)
			continue;
		MODEL_REQUIRE(entry->destroyed == !entry->alive);
		if (!entry->destroyed)
			continue;
		MODEL_EXPECT(!entry->positive || ref_read(&entry->inode.ref) == 0);
		entry->dentry = NULL;
	}
	if (random_below(&state, 8) == 0)
		grace_period();
}
