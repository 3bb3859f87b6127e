/*
 * model.c - the libc's side of model.h, and what the kernel's files ask of the machine. A process may not switch interrupts
 * off and on: those two instructions are stepped over.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define CLI 0xfa
#define STI 0xfb

static uint64_t seed = 1;
static int failures;

struct random_state;
void model_seed(struct random_state *state, int argc, char **argv);
void model_fail(const char *file, int line, const char *what);
int model_end(void);
void *model_alloc(uint64_t size);
void model_free(void *memory);
_Noreturn void check_fail(const char *condition, const char *file, int line);

static void privileged(int signo, siginfo_t *info, void *context)
{
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *at = (const unsigned char *)registers[REG_RIP];

	(void)info;
	if (*at != CLI && *at != STI) {
		signal(signo, SIG_DFL);
		return;
	}
	registers[REG_RIP]++;
}

void model_seed(struct random_state *state, int argc, char **argv)
{
	struct sigaction action = { .sa_sigaction = privileged, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &action, NULL);
	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	*(uint64_t *)state = seed * 2 + 1;
}

void model_fail(const char *file, int line, const char *what)
{
	printf("%s:%d: seed %llu: %s\n", file, line, (unsigned long long)seed, what);
	if (++failures == 20)
		exit(model_end());
}

int model_end(void)
{
	printf("seed %llu, %d failures\n", (unsigned long long)seed, failures);
	return failures != 0;
}

void *model_alloc(uint64_t size)
{
	void *memory = calloc(1, size);

	if (!memory)
		exit(2);
	return memory;
}

void model_free(void *memory)
{
	free(memory);
}

void check_fail(const char *condition, const char *file, int line)
{
	model_fail(file, line, condition);
	exit(model_end());
}
