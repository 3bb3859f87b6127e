/*
 * Names of AF_UNIX sockets. A name that begins with NUL is abstract, known by its bytes and the socket's type; any other is a
 * path, known by the inode that bind made. Both are in one hash table, looked up under RCU; a name never changes once set.
 */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/cred.h>
#include <kernel/random.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <lib/err.h>
#include <lib/hash.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <profile/bounds.h>

#define HASH_BITS 8
#define HEADER 2u /* the family before the name */
#define AUTO_NAMES (1u << 20)

static struct hlist names[1u << HASH_BITS]; /* [R table_lock] */
static struct spinlock table_lock = SPINLOCK_INIT(RANK_SOCKET_TABLE);
static u64 hash_seed __ro_after_init;

void unix_names_init(void)
{
	hash_seed = random_u64();
}

static struct hlist *chain(u64 key)
{
	return &AT(names, hash_bucket(key, HASH_BITS));
}

static u64 abstract_key(const char *bytes, u32 length, int type)
{
	return hash_bytes(bytes, length, hash_seed) ^ hash_u64((u64)type);
}

/* A path's length becomes what Linux says it is: up to its NUL, and that NUL. */
int unix_address_check(struct socket_address *address)
{
	if (address->length <= HEADER || address->length > sizeof(struct abi_sockaddr_un) ||
	    address->family != AF_UNIX)
		return -EINVAL;
	if (address->bytes[HEADER]) {
		address->bytes[address->length] = '\0';
		address->length = HEADER + (u32)strlen(address->bytes + HEADER) + 1;
	}
	return 0;
}

/* --- Finding ---------------------------------------------------------------------------------------------------------- */

static bool has_name(const struct unix_socket *found, const struct socket_address *address, int type)
{
	const struct unix_address *own = found->address;

	return found->socket.type == type && own->length == address->length &&
	       !own->bytes[HEADER] && !memcmp(own->bytes, address->bytes, own->length);
}

/* Under RCU or the table lock. */
static struct unix_socket *find_abstract(const struct socket_address *address, int type, u64 key)
{
	struct unix_socket *found;

	hlist_for_each_entry (found, chain(key), name_node)
		if (found->name_key == key && has_name(found, address, type))
			return found;
	return NULL;
}

static struct unix_socket *find_inode(const struct inode *inode)
{
	struct unix_socket *found;
	u64 key = hash_ptr(inode);

	hlist_for_each_entry (found, chain(key), name_node) {
		const struct dentry *dentry = READ_ONCE(found->path.dentry);

		if (found->name_key == key && dentry && dentry->inode == inode)
			return found;
	}
	return NULL;
}

static struct unix_socket *get_alive(struct unix_socket *found)
{
	return found && ref_try_get(&found->socket.ref) ? found : ERR_PTR(-ECONNREFUSED);
}

static struct unix_socket *find_path(const struct socket_address *address, int type)
{
	struct unix_socket *found;
	struct path path;
	struct inode *inode;
	int error = path_lookup(AT_FDCWD, address->bytes + HEADER, LOOKUP_FOLLOW, &path);

	if (error)
		return ERR_PTR(error);
	inode = path.dentry->inode;
	error = inode_permission(inode, MAY_WRITE);
	if (!error && !S_ISSOCK(inode->mode))
		error = -ECONNREFUSED;
	if (error) {
		found = ERR_PTR(error);
	} else {
		rcu_read_lock();
		found = get_alive(find_inode(inode));
		rcu_read_unlock();
	}
	path_put(&path);
	if (!IS_ERR(found) && found->socket.type != type) {
		unix_put(found);
		found = ERR_PTR(-EPROTOTYPE);
	}
	return found;
}

struct unix_socket *unix_find(const struct socket_address *address, int type)
{
	struct unix_socket *found;

	if (address->bytes[HEADER])
		return find_path(address, type);
	rcu_read_lock();
	found = get_alive(
		find_abstract(address, type, abstract_key(address->bytes, address->length, type)));
	rcu_read_unlock();
	return found;
}

/* --- Binding ---------------------------------------------------------------------------------------------------------- */

static struct unix_address *address_make(const struct socket_address *from)
{
	struct unix_address *address = kmalloc(sizeof(*address), 0);

	if (!address)
		return NULL;
	ref_init(&address->ref, 1);
	address->length = from->length;
	memcpy(address->bytes, from->bytes, from->length);
	return address;
}

/* The name's owner from now on. table_lock held; the socket had no name. */
static void name_set_locked(struct unix_socket *self, struct unix_address *address, u64 key)
{
	self->name_key = key;
	store_release(&self->address, address);
	hlist_add(&self->name_node, chain(key));
}

