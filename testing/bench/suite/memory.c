/* memory.c - mappings without their faults: mmap, munmap, mprotect, brk. */
#include "bench.h"
#include "setup.h"
#include "map.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define UNTOUCHED (64 * 1024ul)
#define PRIVATE (MAP_PRIVATE | MAP_ANONYMOUS)

struct map map_now;
static long brk_end;

long map_set(size_t size)
{
	map_now.at = map_fresh(size);
	map_now.size = map_now.at ? size : 0;
	return map_now.at ? 0 : -ENOMEM;
}

void teardown_map(void)
{
	if (map_now.at)
		munmap(map_now.at, map_now.size);
	child_end(&map_now.child);
	map_now = (struct map){ 0 };
}

long setup_page(void)
{
	long result = map_set(PAGE);
	if (!result)
		map_touch(map_now.at, PAGE);
	return result;
}

long setup_brk(void)
{
	brk_end = syscall_1(SYS_brk, 0);
	return brk_end > 0 && syscall_1(SYS_brk, brk_end + (long)PAGE) == brk_end + (long)PAGE &&
			       syscall_1(SYS_brk, brk_end) == brk_end
		       ? 0
		       : -ENOMEM;
}

LOOP(mmap_munmap,
     syscall_2(SYS_munmap,
	       syscall_6(SYS_mmap, 0, UNTOUCHED, PROT_READ | PROT_WRITE, PRIVATE, -1, 0), UNTOUCHED))
LOOP(mprotect, syscall_3(SYS_mprotect, (long)map_now.at, PAGE, PROT_READ) |
		       syscall_3(SYS_mprotect, (long)map_now.at, PAGE, PROT_READ | PROT_WRITE))
LOOP(brk, (syscall_1(SYS_brk, brk_end + (long)PAGE), syscall_1(SYS_brk, brk_end)))

void run_munmap_touched(struct timer *t, unsigned n)
{
	void *at = map_fresh(n * PAGE);
	if (!at) {
		t->result = -ENOMEM;
		return;
	}
	map_touch(at, n * PAGE);
	timer_begin(t);
	t->result = syscall_2(SYS_munmap, (long)at, (long)(n * PAGE));
	timer_end(t);
}
