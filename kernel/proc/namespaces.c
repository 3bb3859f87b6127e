/* The names that a task sees: one set for all so far. */
#include <kernel/namespaces.h>
#include <kernel/slab.h>

void namespaces_put(struct namespaces *ns)
{
	if (ref_put(&ns->ref))
		kfree(ns);
}
