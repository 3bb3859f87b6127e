/*
 * altstack.c - sigaltstack moves handlers to another stack, so that a stack overflow can be handled.
 * mutants: sigaltstack=0 sigaltstack=ENOSYS sigaltstack=ENOMEM signal(signo:SIGSEGV)=SIGBUS
 */
#include "contract.h"

static char *stack;
static size_t stack_size = 64 * 1024;
static sigjmp_buf jump;
static volatile bool on_stack, busy;

static void handler(int signo)
{
	char here;
	stack_t now;

	(void)signo;
	on_stack = &here >= stack && &here < stack + stack_size;
	sigaltstack(NULL, &now);
	busy = now.ss_flags & SS_ONSTACK;
	siglongjmp(jump, 1);
}

__attribute__((noinline)) static int overflow(int depth)
{
	volatile char room[4096];

	room[depth & 4095] = 1;
	return depth ? overflow(depth + 1) + room[0] : 0;
}

int main(void)
{
	stack_t alternative, old;

	must(sigaltstack(NULL, &old));
	expect(old.ss_flags & SS_DISABLE);
	stack = map_anon(stack_size);
	alternative = (stack_t){ .ss_sp = stack, .ss_size = stack_size };
	must(sigaltstack(&alternative, NULL));
	must(sigaltstack(NULL, &old));
	expect(old.ss_sp == stack && old.ss_size == stack_size && old.ss_flags == 0);

	handle(SIGUSR1, handler, 0);
	if (!sigsetjmp(jump, 1))
		raise(SIGUSR1);
	expect(!on_stack && !busy);
	handle(SIGSEGV, handler, SA_ONSTACK);
	if (!sigsetjmp(jump, 1))
		overflow(1);
	expect(on_stack && busy);

	alternative.ss_size = 100;
	must_fail(sigaltstack(&alternative, NULL), ENOMEM);
	alternative.ss_flags = 0x55;
	must_fail(sigaltstack(&alternative, NULL), EINVAL);
	say("an overflow of the stack was handled on the other one");
	return 0;
}
