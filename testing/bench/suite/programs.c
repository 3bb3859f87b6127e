/* programs.c - running BusyBox: true, a shell, and small pipelines over generated input. */
#include "bench.h"
#include "setup.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BUSYBOX "/bin/busybox"
#define LINE_MAX_BYTES 48ul
#define TAR_FILES 20
#define TAR_BLOCK 512

static char *const environment[] = { "PATH=/bin:/sbin:/usr/bin:/usr/sbin", NULL };
static char *const true_words[] = { "true", NULL };
static char *const noop_words[] = { "sh", "-c", "true", NULL };

static long program_run(char *const words[])
{
	long child = fork_raw();
	if (child)
		return child < 0 ? child : wait_child(child);
	syscall_3(SYS_execve, (long)BUSYBOX, (long)words, (long)environment);
	exit_raw(127);
}

static long shell_run(char *line)
{
	char *const words[] = { "sh", "-c", line, NULL };
	return program_run(words);
}

static long true_spawn(void)
{
	pid_t child;
	int error = posix_spawn(&child, BUSYBOX, NULL, NULL, true_words, environment);
	return error ? -error : wait_child(child);
}

LOOP(exec_true, program_run(true_words))
LOOP(exec_true_posix_spawn, true_spawn())
LOOP(shell_noop, program_run(noop_words))
LOOP(pipe_grep, shell_run("grep fox text > /dev/null"))
LOOP(sed_pipeline, shell_run("sed s/fox/cat/ text > /dev/null"))
LOOP(sort_uniq, shell_run("sort text | uniq -c | sort -rn > /dev/null"))
LOOP(tar_extract, shell_run("rm -rf out; mkdir out; tar xf files.tar -C out"))

static uint32_t draw(uint32_t *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

/* Lines of words and a number below `numbers` from a generator of fixed seed, into the file "text". */
static long text_make(unsigned lines, unsigned words_each, unsigned numbers)
{
	static const char *const words[] = { "fox",  "dog",   "stone", "river", "lamp",
					     "wind", "paper", "cloud", "seven", "north" };
	size_t size = 0;
	char *text = malloc(lines * LINE_MAX_BYTES);
	uint32_t state = 12345;
	for (unsigned i = 0; i < lines; i++) {
		for (unsigned k = 0; k < words_each; k++)
			size += (size_t)sprintf(text + size, "%s ", words[draw(&state) % 10]);
		size += (size_t)sprintf(text + size, "%u\n", draw(&state) % numbers);
	}
	long result = file_write("text", text, size);
	free(text);
	return result;
}

long setup_text_200(void)
{
	return text_make(200, 3, 100);
}

long setup_text_300(void)
{
	return text_make(300, 3, 100);
}

long setup_text_500(void)
{
	return text_make(500, 1, 10);
}

void teardown_text(void)
{
	unlink("text");
}

/* A ustar header: text fields, octal numbers, and the sum of all bytes with the sum's field as spaces. */
static void tar_header(char *block, unsigned number, unsigned size)
{
	memset(block, 0, TAR_BLOCK);
	sprintf(block, "file%02u", number);
	sprintf(block + 100, "%07o", 0644);
	sprintf(block + 108, "%07o", 0);
	sprintf(block + 116, "%07o", 0);
	sprintf(block + 124, "%011o", size);
	sprintf(block + 136, "%011o", 1577836800);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257,
	       "ustar\0"
	       "00",
	       8);
	unsigned sum = 0;
	for (unsigned i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	sprintf(block + 148, "%06o", sum);
}

/* 20 files of one block each, filled with the letters a, b, c... */
long setup_tar(void)
{
	static char archive[(TAR_FILES * 2 + 2) * TAR_BLOCK];
	for (unsigned i = 0; i < TAR_FILES; i++) {
		char *block = archive + i * 2 * TAR_BLOCK;
		tar_header(block, i, TAR_BLOCK);
		memset(block + TAR_BLOCK, 'a' + (int)i, TAR_BLOCK);
	}
	return file_write("files.tar", archive, sizeof(archive));
}

void teardown_tar(void)
{
	shell_run("rm -rf out files.tar");
}
