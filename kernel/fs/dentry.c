/*
 * The dentry cache: names found lately, by (parent, name).
 *
 * Lookups take no lock. They run under RCU between two reads of rename_sequence: a dentry can change its name or parent
 * only inside that sequence's write section, so a lookup that saw no change has compared a name that was whole, and one
 * that found nothing may believe it.
 *
 * References: each user holds one, and so does the cache for a hashed dentry. The shrinker (dentry_shrink.c) takes unused
 * dentries from the cache by moving their count from 1 to 0, which the lookup's ref_try_get then refuses; everybody else
 * who removes a name (dentry_drop) has a reference himself, so the count reaches 0 only with the last user.
 */
#include "internal.h"

#include <abi/errno.h>
#include <kernel/inotify.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/vmap.h>
#include <lib/err.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <profile/check.h>

#define BUCKET_LOCKS 256

/* A name that does not fit into the dentry. */
struct long_name {
	struct rcu_head rcu;
	char text[];
};

static struct slab_cache *dentry_cache __ro_after_init;
struct hlist *dentry_buckets __ro_after_init;
unsigned int dentry_bucket_shift __ro_after_init;
static struct spinlock bucket_locks[BUCKET_LOCKS];
static struct spinlock rename_spin = SPINLOCK_INIT(RANK_DENTRY_RENAME);
struct seqcount rename_sequence;

static struct spinlock *bucket_lock(u32 hash)
{
	return &bucket_locks[(hash >> dentry_bucket_shift) % BUCKET_LOCKS];
}

/* Never 0, which means "not computed" in a struct name. */
u32 name_hash(const struct dentry *parent, const char *text, u32 length)
{
	u64 hash = name_hash_begin(parent), word;

	for (; length >= 8; length -= 8, text += 8) {
		__builtin_memcpy(&word, text, 8);
		hash = name_hash_word(hash, word);
	}
	word = 0;
	__builtin_memcpy(&word, text, length);
	return name_hash_end(name_hash_word(hash, word));
}

static u32 name_hash_of(const struct dentry *parent, const struct name *name)
{
	return name->hash ? name->hash : name_hash(parent, name->text, name->length);
}

/* `padded` is text of a dentry: zeros follow it up to a multiple of eight bytes. */
static inline bool name_equal(const char *padded, const char *text, u32 length)
{
	u64 a, b;

	for (; length >= 8; length -= 8, text += 8, padded += 8) {
		__builtin_memcpy(&a, padded, 8);
		__builtin_memcpy(&b, text, 8);
		if (a != b)
			return false;
	}
	for (; length; length--) {
		if (*padded++ != *text++)
			return false;
	}
	return true;
}

struct dentry *dentry_find_rcu(const struct dentry *parent, const struct name *name, u32 sequence)
{
	struct dentry *dentry;

	hlist_for_each_entry (dentry, dentry_bucket(name->hash), hash_node) {
		const char *text;

		if (dentry_differs(dentry, parent, name))
			continue;
		/*
		 * Any dentry's text has DENTRY_INLINE_NAME bytes; more only if text and length belong together,
		 * which a rename may be changing.
		 */
		text = READ_ONCE(dentry->name.text);
		if (name->length >= DENTRY_INLINE_NAME && seq_read_retry(&rename_sequence, sequence))
			return NULL;
		if (name_equal(text, name->text, name->length))
			return dentry;
	}
	return NULL;
}

struct dentry *dentry_find(struct dentry *parent, const struct name *name)
{
	struct name hashed = { name->text, name->length, name_hash_of(parent, name) };
	struct dentry *dentry;
	u32 sequence;

	rcu_read_lock();
	do {
		sequence = seq_read_begin(&rename_sequence);
		dentry = dentry_find_rcu(parent, &hashed, sequence);
		if (dentry && !ref_try_get(&dentry->ref))
			dentry = NULL;
		if (likely(!seq_read_retry(&rename_sequence, sequence)))
			break;
		if (dentry) {
			rcu_read_unlock();
			dentry_put(dentry);
			rcu_read_lock();
		}
	} while (true);
	rcu_read_unlock();
	return dentry;
}

static void dentry_free(struct rcu_head *head)
{
	struct dentry *dentry = container_of(head, struct dentry, rcu);

	if (dentry->name.text != dentry->inline_name)
		kfree(container_of(dentry->name.text, struct long_name, text[0]));
	slab_free(dentry_cache, dentry);
}

static bool set_name(struct dentry *dentry, const struct name *name)
{
	char *text = dentry->inline_name;

	if (name->length >= DENTRY_INLINE_NAME) {
		size_t room = ALIGN_UP((size_t)name->length + 1, 8);
		struct long_name *memory = kzalloc(sizeof(*memory) + room);

		if (!memory)
			return false;
		text = memory->text;
	}
	memcpy(text, name->text, name->length);
	text[name->length] = 0;
	dentry->name.text = text;
	dentry->name.length = name->length;
	return true;
}

