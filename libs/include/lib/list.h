/*
 * Doubly linked circular list, the links inside the elements. `struct list` is both head and link.
 * An empty head points to itself. None of these take a lock.
 */
#pragma once

#include <lib/compiler.h>

struct list {
	struct list *next;
	struct list *prev;
};

#define LIST_INIT(name)                                                                            \
	{                                                                                          \
		&(name), &(name)                                                                   \
	}

static inline void list_init(struct list *head)
{
	head->next = head;
	head->prev = head;
}

static inline bool list_empty(const struct list *head)
{
	return READ_ONCE(head->next) == head;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
	next->prev = node;
	node->next = next;
	node->prev = prev;
	WRITE_ONCE(prev->next, node);
}

/* At the front (a stack) or, with _tail, at the end (a queue). */
static inline void list_add(struct list *node, struct list *head)
{
	list_insert_between(node, head, head->next);
}

static inline void list_add_tail(struct list *node, struct list *head)
{
	list_insert_between(node, head->prev, head);
}

/* The node's own links are stale afterwards; list_del_init makes it an empty list instead. */
static inline void list_del(struct list *node)
{
	node->next->prev = node->prev;
	WRITE_ONCE(node->prev->next, node->next);
}

static inline void list_del_init(struct list *node)
{
	list_del(node);
	list_init(node);
}

static inline void list_move_tail(struct list *node, struct list *head)
{
	list_del(node);
	list_add_tail(node, head);
}

/* Appends all of `from` to `to`; `from` is empty afterwards. */
static inline void list_splice_tail_init(struct list *from, struct list *to)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member)                                               \
	(list_empty(head) ? NULL : list_first_entry(head, type, member))

#define list_for_each_entry(pos, head, member)                                                     \
	for (pos = list_first_entry(head, __typeof__(*pos), member); &pos->member != (head);       \
	     pos = list_entry(pos->member.next, __typeof__(*pos), member))

/* `pos` may be removed from the list inside the loop. */
#define list_for_each_entry_safe(pos, tmp, head, member)                                           \
	for (pos = list_first_entry(head, __typeof__(*pos), member),                               \
	    tmp = list_entry(pos->member.next, __typeof__(*pos), member);                          \
	     &pos->member != (head);                                                               \
	     pos = tmp, tmp = list_entry(tmp->member.next, __typeof__(*tmp), member))
