/*
 * The first stack of a program. From the top down: a zero word, the path, environment and argument strings, platform name,
 * random bytes, auxiliary vector, pointers, argc. All lengths are measured first; then the strings and the pointers to them
 * are written into the new address space in one pass upward. A program that changes them in between gets -EFAULT.
 */
#include <abi/auxvec.h>
#include <abi/errno.h>
#include <abi/limits.h>
#include <kernel/file.h>
#include <kernel/random.h>
#include <kernel/slab.h>
#include <kernel/time.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/elf.h>
#include <lib/string.h>
#include <platform/cpu.h>

#include "internal.h"

#define CHUNK PAGE_SIZE
#define STACK_RESERVE (128 * KIB)
#define ARGS_MAX (6 * MIB) /* three quarters of the usual stack limit */
#define AUXV_MAX 24

/* Writes bytes upward from `at` into an address space that nobody runs in yet. */
struct writer {
	struct mm *mm;
	u64 at;
	size_t used;
	u8 *chunk; /* CHUNK bytes */
};

/* A list of strings: the program's, in user space, or the kernel's. */
struct strings {
	struct user_ptr user;
	const char *const *kernel;
	unsigned int skip; /* at the front */
	u64 count; /* after skip */
	u64 size; /* bytes, each with its NUL */
};

struct layout {
	struct exec *exec;
	struct strings argv, envp;
	u64 argc; /* with what scripts put in front */
	u64 front_size; /* bytes of that */
	u64 strings, platform, random, pointers; /* addresses */
	u64 auxv[2 * AUXV_MAX];
	unsigned int auxv_count;
	struct writer text, table;
};

static int writer_flush(struct writer *writer)
{
	ssize_t done;

	if (!writer->used)
		return 0;
	done = vm_access_remote(writer->mm, writer->at, writer->chunk, writer->used, true);
	if (done != (ssize_t)writer->used)
		return -ENOMEM;
	writer->at += writer->used;
	writer->used = 0;
	return 0;
}

static int write_bytes(struct writer *writer, const void *data, size_t size)
{
	const u8 *from = data;

	while (size) {
		size_t part = MIN(size, CHUNK - writer->used);
		int error;

		memcpy(writer->chunk + writer->used, from, part);
		writer->used += part;
		from += part;
		size -= part;
		if (writer->used == CHUNK && (error = writer_flush(writer)))
			return error;
	}
	return 0;
}

static int write_word(struct writer *writer, u64 word)
{
	return write_bytes(writer, &word, sizeof(word));
}

/* `length` bytes of user space, the last of which must be the only NUL. */
static int write_user_string(struct writer *writer, struct user_ptr from, size_t length)
{
	while (length) {
		size_t part = MIN(length, CHUNK - writer->used);
		u8 *to = writer->chunk + writer->used;
		int error = user_read(to, from, part);

		if (error)
			return error;
		length -= part;
		if (memchr(to, 0, part) != (length ? NULL : to + part - 1))
			return -EFAULT;
		writer->used += part;
		from.addr += part;
		if (writer->used == CHUNK && (error = writer_flush(writer)))
			return error;
	}
	return 0;
}

/* The next pointer of the list: 0 at its end. */
static int string_at(const struct strings *list, u64 index, u64 *address)
{
	index += list->skip;
	if (list->kernel) {
		*address = (u64)list->kernel[index];
		return 0;
	}
	*address = 0;
	return list->user.addr ? user_read_u64(address, user_ptr_add(list->user, index * 8)) : 0;
}

/* With its NUL; or -errno. */
static ssize_t string_size(const struct strings *list, u64 address)
{
	ssize_t length;

	if (list->kernel)
		return (ssize_t)strlen((const char *)address) + 1;
	length = user_string_length(user_ptr(address), MAX_ARG_STRLEN);
	return length == MAX_ARG_STRLEN ? -E2BIG : length < 0 ? length : length + 1;
}

static int strings_measure(struct strings *list, u64 limit)
{
	u64 address;
	int error;

	if (list->skip) {
		/* A script stands for argv[0], if there is one. */
		u64 first = 0;

		list->skip = 0;
		error = string_at(list, 0, &first);
		if (error)
			return error;
		list->skip = first != 0;
	}
	for (;; list->count++) {
		ssize_t size;

		error = string_at(list, list->count, &address);
		if (error || !address)
			return error;
		size = string_size(list, address);
		if (size < 0)
			return (int)size;
		list->size += (u64)size;
		if (list->size + list->count * 8 > limit)
			return -E2BIG;
		if (signal_is_fatal_pending(current))
			return -EINTR;
	}
}

