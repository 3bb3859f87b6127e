/*
 * What travels beside the bytes of a message: open files (SCM_RIGHTS) and who sent it (SCM_CREDENTIALS).
 *
 * Files in flight are charged to their sender: RLIMIT_NOFILE bounds those of a user. A socket's last reference is dropped
 * in a thread of its own: its queue may hold a socket whose queue holds a socket, and so on. Sockets sent through each
 * other and then closed are unix_gc.c's.
 */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/resource.h>
#include <kernel/pid.h>
#include <kernel/slab.h>
#include <kernel/task.h>
#include <lib/string.h>

struct abi_ucred cred_of_current(void)
{
	const struct cred *cred = current->cred;

	return (struct abi_ucred){ .pid = current->tgid, .uid = cred->uid, .gid = cred->gid };
}

/* --- Files ------------------------------------------------------------------------------------------------------ */

void scm_files_uncharge(struct scm_files *files)
{
	if (!files || !files->account)
		return;
	unix_flight_end(files);
	atomic_sub(&files->account->in_flight, (long)files->count);
	user_account_put(files->account);
	files->account = NULL;
}

void scm_files_free(struct scm_files *files)
{
	if (likely(!files))
		return;
	scm_files_uncharge(files);
	for (u32 i = 0; i < files->count; i++) {
		if (S_ISSOCK(files->files[i]->inode->mode))
			file_put_deferred(files->files[i]);
		else
			file_put(files->files[i]);
	}
	kfree(files);
}

int scm_files_charge(struct scm_files *files)
{
	struct user_account *account = current->cred->account;

	if ((u64)atomic_read(&account->in_flight) > task_limit(current, RLIMIT_NOFILE) &&
	    !capable(CAP_SYS_RESOURCE) && !capable(CAP_SYS_ADMIN))
		return -ETOOMANYREFS;
	ref_get(&account->ref);
	files->account = account;
	atomic_add(&account->in_flight, (long)files->count);
	unix_flight_begin(files);
	return 0;
}

struct scm_files *scm_files_copy(const struct scm_files *files)
{
	struct scm_files *copy = kmalloc(sizeof(*copy), 0);

	if (!copy)
		return NULL;
	copy->account = NULL;
	copy->count = files->count;
	for (u32 i = 0; i < files->count; i++)
		copy->files[i] = file_get(files->files[i]);
	unix_flight_wait(); /* a search that has seen the counts before must not meet what the reader does next */
	return copy;
}

static int files_add(struct scm *scm, const void *data, size_t size)
{
	u32 count = (u32)(size / sizeof(int));

	if (!count)
		return 0;
	if (count > SCM_FILES_MAX)
		return -EINVAL;
	if (!scm->files) {
		scm->files = kmalloc(sizeof(*scm->files), 0);
		if (!scm->files)
			return -ENOMEM;
		scm->files->count = 0;
		scm->files->account = NULL;
	}
	if (scm->files->count + count > SCM_FILES_MAX)
		return -EINVAL;
	for (u32 i = 0; i < count; i++) {
		struct fd_ref ref;
		int fd;

		memcpy(&fd, (const char *)data + i * sizeof(fd), sizeof(fd));
		ref = fd_get_path(fd);
		if (!ref.raw)
			return -EBADF;
		scm->files->files[scm->files->count++] = file_get(fd_file(ref));
		fd_put(ref);
	}
	return 0;
}

/* --- Sending ---------------------------------------------------------------------------------------------------- */

static bool id_is_one_of(u32 id, u32 a, u32 b, u32 c)
{
	return id == a || id == b || id == c;
}

static int cred_set(struct scm *scm, const void *data, size_t size)
{
	const struct cred *cred = current->cred;
	struct abi_ucred asked;
	struct pid *pid;

	if (size != sizeof(asked))
		return -EINVAL;
	memcpy(&asked, data, sizeof(asked));
	if (asked.pid != current->tgid && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!id_is_one_of(asked.uid, cred->uid, cred->euid, cred->suid) && !capable(CAP_SETUID))
		return -EPERM;
	if (!id_is_one_of(asked.gid, cred->gid, cred->egid, cred->sgid) && !capable(CAP_SETGID))
		return -EPERM;
	if (asked.pid != current->tgid) {
		pid = pid_find_get(asked.pid);
		if (!pid)
			return -ESRCH;
		pid_put(pid);
	}
	scm->cred = asked;
	return 0;
}

