/*
 * test_dentry.c - the kernel's dentry cache against an array of entries that knows each one's name, parent, users and place
 * in the list of the unused: a lookup finds what that says, and exactly what nobody can reach any more is destroyed.
 * with: kernel/fs/dentry.c kernel/fs/dentry_shrink.c testing/unit/kernel/dentry_oracle.c testing/unit/kernel/dentry_world.c
 */
#include "dentry_model.h"

#define STEPS 40000

char names[NAMES][NAME_ROOM];
u32 name_lengths[NAMES];
struct super supers[ROOTS];
struct random_state state;

/* --- Steps --------------------------------------------------------------------------------------------------------------- */

static struct name name_make(const struct entry *parent, unsigned int name)
{
	struct name made = name_of(names[name], name_lengths[name]);

	if (random_below(&state, 2))
		made.hash = name_hash(parent->dentry, made.text, made.length);
	return made;
}

/* One that is alive, from index `from` on; NULL at times. */
static struct entry *pick(unsigned int from)
{
	for (unsigned int i = 0; i < 8; i++) {
		struct entry *entry = &entries[from + random_below(&state, ENTRIES - from)];

		if (entry->alive)
			return entry;
	}
	return NULL;
}

static struct entry *pick_directory(void)
{
	struct entry *entry = random_below(&state, 4) ? pick(0)
						      : &entries[random_below(&state, ROOTS)];

	return entry && entry->positive && (entry->hashed || entry->parent == entry) ? entry : NULL;
}

/* A new entry with one user, unhashed and without an inode; NULL: no room or no memory. */
static struct entry *entry_make(struct entry *parent, unsigned int name)
{
	struct name made = name_make(parent, name);
	struct entry *entry = &entries[ROOTS];

	while (entry < entries + ENTRIES && entry->dentry)
		entry++;
	if (entry == entries + ENTRIES)
		return NULL;
	*entry = (struct entry){ .parent = parent, .name = name, .users = 1, .alive = true };
	no_memory = random_below(&state, 30) == 0;
	entry->dentry = dentry_alloc(parent->dentry, &made);
	no_memory = false;
	entry->alive = entry->dentry;
	if (!entry->dentry)
		return NULL;
	MODEL_EXPECT(entry->dentry->super == parent->dentry->super);
	parent->children++;
	return entry;
}

static void entry_hash(struct entry *entry, bool positive)
{
	entry->positive = positive;
	entry->hashed = true;
	entry->linked_at = ++oracle_clock;
	ref_init(&entry->inode.ref, 1);
	dentry_add(entry->dentry, positive ? &entry->inode : NULL);
	if (entry->kept)
		return;
	entry->used_at = ++oracle_clock;
	if (++lru_count > LRU_LIMIT)
		oracle_shrink(32);
}

static void entry_get(struct entry *entry)
{
	entry->users++;
	dentry_get(entry->dentry);
}

static void entry_put(struct entry *entry)
{
	oracle_put(entry);
	dentry_put(entry->dentry);
}

static void step_insert(void)
{
	struct entry *parent = pick_directory(), *entry;
	unsigned int name = random_below(&state, NAMES);

	if (!parent || oracle_find(parent, name) || !(entry = entry_make(parent, name)))
		return;
	entry->transient = random_below(&state, 8) == 0;
	entry->kept = !entry->transient && random_below(&state, 8) == 0;
	if (entry->transient)
		entry->dentry->flags |= DENTRY_TRANSIENT;
	if (entry->kept)
		dentry_keep(entry->dentry);
	entry_hash(entry, random_below(&state, 4));
	if (random_below(&state, 8))
		entry_put(entry);
}

static void step_instantiate(void)
{
	struct entry *entry = pick(ROOTS);

	if (!entry || entry->positive)
		return;
	entry->positive = true;
	entry->linked_at = ++oracle_clock;
	ref_init(&entry->inode.ref, 1);
	dentry_instantiate(entry->dentry, &entry->inode);
}

static void step_keep(void)
{
	struct entry *entry = pick(ROOTS);

	if (!entry || entry->transient || !entry->hashed || random_below(&state, 4))
		return;
	entry->kept = true;
	oracle_unused_remove(entry);
	dentry_keep(entry->dentry);
}

/* Two names of one hash are made by saying so: neither is the other, and neither is another directory's. */
static void check_collisions(struct entry *parent, unsigned int name)
{
	unsigned int twin = (name + NAMES / 2) % NAMES;
	struct entry *other = pick(0);
	struct name forged = name_of(names[twin], name_lengths[twin]);

	forged.hash = name_hash(parent->dentry, names[name], name_lengths[name]);
	MODEL_EXPECT(!dentry_find(parent->dentry, &forged));
	forged.text = names[name];
	if (other && other != parent)
		MODEL_EXPECT(!dentry_find(other->dentry, &forged));
}

static void step_find(void)
{
	struct entry *parent = pick(0), *expected;
	unsigned int name = random_below(&state, NAMES);
	struct name made, hashed;
	struct dentry *found;

	if (!parent)
		return;
	made = hashed = name_make(parent, name);
	hashed.hash = name_hash(parent->dentry, made.text, made.length);
	expected = oracle_find(parent, name);
	found = dentry_find_rcu(parent->dentry, &hashed, rename_sequence.sequence);
	MODEL_EXPECT(found == (expected ? expected->dentry : NULL));
	found = dentry_find(parent->dentry, &made);
	MODEL_REQUIRE(found == (expected ? expected->dentry : NULL));
	check_collisions(parent, name);
	if (!expected)
		return;
	expected->users++;
	if (random_below(&state, 8))
		entry_put(expected);
}

