/*
 * runner.c - the init that runs contracts: one after another in one boot, each in its own session and
 * folder, and reports each on the console between two marker lines. Then it powers off.
 *
 * Console protocol, read by run.py:
 *   @@@ ready N                                     N contracts are in the list
 *   @@@ run NAME                                    then the contract's own output
 *   @@@ end NAME exit|signal|timeout V ms T free KB KB sysinfo KB KB
 *   @@@ done
 * /contracts.list holds a line per run: NAME SECONDS. The program is /contracts/NAME; with NAME@MUTATION, under mutate.
 */
#include "runner.h"

#define MAX_RUNS 2000

struct run {
	char name[200];
	int seconds;
};

struct memory {
	long free_kb;
	long sysinfo_kb;
};

static struct run runs[MAX_RUNS];

static struct memory memory_now(void)
{
	struct memory memory = { -1, -1 };
	struct sysinfo info;
	char text[4096], *at;
	int fd = open("/proc/meminfo", O_RDONLY);
	int size = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (size > 0) {
		text[size] = 0;
		at = strstr(text, "MemFree:");
		if (at)
			memory.free_kb = strtol(at + 8, NULL, 10);
	}
	if (sysinfo(&info) == 0)
		memory.sysinfo_kb = (long)((unsigned long long)info.freeram * info.mem_unit / 1024);
	return memory;
}

static void contract_run(const struct run *run)
{
	struct memory before, after;
	struct outcome outcome;
	long begin;
	pid_t pid;

	before = memory_now();
	report("@@@ run %s\n", run->name);
	mkdir(SCRATCH, 0777);
	begin = now_ms();
	pid = fork();
	if (pid == 0)
		contract_start(run->name);
	if (pid < 0) {
		report("fork: %s\n\n@@@ end %s exit 126 ms 0 free -1 -1 sysinfo -1 -1\n",
		       strerror(errno), run->name);
		return;
	}
	outcome = contract_wait(pid, begin, run->seconds);
	contract_clean(pid);
	after = memory_now();
	report("\n@@@ end %s %s %d ms %ld free %ld %ld sysinfo %ld %ld\n", run->name, outcome.kind,
	       outcome.value, outcome.ms, before.free_kb, after.free_kb, before.sysinfo_kb,
	       after.sysinfo_kb);
}

static int list_read(void)
{
	FILE *list = fopen(LIST, "r");
	int count = 0;

	if (!list)
		return 0;
	while (count < MAX_RUNS &&
	       fscanf(list, "%199s %d", runs[count].name, &runs[count].seconds) == 2)
		count++;
	fclose(list);
	return count;
}

int main(void)
{
	int count;

	machine_prepare();
	count = list_read();
	report("\n@@@ ready %d\n", count);
	for (int i = 0; i < count; i++)
		contract_run(&runs[i]);
	machine_end();
}