static int bind_abstract(struct unix_socket *self, const struct socket_address *name)
{
	u64 key = abstract_key(name->bytes, name->length, self->socket.type);
	struct unix_address *address = address_make(name);
	int error = 0;

	if (!address)
		return -ENOMEM;
	spin_lock(&table_lock);
	if (self->address)
		error = -EINVAL;
	else if (find_abstract(name, self->socket.type, key))
		error = -EADDRINUSE;
	else
		name_set_locked(self, address, key);
	spin_unlock(&table_lock);
	if (error)
		kfree(address);
	return error;
}

/* The name is an inode of its own, with the mode of the socket's inode. */
static int node_make(struct unix_socket *self, const char *text, struct path *path)
{
	int error = vfs_mknod(AT_FDCWD, text, S_IFSOCK | (self->socket.inode->mode & 07777), 0);

	if (error)
		return error == -EEXIST ? -EADDRINUSE : error;
	error = path_lookup(AT_FDCWD, text, 0, path);
	if (!error && !S_ISSOCK(path->dentry->inode->mode)) {
		path_put(path);
		error = -EADDRINUSE; /* replaced meanwhile */
	}
	return error;
}

static int bind_path(struct unix_socket *self, const struct socket_address *name)
{
	const char *text = name->bytes + HEADER;
	struct unix_address *address;
	struct path path;
	int error;

	address = address_make(name);
	if (!address)
		return -ENOMEM;
	/* A socket that has a name already fails later, as on Linux: a name that is taken is told first. */
	error = node_make(self, text, &path);
	if (error)
		goto free_address;
	spin_lock(&table_lock);
	if (self->address) {
		error = -EINVAL;
	} else {
		self->path = path;
		name_set_locked(self, address, hash_ptr(path.dentry->inode));
	}
	spin_unlock(&table_lock);
	if (!error)
		return 0;
	path_put(&path);
	(void)vfs_unlink(AT_FDCWD, text);
free_address:
	kfree(address);
	return error;
}

int unix_autobind(struct unix_socket *self)
{
	struct socket_address name;
	u32 number = (u32)random_u64();
	int error = -EADDRINUSE;

	if (load_acquire(&self->address))
		return 0;
	name.length = HEADER + 6;
	name.family = AF_UNIX;
	for (u32 tries = 0; tries < AUTO_NAMES && error == -EADDRINUSE; tries++) {
		name.bytes[HEADER] = '\0';
		snprintf(name.bytes + HEADER + 1, 6, "%05x", number++ % AUTO_NAMES);
		error = bind_abstract(self, &name);
	}
	if (error == -EADDRINUSE)
		return -ENOSPC;
	return error == -EINVAL ? 0 : error; /* bound meanwhile: as good */
}

int unix_bind(struct socket *socket, struct socket_address *address)
{
	struct unix_socket *self = unix_of(socket);
	int error;

	if (address->length == HEADER && address->family == AF_UNIX)
		return unix_autobind(self);
	error = unix_address_check(address);
	if (error)
		return error;
	return address->bytes[HEADER] ? bind_path(self, address) : bind_abstract(self, address);
}

void unix_name_remove(struct unix_socket *self)
{
	struct path path;

	spin_lock(&table_lock);
	path = self->path;
	self->path = (struct path){ NULL, NULL };
	hlist_del_init(&self->name_node);
	spin_unlock(&table_lock);
	if (path.dentry)
		path_put(&path);
}

/* --- Telling ------------------------------------------------------------------------------------------------------------ */

/* An accepted connection has the listener's name, but is not found by it. */
void unix_name_inherit(struct unix_socket *to, struct unix_socket *from)
{
	struct unix_address *address = load_acquire(&from->address);

	if (!address)
		return;
	ref_get(&address->ref);
	store_release(&to->address, address);
}

void unix_name_copy(const struct unix_socket *self, struct socket_address *address)
{
	const struct unix_address *own = load_acquire(&self->address);

	address->length = own ? own->length : HEADER;
	address->family = AF_UNIX;
	if (own)
		memcpy(address->bytes, own->bytes, own->length);
}

int unix_name(struct socket *socket, struct socket_address *address, bool peer)
{
	struct unix_socket *from = unix_of(socket);

	if (peer) {
		from = unix_peer_get(from);
		if (!from)
			return -ENOTCONN;
	}
	unix_name_copy(from, address);
	if (peer)
		unix_put(from);
	return 0;
}