static void step_get(void)
{
	struct entry *entry = pick(ROOTS);
	struct dentry *parent;

	if (!entry)
		return;
	parent = dentry_parent_get(entry->dentry);
	MODEL_EXPECT(parent == entry->parent->dentry);
	entry->parent->users++;
	if (random_below(&state, 2))
		entry_put(entry->parent);
}

static void step_put(void)
{
	struct entry *entry = pick(0);

	if (entry && entry->users > (entry->parent == entry))
		entry_put(entry);
}

static void entry_drop(struct entry *entry)
{
	entry_get(entry);
	oracle_drop(entry);
	dentry_drop(entry->dentry);
	entry_put(entry);
}

static void step_drop(void)
{
	struct entry *entry = pick(ROOTS);

	if (entry && random_below(&state, 3) == 0)
		entry_drop(entry);
}

/* The names and parents change places. */
static void oracle_move(struct entry *old, struct entry *target, bool exchange)
{
	struct entry *parent = old->parent;
	unsigned int name = old->name;

	old->name = target->name;
	target->name = name;
	old->parent = target->parent;
	target->parent = parent;
	old->linked_at = ++oracle_clock;
	if (exchange)
		target->linked_at = ++oracle_clock;
	else
		oracle_drop(target);
}

/* What a rename replaces: another entry, or one that was made for the name and may not be in the cache. */
static struct entry *move_target(void)
{
	struct entry *parent, *target;
	unsigned int name = random_below(&state, NAMES);

	if (random_below(&state, 2)) {
		target = pick(ROOTS);
		return target && oracle_name_is_free(target) ? target : NULL;
	}
	parent = pick_directory();
	if (!parent || oracle_find(parent, name) || !(target = entry_make(parent, name)))
		return NULL;
	if (random_below(&state, 2))
		entry_hash(target, false);
	return target;
}

static void step_move(void)
{
	struct entry *old = pick(ROOTS), *target;
	bool made, exchange;

	if (!old || !old->hashed)
		return;
	entry_get(old);
	target = move_target();
	if (!target) {
		entry_put(old);
		return;
	}
	made = !target->hashed;
	exchange = !made && random_below(&state, 3) == 0;
	entry_get(target);
	if (target->dentry->super == old->dentry->super && !oracle_is_ancestor(old, target) &&
	    !oracle_is_ancestor(target, old)) {
		oracle_move(old, target, exchange);
		dentry_move(old->dentry, target->dentry, exchange);
	}
	MODEL_EXPECT(dentry_is_ancestor(old->dentry, target->dentry) ==
		     oracle_is_ancestor(old, target));
	entry_put(target);
	entry_put(old);
}

static void step_shrink(void)
{
	unsigned int count = random_below(&state, 12);

	if (random_below(&state, 8))
		return;
	oracle_shrink(count);
	dentry_shrink(count);
}

static void step_prune(void)
{
	struct entry *entry = pick(0);

	if (!entry || random_below(&state, 4))
		return;
	entry_get(entry);
	for (unsigned int i = ROOTS; i < ENTRIES; i++)
		if (entries[i].hashed && entries[i].parent == entry && oracle_refs(&entries[i]) == 1)
			oracle_kill(&entries[i]);
	dentry_prune_children(entry->dentry);
	entry_put(entry);
}

static void step_kill_tree(void)
{
	struct entry *root = &entries[random_below(&state, ROOTS)];

	if (random_below(&state, 100))
		return;
	oracle_kill_tree(root);
	dentry_kill_tree(root->dentry);
}

/* --- The start and the end ----------------------------------------------------------------------------------------------- */

/* Of all lengths around words and around what fits into a dentry; many begin alike. */
static void start(void)
{
	static const u32 lengths[] = { 1,  2,  7,  8,  9,  15, 16, 17, 31,
				       38, 39, 40, 41, 48, 63, 64, 80, 95 };

	for (unsigned int i = 0; i < NAMES; i++) {
		name_lengths[i] = lengths[i % ARRAY_LEN(lengths)];
		memset(names[i], 'a', name_lengths[i]);
		names[i][name_lengths[i] - 1] = (char)('a' + i);
	}
	dentry_init();
	dentry_lru_limit = LRU_LIMIT;
	dentry_bucket_shift = 29; /* eight buckets: long chains */
	for (unsigned int i = 0; i < ROOTS; i++) {
		struct entry *root = &entries[i];

		*root = (struct entry){ .parent = root, .users = 1, .alive = true, .positive = true };
		root->inode.super = &supers[i];
		ref_init(&root->inode.ref, 1);
		root->dentry = dentry_alloc_root(&root->inode);
	}
}

/* Everything is dropped by everybody: nothing remains. */
static void finish(void)
{
	for (unsigned int i = ROOTS; i < ENTRIES; i++)
		if (entries[i].alive)
			entry_drop(&entries[i]);
	for (unsigned int i = ENTRIES; i-- > 0;)
		while (entries[i].alive && entries[i].users)
			entry_put(&entries[i]);
	check_destroyed();
	grace_period();
	MODEL_EXPECT(lru_count == 0 && objects == 0);
	for (unsigned int i = 0; i < ENTRIES; i++)
		MODEL_EXPECT(!entries[i].dentry);
}

int main(int argc, char **argv)
{
	static void (*const steps[])(void) = {
		step_insert, step_insert, step_insert, step_insert,    step_instantiate,
		step_keep,   step_find,	  step_find,   step_find,      step_get,
		step_put,    step_put,	  step_put,    step_drop,      step_move,
		step_move,   step_shrink, step_prune,  step_kill_tree,
	};

	model_seed(&state, argc, argv);
	start();
	for (unsigned int i = 0; i < STEPS; i++) {
		steps[random_below(&state, ARRAY_LEN(steps))]();
		check_destroyed();
		if (i % 32 == 0)
			check_all();
	}
	finish();
	return model_end();
}
