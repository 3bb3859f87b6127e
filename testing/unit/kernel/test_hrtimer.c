/*
 * test_hrtimer.c - the kernel's timers against an array of expiries: each one expires once, in order, not early, and the
 * hardware is never armed for later than the first.
 * with: kernel/time/hrtimer.c
 */
#include <kernel/sched.h>
#include <kernel/time.h>
#include <platform/trap.h>

#include "model.h"

#define TIMERS 64
#define STEPS 30000
#define PERIOD 700

static struct hrtimer timers[TIMERS];
static u64 expiry[TIMERS]; /* the oracle: 0 is not queued */
static u64 now = 1, armed = TIMEOUT_NEVER;
static bool in_interrupt_now;
static struct random_state state;

/* --- What the timers ask of others --------------------------------------------------------------------------------------- */

u64 clock_ns(void)
{
	return now;
}

void timer_arm(u64 deadline_ns)
{
	armed = deadline_ns;
}

/* --- Steps --------------------------------------------------------------------------------------------------------------- */

static void start(unsigned int index)
{
	u64 when = now + random_below(&state, 10000) - MIN(now, random_below(&state, 50));

	expiry[index] = when;
	hrtimer_start(&timers[index], when);
}

static void cancel(unsigned int index, bool queued)
{
	MODEL_EXPECT(queued == (expiry[index] != 0));
	expiry[index] = 0;
}

/* One in four is periodic, one in eight starts another, one in eight cancels another. */
static enum hrtimer_restart expired(struct hrtimer *timer)
{
	unsigned int index = (unsigned int)(timer - timers), other = random_below(&state, TIMERS);

	MODEL_EXPECT(in_interrupt_now);
	MODEL_EXPECT(expiry[index] && expiry[index] == timer->expires_ns && expiry[index] <= now);
	for (unsigned int i = 0; i < TIMERS; i++)
		MODEL_EXPECT(!expiry[i] || expiry[i] >= expiry[index]);
	expiry[index] = 0;
	if (other % 8 == 0 && other != index)
		start(other);
	else if (other % 8 == 1 && other != index)
		cancel(other, hrtimer_try_cancel(&timers[other]));
	if (index % 4)
		return HRTIMER_DONE;
	timer->expires_ns = expiry[index] = now + PERIOD;
	return HRTIMER_RESTART;
}

static void step_time(void)
{
	now += random_below(&state, 300);
	if (armed > now)
		return;
	in_interrupt_now = true;
	irq_timer();
	in_interrupt_now = false;
}

static void check_timers(void)
{
	u64 first = TIMEOUT_NEVER;

	for (unsigned int i = 0; i < TIMERS; i++) {
		MODEL_EXPECT(hrtimer_queued(&timers[i]) == (expiry[i] != 0));
		if (expiry[i])
			first = MIN(first, expiry[i]);
	}
	MODEL_EXPECT(armed <= first);
	MODEL_EXPECT(first == TIMEOUT_NEVER || first + 300 > now);
}

int main(int argc, char **argv)
{
	model_seed(&state, argc, argv);
	hrtimers_init_cpu();
	for (unsigned int i = 0; i < TIMERS; i++)
		hrtimer_init(&timers[i], expired);
	for (unsigned int i = 0; i < STEPS; i++) {
		unsigned int index = random_below(&state, TIMERS);

		switch (random_below(&state, 4)) {
		case 0:
			start(index);
			break;
		case 1:
			cancel(index, hrtimer_cancel(&timers[index]));
			break;
		default:
			step_time();
		}
		check_timers();
	}
	return model_end();
}
