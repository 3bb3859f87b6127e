/* dentry_model.h - what the parts of test_dentry.c share: the entries that the oracle knows. */
#pragma once

#include "../../../kernel/fs/internal.h"

#include <lib/string.h>

#include "model.h"

#define ENTRIES 240
#define ROOTS 2
#define NAMES 36 /* each with a twin of its length, NAMES / 2 further on */
#define NAME_ROOM 96
#define LRU_LIMIT 90

struct entry {
	struct dentry *dentry; /* NULL: not in use */
	struct inode inode;
	struct entry *parent; /* itself at a root */
	unsigned int name, users, children;
	bool alive, hashed, kept, transient, positive;
	bool destroyed; /* what the kernel says */
	u64 used_at; /* 0: not in the list of the unused, else its place there */
	u64 linked_at; /* its place among the parent's children */
};

extern struct entry entries[ENTRIES]; /* the roots first */
extern char names[NAMES][NAME_ROOM];
extern u32 name_lengths[NAMES];
extern u64 oracle_clock;
extern unsigned int lru_count; /* entries with used_at */
extern struct super supers[ROOTS];
extern struct random_state state;

/* --- dentry_oracle.c: the same calls as the kernel's, on the entries. ---------------------------------------------------- */

unsigned int oracle_refs(const struct entry *entry);
void oracle_unused_remove(struct entry *entry);
void oracle_put(struct entry *entry);
/* The cache forgets it, whoever else uses it. */
void oracle_kill(struct entry *entry);
void oracle_drop(struct entry *entry);
struct entry *oracle_find(const struct entry *parent, unsigned int name);
/* Nobody else has it. */
bool oracle_name_is_free(const struct entry *entry);
void oracle_shrink(unsigned int count);
void oracle_kill_tree(struct entry *top);
bool oracle_is_ancestor(const struct entry *ancestor, const struct entry *entry);

/* --- dentry_world.c: what the cache asks of others, and comparing. ------------------------------------------------------- */

extern bool no_memory; /* half of the allocations fail */
extern unsigned int objects; /* allocated and not freed */
void grace_period(void);
void check_all(void);
/* What the kernel has destroyed is what the oracle says: after each step. */
void check_destroyed(void);
