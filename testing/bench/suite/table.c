/* table.c - the table of list.h, as data. */
#include "bench.h"
#include "setup.h"

#define BENCH(name_, group_, flags_, setup_, teardown_, ops_, quick_, full_, op_)                  \
	{                                                                                          \
		.name = #name_,                                                                    \
		.group = group_,                                                                   \
		.flags = flags_,                                                                   \
		.ops = ops_,                                                                       \
		.quick = quick_,                                                                   \
		.full = full_,                                                                     \
		.setup = setup_,                                                                   \
		.run = run_##name_,                                                                \
		.teardown = teardown_,                                                             \
		.op = op_,                                                                         \
	},
const struct bench benches[] = {
#include "list.h"
};
const unsigned bench_count = ARRAY_LEN(benches);
