/* Users, by real uid, and what all their processes together have in use. */
#include <kernel/cred.h>
#include <kernel/locks.h>
#include <kernel/slab.h>
#include <lib/hash.h>
#include <profile/bounds.h>

#define BUCKET_BITS 6

static struct hlist buckets[1 << BUCKET_BITS]; /* [account_lock] */
static struct spinlock account_lock =
	SPINLOCK_INIT(RANK_ACCOUNT); /* interrupts off: a signal's charge ends anywhere */

static struct hlist *bucket_of(u32 uid)
{
	return &AT(buckets, hash_bucket(hash_u64(uid), BUCKET_BITS));
}

static struct user_account *account_find(u32 uid)
{
	struct user_account *account;

	hlist_for_each_entry (account, bucket_of(uid), node)
		if (account->uid == uid && ref_try_get(&account->ref))
			return account;
	return NULL;
}

struct user_account *user_account_get(u32 uid)
{
	struct user_account *new = kzalloc(sizeof(*new)), *account;
	unsigned long flags = spin_lock_irq(&account_lock);

	account = account_find(uid);
	if (!account && new) {
		ref_init(&new->ref, 1);
		new->uid = uid;
		hlist_add(&new->node, bucket_of(uid));
		account = new;
		new = NULL;
	}
	spin_unlock_irq(&account_lock, flags);
	kfree(new);
	return account;
}

void user_account_put(struct user_account *account)
{
	unsigned long flags;

	if (!ref_put(&account->ref))
		return;
	flags = spin_lock_irq(&account_lock);
	hlist_del_init(&account->node);
	spin_unlock_irq(&account_lock, flags);
	kfree(account);
}
