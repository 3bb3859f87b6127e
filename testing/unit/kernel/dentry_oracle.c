/* dentry_oracle.c - the dentry cache as an array: every question is answered by looking at all entries. */
#include "dentry_model.h"

struct entry entries[ENTRIES];
u64 oracle_clock;
unsigned int lru_count;

unsigned int oracle_refs(const struct entry *entry)
{
	return entry->users + entry->hashed + entry->children;
}

void oracle_unused_remove(struct entry *entry)
{
	lru_count -= entry->used_at != 0;
	entry->used_at = 0;
}

/* An entry that nobody uses is gone, and then its parents may be. */
static void oracle_settle(struct entry *entry)
{
	while (oracle_refs(entry) == (entry->transient && entry->hashed)) {
		entry->alive = entry->hashed = false;
		oracle_unused_remove(entry);
		if (entry->parent == entry)
			return;
		entry = entry->parent;
		entry->children--;
	}
}

void oracle_put(struct entry *entry)
{
	entry->users--;
	oracle_settle(entry);
}

void oracle_kill(struct entry *entry)
{
	entry->hashed = false;
	oracle_unused_remove(entry);
	oracle_settle(entry);
}

void oracle_drop(struct entry *entry)
{
	if (entry->hashed)
		entry->kept = false;
	oracle_kill(entry);
}

struct entry *oracle_find(const struct entry *parent, unsigned int name)
{
	for (unsigned int i = ROOTS; i < ENTRIES; i++)
		if (entries[i].hashed && entries[i].parent == parent && entries[i].name == name)
			return &entries[i];
	return NULL;
}

bool oracle_name_is_free(const struct entry *entry)
{
	const struct entry *found = oracle_find(entry->parent, entry->name);

	return !found || found == entry;
}

static struct entry *oracle_oldest_unused(void)
{
	struct entry *oldest = NULL;

	for (unsigned int i = ROOTS; i < ENTRIES; i++)
		if (entries[i].used_at && (!oldest || entries[i].used_at < oldest->used_at))
			oldest = &entries[i];
	return oldest;
}

void oracle_shrink(unsigned int count)
{
	struct entry *dead[ENTRIES], *oldest;
	unsigned int scan = count * 8, found = 0;

	for (; found < count && scan && (oldest = oracle_oldest_unused()); scan--) {
		if (oracle_refs(oldest) == 1) {
			oracle_unused_remove(oldest);
			dead[found++] = oldest;
		} else {
			oldest->used_at = ++oracle_clock;
		}
	}
	for (unsigned int i = 0; i < found; i++)
		oracle_kill(dead[i]);
}

void oracle_kill_tree(struct entry *top)
{
	top->users++;
	for (unsigned int i = ROOTS; i < ENTRIES; i++) {
		struct entry *entry = &entries[i];

		if (entry->hashed && entry->parent == top) {
			entry->users++;
			oracle_kill_tree(entry);
			oracle_drop(entry);
			oracle_put(entry);
		}
	}
	oracle_put(top);
}

bool oracle_is_ancestor(const struct entry *ancestor, const struct entry *entry)
{
	while (entry != ancestor && entry->parent != entry)
		entry = entry->parent;
	return entry == ancestor;
}
