/* /proc/<pid>/oom_score, oom_score_adj, oom_adj: who is killed first when memory is out. */
#include "internal.h"

#include <abi/capability.h>
#include <abi/errno.h>
#include <kernel/cred.h>
#include <kernel/task.h>
#include <kernel/vm.h>
#include <lib/parse.h>

SHOW(oom_score)
{
	seq_printf(out, "%ld\n", oom_score(target->task));
	return 0;
}

SHOW(oom_score_adj)
{
	seq_printf(out, "%d\n", READ_ONCE(target->task->process->oom_score_adjust));
	return 0;
}

#define OOM_ADJUST_MAX 1000
#define OOM_OLD_MAX 15
#define OOM_OLD_DISABLE (-17)

/* The form of old programs: -17 to 15. */
SHOW(oom_adj)
{
	int adjust = READ_ONCE(target->task->process->oom_score_adjust);

	seq_printf(out, "%d\n", MIN(adjust * -OOM_OLD_DISABLE / OOM_ADJUST_MAX, OOM_OLD_MAX));
	return 0;
}

/* `least`: what the value may not be below without privilege. */
static int oom_adjust(struct process *process, int value, s16 least)
{
	if (value < least && !capable(CAP_SYS_RESOURCE))
		return -EACCES;
	WRITE_ONCE(process->oom_score_adjust, (s16)value);
	return 0;
}

ssize_t write_oom_score_adj(const struct proc_target *target, char *text, size_t size)
{
	struct process *process = target->task->process;
	int value, error;

	if (parse_int(text, 10, &value) || value < -OOM_ADJUST_MAX || value > OOM_ADJUST_MAX)
		return -EINVAL;
	error = oom_adjust(process, value, READ_ONCE(process->oom_score_least));
	if (!error && capable(CAP_SYS_RESOURCE))
		WRITE_ONCE(process->oom_score_least, (s16)value);
	return error ? error : (ssize_t)size;
}

ssize_t write_oom_adj(const struct proc_target *target, char *text, size_t size)
{
	struct process *process = target->task->process;
	int value, error;

	if (parse_int(text, 10, &value) || value < OOM_OLD_DISABLE || value > OOM_OLD_MAX)
		return -EINVAL;
	value = value == OOM_OLD_MAX ? OOM_ADJUST_MAX : value * OOM_ADJUST_MAX / -OOM_OLD_DISABLE;
	error = oom_adjust(process, value, READ_ONCE(process->oom_score_adjust));
	return error ? error : (ssize_t)size;
}
