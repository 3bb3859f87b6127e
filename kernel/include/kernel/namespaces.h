/* What a task's names mean. One instance today; a reference in each task, so that clone can copy it later. */
#pragma once

#include <abi/utsname.h>
#include <kernel/locks.h>
#include <profile/refcount.h>

struct namespaces {
	struct refcount ref;
	struct spinlock lock; /* RANK_FS */
	struct abi_utsname uts; /* [lock] */
};
extern struct namespaces init_namespaces;
static inline struct namespaces *namespaces_get(struct namespaces *ns)
{
	ref_get(&ns->ref);
	return ns;
}
void namespaces_put(struct namespaces *ns);