static int parse_one(struct scm *scm, const struct abi_cmsghdr *header, const void *data)
{
	size_t size = header->cmsg_len - sizeof(*header);

	if (header->cmsg_level != SOL_SOCKET)
		return 0;
	switch (header->cmsg_type) {
	case SCM_RIGHTS:
		return files_add(scm, data, size);
	case SCM_CREDENTIALS:
		return cred_set(scm, data, size);
	}
	return -EINVAL;
}

int scm_parse(struct scm *scm, const struct message *message)
{
	const char *at = message->control;
	size_t left = message->control_size;
	int error = 0;

	*scm = (struct scm){ .files = NULL };
	if (likely(!at))
		return 0;
	while (left >= sizeof(struct abi_cmsghdr) && !error) {
		struct abi_cmsghdr header;
		size_t step;

		memcpy(&header, at, sizeof(header));
		if (header.cmsg_len < sizeof(header) || header.cmsg_len > left) {
			error = -EINVAL;
			break;
		}
		error = parse_one(scm, &header, at + sizeof(header));
		step = MIN(ABI_CMSG_ALIGN(header.cmsg_len), left);
		at += step;
		left -= step;
	}
	if (error) {
		scm_files_free(scm->files);
		scm->files = NULL;
	}
	return error;
}

/* --- Receiving -------------------------------------------------------------------------------------------------- */

static void control_advance(struct message *message, size_t size)
{
	size = MIN(ABI_CMSG_ALIGN(size), message->control_size);
	message->control_user.addr += size;
	message->control_size -= size;
}

static void control_put(struct message *message, int type, const void *data, size_t size)
{
	struct abi_cmsghdr header = { .cmsg_level = SOL_SOCKET, .cmsg_type = type };
	size_t length = sizeof(header) + size;

	if (message->control_size < sizeof(header)) {
		message->result_flags |= MSG_CTRUNC;
		return;
	}
	if (message->control_size < length)
		message->result_flags |= MSG_CTRUNC;
	header.cmsg_len = MIN(length, message->control_size);
	if (user_write(message->control_user, &header, sizeof(header)) ||
	    user_write(user_ptr_add(message->control_user, sizeof(header)), data,
		       header.cmsg_len - sizeof(header)))
		return;
	control_advance(message, length);
}

static int file_deliver(struct file *file, struct user_ptr user, u32 flags)
{
	int fd = fd_reserve(flags);
	int error;

	if (fd < 0)
		return fd;
	error = user_write_u32(user, (u32)fd);
	if (error) {
		fd_release(fd);
		return error;
	}
	fd_install(fd, file_get(file));
	return 0;
}

/* As many as there is room for; the rest is closed. */
static void files_deliver(struct message *message, struct scm_files *files)
{
	struct abi_cmsghdr header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
	struct user_ptr at = user_ptr_add(message->control_user, sizeof(header));
	size_t room = message->control_size > sizeof(header)
			      ? (message->control_size - sizeof(header)) / sizeof(int)
			      : 0;
	u32 count = (u32)MIN(room, (size_t)files->count), done = 0;
	u32 flags = message->flags & MSG_CMSG_CLOEXEC ? O_CLOEXEC : 0;

	while (done < count &&
	       !file_deliver(files->files[done], user_ptr_add(at, done * sizeof(int)), flags))
		done++;
	if (done) {
		header.cmsg_len = sizeof(header) + done * sizeof(int);
		if (!user_write(message->control_user, &header, sizeof(header)))
			control_advance(message, header.cmsg_len);
	}
	if (done < files->count)
		message->result_flags |= MSG_CTRUNC;
}

void scm_deliver(struct socket *receiver, struct message *message, struct scm *scm)
{
	bool wants_cred = READ_ONCE(receiver->options) & OPTION_PASS_CREDENTIALS;

	if (likely(!wants_cred && !scm->files))
		return;
	if (!message->control_user.addr) {
		message->result_flags |= MSG_CTRUNC;
	} else {
		if (wants_cred) {
			struct abi_ucred cred = scm->cred;

			if (!cred.pid)
				cred.uid = cred.gid = OVERFLOW_ID;
			control_put(message, SCM_CREDENTIALS, &cred, sizeof(cred));
		}
		if (scm->files)
			files_deliver(message, scm->files);
	}
	scm_files_free(scm->files);
	scm->files = NULL;
}
