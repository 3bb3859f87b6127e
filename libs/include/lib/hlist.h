/*
 * Singly headed, doubly linked list for hash buckets: the head is one pointer. Removal is O(1) and
 * safe against a concurrent reader that walks `next` inside an RCU read section (the removed node
 * keeps its next pointer).
 */
#pragma once

#include <lib/compiler.h>

struct hlist_node {
	struct hlist_node *next;
	struct hlist_node **pprev;
};

struct hlist {
	struct hlist_node *first;
};

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !READ_ONCE(node->pprev);
}

/*
 * The release store publishes the node's contents to lock-free readers (pairs with
 * hlist_for_each_entry's load).
 */
static inline void hlist_add(struct hlist_node *node, struct hlist *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	node->pprev = &head->first;
	if (first)
		first->pprev = &node->next;
	__atomic_store_n(&head->first, node, __ATOMIC_RELEASE);
}

static inline void hlist_del_init(struct hlist_node *node)
{
	if (!node->pprev)
		return;
	WRITE_ONCE(*node->pprev, node->next);
	if (node->next)
		node->next->pprev = node->pprev;
	WRITE_ONCE(node->pprev, NULL);
}

#define hlist_entry_or_null(node, type, member)                                                    \
	({                                                                                         \
		struct hlist_node *hlist_n = (node);                                               \
		hlist_n ? container_of(hlist_n, type, member) : NULL;                              \
	})

#define hlist_for_each_entry(pos, head, member)                                                    \
	for (pos = hlist_entry_or_null(__atomic_load_n(&(head)->first, __ATOMIC_CONSUME),          \
				       __typeof__(*pos), member);                                  \
	     pos; pos = hlist_entry_or_null(READ_ONCE(pos->member.next), __typeof__(*pos), member))