struct dentry *dentry_alloc(struct dentry *parent, const struct name *name)
{
	struct dentry *dentry = slab_alloc(dentry_cache, SLAB_ZERO);

	if (!dentry)
		return NULL;
	if (!set_name(dentry, name)) {
		slab_free(dentry_cache, dentry);
		return NULL;
	}
	ref_init(&dentry->ref, 1);
	spin_init(&dentry->lock, RANK_DENTRY);
	list_init(&dentry->children);
	list_init(&dentry->sibling);
	list_init(&dentry->lru);
	dentry->next_position = 2; /* after the dots */
	if (parent) {
		dentry->name.hash = name_hash_of(parent, name);
		dentry->parent = dentry_get(parent);
		dentry->super = parent->super;
	} else {
		dentry->parent = dentry;
	}
	return dentry;
}

struct dentry *dentry_alloc_root(struct inode *inode)
{
	struct name name = name_of("/", 1);
	struct dentry *dentry = dentry_alloc(NULL, &name);

	if (!dentry) {
		inode_put(inode);
		return NULL;
	}
	dentry->super = inode->super;
	dentry->inode = inode;
	return dentry;
}

/* Into the parent's list, at its end, at a new directory position. */
static void link_to_parent(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	spin_lock(&parent->lock);
	dentry->position = parent->next_position++;
	list_del(&dentry->sibling);
	list_add_tail(&dentry->sibling, &parent->children);
	spin_unlock(&parent->lock);
}

static void unlink_from_parent(struct dentry *dentry)
{
	struct dentry *parent = dentry->parent;

	spin_lock(&parent->lock);
	list_del_init(&dentry->sibling);
	spin_unlock(&parent->lock);
}

static void bucket_insert(struct dentry *dentry)
{
	struct spinlock *lock = bucket_lock(dentry->name.hash);

	spin_lock(lock);
	hlist_add(&dentry->hash_node, dentry_bucket(dentry->name.hash));
	spin_unlock(lock);
}

/* True if it was hashed. */
static bool bucket_remove(struct dentry *dentry)
{
	struct spinlock *lock = bucket_lock(dentry->name.hash);
	bool hashed;

	spin_lock(lock);
	hashed = !hlist_unhashed(&dentry->hash_node);
	hlist_del_init(&dentry->hash_node);
	spin_unlock(lock);
	return hashed;
}

void dentry_hash(struct dentry *dentry)
{
	check(hlist_unhashed(&dentry->hash_node));
	dentry_get(dentry); /* the cache's */
	link_to_parent(dentry);
	/* Before anybody finds it: who drops a name takes it off the list, and it must not get there after that. */
	if (!(dentry->flags & DENTRY_KEEP))
		dentry_lru_add(dentry);
	bucket_insert(dentry);
}

static void set_flags(struct dentry *dentry, u32 set, u32 clear)
{
	spin_lock(&dentry->lock);
	dentry->flags = (dentry->flags | set) & ~clear;
	spin_unlock(&dentry->lock);
}

void dentry_keep(struct dentry *dentry)
{
	set_flags(dentry, DENTRY_KEEP, 0);
	dentry_lru_remove(dentry);
}

void dentry_instantiate(struct dentry *dentry, struct inode *inode)
{
	check(!dentry->inode);
	store_release(&dentry->inode, inode);
	if (dentry->flags & DENTRY_KEEP)
		dentry_lru_remove(dentry);
	/* It was "no such name": as an entry it is new, and belongs behind what a reader of the directory has seen. */
	if (!hlist_unhashed(&dentry->hash_node))
		link_to_parent(dentry);
}

void dentry_add(struct dentry *dentry, struct inode *inode)
{
	if (inode)
		dentry_instantiate(dentry, inode);
	if (hlist_unhashed(&dentry->hash_node))
		dentry_hash(dentry);
}

void dentry_drop(struct dentry *dentry)
{
	if (!bucket_remove(dentry))
		return;
	set_flags(dentry, DENTRY_UNHASHED, DENTRY_KEEP);
	unlink_from_parent(dentry);
	dentry_lru_remove(dentry);
	dentry_put(dentry);
}

/* While it is hashed the cache's reference is among those counted; dentry_drop unhashes before it drops that one. */
static bool dentry_claim_hashed(struct dentry *dentry)
{
	struct spinlock *lock = bucket_lock(dentry->name.hash);
	bool claimed;

	spin_lock(lock);
	claimed = !hlist_unhashed(&dentry->hash_node) && dentry_claim(dentry);
	spin_unlock(lock);
	return claimed;
}

/* Drops a reference: true if the dentry is now the caller's to destroy. A transient one is, once only the cache has it. */
static bool dentry_release(struct dentry *dentry)
{
	bool last;

	if (likely(!(dentry->flags & DENTRY_TRANSIENT)))
		return ref_put(&dentry->ref);
	rcu_read_lock(); /* without a reference, its memory may go */
	last = ref_put(&dentry->ref) || dentry_claim_hashed(dentry);
	rcu_read_unlock();
	return last;
}