static int strings_write(struct layout *layout, const struct strings *list, u64 end)
{
	for (u64 i = 0; i < list->count; i++) {
		u64 address, start = layout->text.at + layout->text.used;
		int error = string_at(list, i, &address);
		ssize_t size = error || !address ? -EFAULT : string_size(list, address);

		if (size < 0 || start + (u64)size > end)
			return -EFAULT;
		error = write_word(&layout->table, start);
		if (!error)
			error = list->kernel ? write_bytes(&layout->text, (const char *)address,
							   (size_t)size)
					     : write_user_string(&layout->text, user_ptr(address),
								 (size_t)size);
		if (error)
			return error;
	}
	return write_word(&layout->table, 0);
}

/* What stands in front of the caller's arguments, argv[0] first. */
static const char *front_text(const struct layout *layout, unsigned int index)
{
	const struct exec_script_args *script = &layout->exec->script;

	return script->count ? AT(script->text, script->count - 1 - index) : "";
}

static unsigned int front_count(const struct layout *layout)
{
	if (layout->exec->script.count)
		return layout->exec->script.count;
	return layout->argv.count == 0; /* no argv[0] at all: an empty one */
}

static int front_write(struct layout *layout)
{
	for (unsigned int i = 0; i < front_count(layout); i++) {
		const char *text = front_text(layout, i);
		int error = write_word(&layout->table, layout->text.at + layout->text.used);

		if (!error)
			error = write_bytes(&layout->text, text, strlen(text) + 1);
		if (error)
			return error;
	}
	return 0;
}

static int measure(struct layout *layout)
{
	struct exec *exec = layout->exec;
	u64 limit = MIN(task_limit(current, RLIMIT_STACK) / 4, ARGS_MAX);
	int error;

	limit = MAX(limit, (u64)ARG_MAX);
	layout->argv.skip = exec->script.count != 0;
	error = strings_measure(&layout->argv, limit);
	if (!error)
		error = strings_measure(&layout->envp, limit);
	if (error)
		return error;
	for (unsigned int i = 0; i < front_count(layout); i++)
		layout->front_size += strlen(front_text(layout, i)) + 1;
	layout->argc = layout->argv.count + front_count(layout);
	if (layout->argv.size + layout->envp.size + layout->front_size +
		    strlen(exec->request->path) + 1 + (layout->argc + layout->envp.count) * 8 >
	    limit)
		return -E2BIG;
	return 0;
}

static void auxv_add(struct layout *layout, u64 type, u64 value)
{
	AT(layout->auxv, layout->auxv_count) = type;
	AT(layout->auxv, layout->auxv_count + 1) = value;
	layout->auxv_count += 2;
}

static void auxv_fill(struct layout *layout, u64 path)
{
	struct exec *exec = layout->exec;
	const struct elf_info *elf = exec->program.elf;

	if (exec->mm->vdso)
		auxv_add(layout, AT_SYSINFO_EHDR, (u64)exec->mm->vdso);
	auxv_add(layout, AT_MINSIGSTKSZ, signal_frame_size());
	auxv_add(layout, AT_HWCAP, cpu_hwcap());
	auxv_add(layout, AT_PAGESZ, PAGE_SIZE);
	auxv_add(layout, AT_CLKTCK, USER_HZ);
	auxv_add(layout, AT_PHDR, elf->phdr_vaddr ? elf->phdr_vaddr + exec->program.bias : 0);
	auxv_add(layout, AT_PHENT, sizeof(struct elf64_phdr));
	auxv_add(layout, AT_PHNUM, elf->phnum);
	auxv_add(layout, AT_BASE, exec->interpreter.file ? exec->interpreter.bias : 0);
	auxv_add(layout, AT_FLAGS, 0);
	auxv_add(layout, AT_ENTRY, elf->entry + exec->program.bias);
	auxv_add(layout, AT_UID, exec->cred->uid);
	auxv_add(layout, AT_EUID, exec->cred->euid);
	auxv_add(layout, AT_GID, exec->cred->gid);
	auxv_add(layout, AT_EGID, exec->cred->egid);
	auxv_add(layout, AT_SECURE, exec->secure);
	auxv_add(layout, AT_RANDOM, layout->random);
	auxv_add(layout, AT_HWCAP2, cpu_hwcap2());
	auxv_add(layout, AT_EXECFN, path);
	auxv_add(layout, AT_PLATFORM, layout->platform);
	auxv_add(layout, AT_NULL, 0);
}

