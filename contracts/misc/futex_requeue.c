/*
 * futex_requeue.c - waiters are woken in order, moved to another futex, chosen by bits, and woken by what an operation finds.
 * mutants: futex(operation:3)=0 futex(operation:4)=0 futex(operation:4)#2+=EAGAIN futex(operation:5)=0 futex(operation:10)=0
 * mutants: futex(operation:10)=value3=1 futex(operation:9)=value3=0xffffffff futex(operation:1)#2+=0
 */
#include "asleep.h"
#include <linux/futex.h>

#define WAITERS 4

static int *words; /* three futexes, far apart, and who has woken in which order */
#define A (&words[0])
#define B (&words[16])
#define ORDER (&words[64])
static pid_t waiters[WAITERS];

static long futex(int *word, int operation, int value, long more, int *other, int last)
{
	return syscall(SYS_futex, word, operation, value, more, other, last);
}

/* They wait in their order only if it is said so. */
static void start(int *word, const unsigned *masks, bool in_order)
{
	memset(ORDER, 0, (WAITERS + 1) * sizeof(int));
	for (int i = 0; i < WAITERS; i++) {
		waiters[i] = fork_child();
		if (!waiters[i]) {
			long got = masks ? futex(word, FUTEX_WAIT_BITSET, *word, 0, NULL, masks[i])
					 : futex(word, FUTEX_WAIT, *word, 0, NULL, 0);

			expect_eq(got, 0);
			ORDER[1 + __atomic_fetch_add(ORDER, 1, __ATOMIC_SEQ_CST)] = i + 1;
			_exit(0);
		}
		if (in_order)
			wait_asleep(waiters[i]);
	}
	for (int i = 0; i < WAITERS; i++)
		wait_asleep(waiters[i]);
}

/* Waits for that many to have woken in all; gives the last one's number. */
static int woken(int count)
{
	while (__atomic_load_n(&ORDER[count], __ATOMIC_SEQ_CST) == 0)
		sleep_ms(1);
	expect_eq(*ORDER, count);
	return ORDER[count];
}

static void finish(void)
{
	for (int i = 0; i < WAITERS; i++)
		expect_exit(waiters[i], 0);
}

#define wake(word, count) futex(word, FUTEX_WAKE, count, 0, NULL, 0)

static void requeue(void)
{
	start(A, NULL, true);
	must_fail(futex(A, FUTEX_CMP_REQUEUE, 1, 1, B, *A + 1), EAGAIN);
	must_fail(futex(A, FUTEX_CMP_REQUEUE, -1, 1, B, *A), EINVAL);
	must_fail(futex(A, FUTEX_REQUEUE, 1, -1, B, 0), EINVAL);
	expect_eq(futex(A, FUTEX_CMP_REQUEUE, 1, 1, B, *A), 2);
	expect_eq(woken(1), 1);
	expect_eq(wake(B, 9), 1);
	expect_eq(woken(2), 2);
	expect_eq(futex(A, FUTEX_REQUEUE, 0, 9, B, 0), 2);
	expect_eq(wake(A, 9), 0);
	expect_eq(wake(B, 1), 1);
	expect_eq(woken(3), 3);
	expect_eq(futex(B, FUTEX_CMP_REQUEUE, 0, 9, B, *B), 1);
	expect_eq(wake(B, 9), 1);
	expect_eq(woken(4), 4);
	finish();
}

static void bits(void)
{
	static const unsigned masks[] = { 1, 2, 6, FUTEX_BITSET_MATCH_ANY };

	must_fail(futex(A, FUTEX_WAIT_BITSET, *A, 0, NULL, 0), EINVAL);
	must_fail(futex(A, FUTEX_WAKE_BITSET, 1, 0, NULL, 0), EINVAL);
	start(A, masks, true);
	expect_eq(futex(A, FUTEX_WAKE_BITSET, 1, 0, NULL, 4), 1);
	expect_eq(woken(1), 3);
	expect_eq(futex(A, FUTEX_WAKE_BITSET, 9, 0, NULL, 8), 1);
	expect_eq(woken(2), 4);
	expect_eq(futex(A, FUTEX_WAKE_BITSET, 9, 0, NULL, 0x80000000), 0);
	expect_eq(futex(A, FUTEX_WAKE_BITSET, 1, 0, NULL, 3), 1);
	expect_eq(woken(3), 1);
	expect_eq(wake(A, 1), 1);
	expect_eq(woken(4), 2);
	finish();
}

/* What is done to B, a word of 12 before, and whether it then matched. */
static void operate(int code, int argument, int compare, int with, int result, bool matched)
{
	*B = 12;
	expect_eq(futex(B, FUTEX_WAKE_OP, 1, 1, B, FUTEX_OP(code, argument, compare, with)), 0);
	expect_eq(*B, result);
	start(B, NULL, false);
	*B = 12;
	expect_eq(futex(A, FUTEX_WAKE_OP, 1, 3, B, FUTEX_OP(code, argument, compare, with)),
		  matched ? 3 : 0);
	expect_eq(wake(B, 9), matched ? 1 : 4);
	finish();
}

static void operations(void)
{
	operate(FUTEX_OP_SET, 7, FUTEX_OP_CMP_EQ, 12, 7, true);
	operate(FUTEX_OP_ADD, -2, FUTEX_OP_CMP_NE, 12, 10, false);
	operate(FUTEX_OP_OR, 1, FUTEX_OP_CMP_LT, 13, 13, true);
	operate(FUTEX_OP_ANDN, 4, FUTEX_OP_CMP_LE, 11, 8, false);
	operate(FUTEX_OP_XOR, 15, FUTEX_OP_CMP_GT, -1, 3, true);
	operate(FUTEX_OP_OR | FUTEX_OP_OPARG_SHIFT, 5, FUTEX_OP_CMP_GE, 13, 44, false);
	start(A, NULL, false);
	expect_eq(futex(A, FUTEX_WAKE_OP, 2, 1, B, FUTEX_OP(FUTEX_OP_SET, 0, FUTEX_OP_CMP_EQ, 44)),
		  2);
	expect_eq(wake(A, 9), 2);
	finish();
	*B = 5;
	must_fail(futex(A, FUTEX_WAKE_OP, 1, 1, B, FUTEX_OP(5, 1, FUTEX_OP_CMP_EQ, 1)), ENOSYS);
	expect_eq(*B, 5);
	must_fail(futex(A, FUTEX_WAKE_OP, 1, 1, B, FUTEX_OP(FUTEX_OP_SET, 1, 6, 1)), ENOSYS);
	expect_eq(*B, 1);
	must_fail(futex(A, FUTEX_WAKE_OP, 1, 1, (int *)8, 0), EFAULT);
	must_fail(futex(A, FUTEX_WAKE_OP, 1, 1, (int *)((char *)B + 2), 0), EINVAL);
}

int main(void)
{
	words = map_shared(PAGE);
	requeue();
	say("requeue: the first are woken, the next wait elsewhere, none if the word has changed");
	bits();
	say("bitset: only who has a bit in common");
	operations();
	say("wake_op: the word is changed, and its old value says whether its waiters wake");
	return 0;
}
