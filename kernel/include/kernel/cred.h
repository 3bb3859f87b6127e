/* Who a task is. Immutable once published: a change makes a copy (cred_clone), edits it and swaps it in (cred_commit). */
#pragma once

#include <lib/compiler.h>
#include <kernel/rcu.h>
#include <lib/atomic.h>
#include <lib/hlist.h>
#include <profile/refcount.h>

/* What a user has in use, by real uid. */
struct user_account {
	struct refcount ref;
	u32 uid; /* [I] */
	struct hlist_node node; /* [account lock] */
	atomic_long_t tasks; /* RLIMIT_NPROC */
	atomic_long_t signals; /* queued; RLIMIT_SIGPENDING */
	atomic_t inotify_instances, inotify_watches;
	atomic_long_t in_flight; /* open files inside socket messages; RLIMIT_NOFILE */
};

struct cred {
	struct refcount ref;
	u32 uid, euid, suid, fsuid;
	u32 gid, egid, sgid, fsgid;
	u64 cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	u32 securebits;
	u8 no_new_privs;
	u32 group_count; /* supplementary, sorted */
	u32 *groups; /* owned */
	struct user_account *account; /* reference */
	struct rcu_head rcu;
};

extern struct cred init_cred;
struct cred *cred_get(struct cred *cred);
void cred_put(struct cred *cred);
struct cred *cred_clone(void); /* of current; ref 1; NULL */
void cred_commit(struct cred *cred); /* becomes current's; consumes the reference */
bool capable(int capability); /* current, effective set */
bool cred_in_group(const struct cred *cred, u32 gid); /* fsgid or supplementary */
bool in_group(u32 gid);

/* NULL: out of memory. */
struct user_account *user_account_get(u32 uid);
void user_account_put(struct user_account *account); /* any context */
/* Sets cred->uid together with the account it is charged to. 0 or -EAGAIN. */
int cred_set_uid(struct cred *cred, u32 uid);
/* Capabilities after a set*uid call that came from `old`. */
void cred_fix_capabilities(struct cred *cred, const struct cred *old);
/* Takes over `groups` (kmalloc'ed, `count` long), sorts it. */
void cred_set_groups(struct cred *cred, u32 *groups, u32 count);
#define CAP_FULL_SET ((1ULL << 41) - 1)
#define OVERFLOW_ID 65534