static const char platform_name[] = "x86_64";

/* All addresses, from the top down. */
static u64 place(struct layout *layout)
{
	struct exec *exec = layout->exec;
	u64 path = exec->stack_top - sizeof(u64) - (strlen(exec->request->path) + 1);
	u64 words, at;

	layout->strings = path - layout->envp.size - layout->argv.size - layout->front_size;
	at = layout->strings;
	if (exec->randomize)
		at -= random_u64() % 8192;
	at = ALIGN_DOWN(at, 16);
	layout->platform = at - sizeof(platform_name);
	layout->random = layout->platform - 16;
	auxv_fill(layout, path);
	words = 1 + layout->argc + 1 + layout->envp.count + 1 + layout->auxv_count;
	layout->pointers = ALIGN_DOWN(ALIGN_DOWN(layout->random, 16) - words * 8, 16);
	exec->stack_pointer = layout->pointers;
	return path;
}

static int write_stack(struct layout *layout, u64 path)
{
	struct exec *exec = layout->exec;
	struct mm *mm = exec->mm;
	u8 random[16];
	int error;

	random_bytes(random, sizeof(random));
	layout->text.at = layout->random;
	layout->table.at = layout->pointers;
	if ((error = write_bytes(&layout->text, random, sizeof(random))) ||
	    (error = write_bytes(&layout->text, platform_name, sizeof(platform_name))) ||
	    (error = writer_flush(&layout->text)))
		return error;
	layout->text.at = layout->strings;
	mm->arg_start = layout->strings;
	mm->arg_end = mm->env_start = path - layout->envp.size;
	mm->env_end = path;
	if ((error = write_word(&layout->table, layout->argc)) || (error = front_write(layout)) ||
	    (error = strings_write(layout, &layout->argv, mm->arg_end)))
		return error;
	if (layout->text.at + layout->text.used != mm->arg_end)
		return -EFAULT;
	if ((error = strings_write(layout, &layout->envp, mm->env_end)))
		return error;
	if (layout->text.at + layout->text.used != mm->env_end)
		return -EFAULT;
	if ((error = write_bytes(&layout->text, exec->request->path,
				 strlen(exec->request->path) + 1)) ||
	    (error = write_bytes(&layout->table, layout->auxv, layout->auxv_count * sizeof(u64))) ||
	    (error = writer_flush(&layout->text)))
		return error;
	return writer_flush(&layout->table);
}

static int build(struct layout *layout)
{
	struct exec *exec = layout->exec;
	bool executable = exec->program.elf->has_stack && exec->program.elf->exec_stack;
	int error = measure(layout);
	u64 path, size;

	if (error)
		return error;
	path = place(layout);
	size = ALIGN_UP(exec->stack_top - layout->pointers + STACK_RESERVE, PAGE_SIZE);
	error = vm_setup_stack(exec->mm, exec->stack_top, size, executable ? VM_EXEC : 0);
	if (error)
		return error;
	exec->mm->stack_top = exec->stack_pointer;
	_Static_assert(sizeof(layout->auxv) <= sizeof(exec->mm->auxv), "mm->auxv holds it");
	memcpy(exec->mm->auxv, layout->auxv, sizeof(layout->auxv));
	return write_stack(layout, path);
}

int exec_arguments(struct exec *exec)
{
	const struct exec_request *request = exec->request;
	struct layout *layout = kzalloc(sizeof(*layout));
	u8 *chunks = kmalloc(2 * CHUNK, 0);
	int error = -ENOMEM;

	if (layout && chunks) {
		layout->exec = exec;
		layout->argv =
			(struct strings){ .user = request->argv, .kernel = request->kernel_argv };
		layout->envp =
			(struct strings){ .user = request->envp, .kernel = request->kernel_envp };
		layout->text = (struct writer){ .mm = exec->mm, .chunk = chunks };
		layout->table = (struct writer){ .mm = exec->mm, .chunk = chunks + CHUNK };
		error = build(layout);
	}
	kfree(chunks);
	kfree(layout);
	return error;
}
