/* Scripts: "#!interpreter argument" in the first line of a file, as Linux reads it. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <kernel/file.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <lib/err.h>
#include <lib/string.h>

#include "internal.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static const char *find_word_end(const char *at, const char *end)
{
	while (at < end && !is_blank(*at) && *at)
		at++;
	return at;
}

struct script_line {
	const char *name, *name_end;
	const char *argument, *argument_end; /* the same: none */
};

/* `head` has EXEC_HEAD_SIZE bytes, zeros behind the end of the file. 0 or -ENOEXEC. */
static int script_parse(const char *head, struct script_line *line)
{
	const char *limit = head + EXEC_HEAD_SIZE, *end = memchr(head, '\n', EXEC_HEAD_SIZE), *at;

	if (!end) {
		/* The line is cut off: only harmful where the name of the interpreter is. */
		at = skip_blanks(head + 2, limit);
		end = limit - 1;
		if (at == limit || find_word_end(at, limit) == limit)
			return -ENOEXEC;
	}
	while (end > head + 2 && is_blank(end[-1]))
		end--;
	line->name = skip_blanks(head + 2, end);
	if (line->name == end || !*line->name)
		return -ENOEXEC;
	line->name_end = find_word_end(line->name, end);
	line->argument = skip_blanks(line->name_end, end);
	line->argument_end =
		line->argument + strnlen(line->argument, (size_t)(end - line->argument));
	return 0;
}

static int push_text(struct exec_script_args *args, const char *text, const char *end)
{
	size_t length = (size_t)(end - text);
	char *copy = kmalloc(length + 1, 0);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text, length);
	copy[length] = 0;
	AT(args->text, args->count) = copy;
	args->count++;
	return 0;
}

/* The file in exec->file becomes the interpreter of the script that it was. */
static int script_follow(struct exec *exec, const char *head)
{
	struct exec_script_args *args = &exec->script;
	const char *path = exec->request->path;
	struct script_line line;
	struct file *file;
	int error = script_parse(head, &line);

	if (!error && !args->count)
		error = push_text(args, path, path + strlen(path));
	if (!error && line.argument != line.argument_end)
		error = push_text(args, line.argument, line.argument_end);
	if (!error)
		error = push_text(args, line.name, line.name_end);
	if (error)
		return error;
	file = vfs_open_exec(AT_FDCWD, AT(args->text, args->count - 1), LOOKUP_FOLLOW);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	exec_file_put(exec);
	exec->file = file;
	return 0;
}

int exec_resolve(struct exec *exec)
{
	char *head = kmalloc(EXEC_HEAD_SIZE, 0);
	u64 position = 0;
	ssize_t size;
	int error = head ? 0 : -ENOMEM;

	exec->file = file_get(exec->request->file);
	for (unsigned int depth = 0; !error; depth++) {
		memset(head, 0, EXEC_HEAD_SIZE);
		position = 0;
		size = file_read_kernel(exec->file, head, EXEC_HEAD_SIZE, &position);
		if (size < 0)
			error = (int)size;
		if (error || head[0] != '#' || head[1] != '!')
			break;
		error = depth == EXEC_SCRIPT_DEPTH ? -ELOOP : script_follow(exec, head);
	}
	kfree(head);
	return error;
}