/* The count is 0. Frees it, and then its ancestors as far as they have no other user. */
void dentry_destroy(struct dentry *dentry)
{
	for (;;) {
		struct dentry *parent = dentry->parent;

		if (bucket_remove(dentry))
			unlink_from_parent(dentry);
		dentry_lru_remove(dentry);
		if (dentry->inode) {
			if (unlikely(READ_ONCE(dentry->inode->watches)))
				inotify_inode_gone(dentry->inode);
			inode_put(dentry->inode);
		}
		rcu_call(&dentry->rcu, dentry_free);
		if (parent == dentry || !dentry_release(parent))
			return;
		dentry = parent;
	}
}

void dentry_put(struct dentry *dentry)
{
	if (unlikely(dentry_release(dentry)))
		dentry_destroy(dentry);
}

struct dentry *dentry_parent_get(struct dentry *dentry)
{
	struct dentry *parent;
	u32 sequence;

	rcu_read_lock();
	do {
		sequence = seq_read_begin(&rename_sequence);
		parent = READ_ONCE(dentry->parent);
	} while (!ref_try_get(&parent->ref) || seq_read_retry(&rename_sequence, sequence));
	rcu_read_unlock();
	return parent;
}

u32 dentry_name_read(const struct dentry *dentry, char text[NAME_MAX + 1])
{
	u32 sequence, length;

	rcu_read_lock();
	do {
		const char *from;

		sequence = seq_read_begin(&rename_sequence);
		length = READ_ONCE(dentry->name.length);
		from = READ_ONCE(dentry->name.text);
		/* Length and text belong together only if nothing was renamed in between. */
		if (seq_read_retry(&rename_sequence, sequence))
			continue;
		memcpy(text, from, length);
		text[length] = 0;
	} while (seq_read_retry(&rename_sequence, sequence));
	rcu_read_unlock();
	return length;
}

bool dentry_is_ancestor(const struct dentry *ancestor, const struct dentry *dentry)
{
	for (;;) {
		if (dentry == ancestor)
			return true;
		if (READ_ONCE(dentry->parent) == dentry)
			return false;
		dentry = READ_ONCE(dentry->parent);
	}
}

/* The texts change places; an inline one is copied, as it lies in its dentry. */
static void swap_names(struct dentry *a, struct dentry *b)
{
	struct name a_name = a->name, b_name = b->name;
	char a_inline[DENTRY_INLINE_NAME];

	memcpy(a_inline, a->inline_name, sizeof(a_inline));
	memcpy(a->inline_name, b->inline_name, sizeof(a_inline));
	memcpy(b->inline_name, a_inline, sizeof(a_inline));
	a->name = b_name;
	b->name = a_name;
	if (b_name.text == b->inline_name)
		a->name.text = a->inline_name;
	if (a_name.text == a->inline_name)
		b->name.text = b->inline_name;
}

void dentry_move(struct dentry *old, struct dentry *target, bool exchange)
{
	struct dentry *old_parent;
	bool target_hashed;

	spin_lock(&rename_spin);
	seq_write_begin(&rename_sequence);
	bucket_remove(old);
	target_hashed = bucket_remove(target);
	unlink_from_parent(old);
	unlink_from_parent(target);
	swap_names(old, target);
	old_parent = old->parent;
	old->parent = target->parent;
	target->parent = old_parent;
	link_to_parent(old);
	bucket_insert(old);
	if (exchange) {
		link_to_parent(target);
		bucket_insert(target);
	}
	seq_write_end(&rename_sequence);
	spin_unlock(&rename_spin);
	if (exchange || !target_hashed)
		return;
	set_flags(target, DENTRY_UNHASHED, DENTRY_KEEP);
	dentry_lru_remove(target);
	dentry_put(target); /* the cache's reference; the caller has his own */
}

void dentry_init(void)
{
	u64 want = page_free_count() * 2; /* a bucket for each 2 KiB of memory */
	unsigned int bits;
	size_t size;

	dentry_cache = slab_cache_create("dentry", sizeof(struct dentry), CACHE_LINE);
	slab_cache_set_reclaimable(dentry_cache);
	for (unsigned int i = 0; i < BUCKET_LOCKS; i++)
		spin_init(&bucket_locks[i], RANK_DENTRY_HASH);
	bits = MIN(ilog2(want / 16 | 1024), 20U);
	dentry_bucket_shift = 32 - bits;
	size = sizeof(*dentry_buckets) << bits;
	dentry_buckets = vmalloc(size);
	if (!dentry_buckets)
		panic("No memory for the dentry hash table (%zu KiB)", size / KIB);
	dentry_lru_limit = MAX(want / 16, 1024UL);
}
