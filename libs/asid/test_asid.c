/*
 * The tag allocator on four model CPUs whose TLBs are known entirely. Address spaces change, move
 * between CPUs, end and are replaced; flush requests are answered late and in any order. After each
 * step no TLB may hold a translation that differs from the table, unless a request that covers it
 * is still under way.
 */
#include <lib/asid.h>

#include <unit.h>

#define CPUS 4
#define MMS 9
#define PAGES 4
#define CHANGES 6
#define STEPS 200000
#define TAGS (2 * (ASID_SLOTS + 1))

struct mm {
	u64 id;
	u64 tlb_gen;
	u32 cpus;
	/* The frame of each page, 0 if none. */
	u32 table[PAGES];
};

struct tlb_entry {
	u32 frame;
	/* For the oracle only; a TLB knows just the tag. */
	const struct mm *mm;
	u64 mm_id;
};

struct cpu {
	struct asid_cpu asid;
	struct mm *mm;
	/* Kernel tags, then user tags. */
	struct tlb_entry tlb[TAGS][PAGES];
	/* With isolation: user mode may run, so its tag is in use. */
	bool in_user;
};

/* A change of one page, from the edit until all CPUs have answered. */
struct change {
	enum { IDLE, EDITED, COUNTED, ASKED } state;
	struct mm *mm;
	u64 mm_id;
	unsigned int page;
	u64 new_gen;
	u32 pending;
};

static struct cpu cpus[CPUS];
static struct mm mms[MMS];
static struct change changes[CHANGES];
static u64 last_id;
static u32 last_frame;
static bool isolation;
static u64 stale_allowed, hits, kept, range_flushes;

static unsigned int kernel_tag(const struct cpu *cpu)
{
	return asid_tag(cpu->asid.current);
}

static unsigned int user_tag(const struct cpu *cpu)
{
	return ASID_SLOTS + 1 + asid_tag(cpu->asid.current);
}

static void flush_tag(struct cpu *cpu, unsigned int tag)
{
	memset(cpu->tlb[tag], 0, sizeof(cpu->tlb[tag]));
}

/* A request that the CPU will still get, or whose sender has not looked at `cpus` yet. */
static bool change_under_way(unsigned int cpu, const struct mm *mm, unsigned int page)
{
	for (int i = 0; i < CHANGES; i++) {
		const struct change *c = &changes[i];

		if (c->state != IDLE && c->mm_id == mm->id && c->page == page &&
		    (c->state != ASKED || (c->pending >> cpu & 1)))
			return true;
	}
	return false;
}

/* The loaded address space touches a page through the tag: a hit must be right, a miss loads it. */
static void touch(unsigned int number, unsigned int tag, unsigned int page)
{
	struct cpu *cpu = &cpus[number];
	struct tlb_entry *entry = &cpu->tlb[tag][page];

	if (!entry->frame) {
		*entry = (struct tlb_entry){ cpu->mm->table[page], cpu->mm, cpu->mm->id };
		return;
	}
	hits++;
	EXPECT(entry->mm == cpu->mm && entry->mm_id == cpu->mm->id);
	if (entry->frame != cpu->mm->table[page]) {
		EXPECT(change_under_way(number, cpu->mm, page));
		stale_allowed++;
	}
}

static void step_touch(unsigned int number)
{
	struct cpu *cpu = &cpus[number];

	if (!cpu->mm)
		return;
	for (unsigned int page = 0; page < PAGES; page++) {
		if (unit_random_below(2))
			continue;
		touch(number, kernel_tag(cpu), page);
		if (cpu->in_user)
			touch(number, user_tag(cpu), page);
	}
}

static void enter_user(struct cpu *cpu)
{
	if (!isolation || !cpu->mm)
		return;
	if (asid_user_flush(&cpu->asid))
		flush_tag(cpu, user_tag(cpu));
	cpu->in_user = true;
}

static void leave_mm(unsigned int number)
{
	struct cpu *cpu = &cpus[number];

	if (cpu->mm)
		cpu->mm->cpus &= ~(1U << number);
	cpu->mm = NULL;
	cpu->in_user = false;
}

static void step_switch(unsigned int number)
{
	struct cpu *cpu = &cpus[number];
	struct mm *mm = &mms[unit_random_below(MMS)];
	struct asid_choice choice;

	leave_mm(number);
	if (unit_random_below(8) == 0) {
		asid_leave(&cpu->asid);
		return;
	}
	mm->cpus |= 1U << number;
	choice = asid_pick(&cpu->asid, mm->id, mm->tlb_gen);
	EXPECT(choice.slot < ASID_SLOTS && choice.slot == cpu->asid.current);
	cpu->mm = mm;
	if (choice.need_flush)
		flush_tag(cpu, kernel_tag(cpu));
	else
		kept++;
	enter_user(cpu);
}

/* A CPU answers a request: from user mode through the kernel and back. */
static void answer(struct change *change, unsigned int number)
{
	struct cpu *cpu = &cpus[number];
	enum asid_action action =
		asid_flush(&cpu->asid, change->mm_id, change->new_gen, change->mm->tlb_gen);

	cpu->in_user = false;
	change->pending &= ~(1U << number);
	if (action == ASID_FLUSH_ALL)
		flush_tag(cpu, kernel_tag(cpu));
	if (action == ASID_FLUSH_RANGE) {
		cpu->tlb[kernel_tag(cpu)][change->page].frame = 0;
		range_flushes++;
	}
	enter_user(cpu);
}

/* One phase of one change; others interleave. */
static void step_change(struct change *change)
{
	switch (change->state) {
	case IDLE:
		change->mm = &mms[unit_random_below(MMS)];
		change->mm_id = change->mm->id;
		change->page = (unsigned int)unit_random_below(PAGES);
		change->mm->table[change->page] = ++last_frame;
		change->state = EDITED;
		break;
	case EDITED:
		change->new_gen = ++change->mm->tlb_gen;
		change->state = COUNTED;
		break;
	case COUNTED:
		change->pending = change->mm->cpus;
		change->state = ASKED;
		break;
	case ASKED:
		if (change->pending) {
			unsigned int number = (unsigned int)unit_random_below(CPUS);

			if (change->pending >> number & 1)
				answer(change, number);
		}
		if (!change->pending)
			change->state = IDLE;
		break;
	}
}

static void mm_init(struct mm *mm)
{
	*mm = (struct mm){ .id = ++last_id, .tlb_gen = 1 };
	for (int page = 0; page < PAGES; page++)
		mm->table[page] = ++last_frame;
}

/* Ends one that no CPU has loaded and nobody changes; its structure is used again at once. */
static void step_replace(struct mm *mm)
{
	for (int i = 0; i < CHANGES; i++) {
		if (changes[i].state != IDLE && changes[i].mm == mm)
			return;
	}
	if (!mm->cpus)
		mm_init(mm);
}

/*
 * What holds of the TLB as a whole: entries of an up-to-date slot are right even if nobody touches
 * them.
 */
static void check_slots(unsigned int number)
{
	const struct cpu *cpu = &cpus[number];

	for (unsigned int slot = 0; slot < ASID_SLOTS; slot++) {
		const struct asid_slot *s = &cpu->asid.slots[slot];

		for (unsigned int page = 0; page < PAGES; page++) {
			const struct tlb_entry *entry = &cpu->tlb[asid_tag(slot)][page];

			if (!entry->frame || entry->mm->id != s->mm_id ||
			    entry->mm->tlb_gen != s->tlb_gen)
				continue;
			EXPECT(entry->mm_id == s->mm_id);
			EXPECT(entry->frame == entry->mm->table[page] ||
			       change_under_way(number, entry->mm, page));
		}
	}
}

static void run_model(void)
{
	memset(cpus, 0, sizeof(cpus));
	memset(changes, 0, sizeof(changes));
	stale_allowed = hits = kept = range_flushes = 0;
	for (int i = 0; i < MMS; i++)
		mm_init(&mms[i]);
	for (int i = 0; i < CPUS; i++)
		asid_init(&cpus[i].asid);
	for (int step = 0; step < STEPS; step++) {
		unsigned int number = (unsigned int)unit_random_below(CPUS);
		u64 what = unit_random_below(32);

		if (what < 4)
			step_switch(number);
		else if (what < 14)
			step_change(&changes[unit_random_below(CHANGES)]);
		else if (what < 15)
			step_replace(&mms[unit_random_below(MMS)]);
		else
			step_touch(number);
		check_slots(number);
	}
	/* The model did what it is there for. */
	EXPECT(stale_allowed > 1000 && hits > 100000 && kept > 1000 && range_flushes > 200);
}

TEST(never_stale)
{
	isolation = false;
	run_model();
}

TEST(never_stale_with_isolation)
{
	isolation = true;
	run_model();
}

TEST(tags_differ)
{
	for (unsigned int a = 0; a < ASID_SLOTS; a++) {
		EXPECT(asid_tag(a) != 0 && asid_tag(a) < 4096 && asid_user_tag(a) < 4096);
		for (unsigned int b = 0; b < ASID_SLOTS; b++) {
			EXPECT(asid_tag(a) != asid_user_tag(b));
			EXPECT(a == b || asid_tag(a) != asid_tag(b));
			EXPECT(a == b || asid_user_tag(a) != asid_user_tag(b));
		}
	}
}

TEST(recent_ones_are_kept)
{
	struct asid_cpu cpu;

	asid_init(&cpu);
	for (u64 id = 1; id <= ASID_SLOTS; id++)
		EXPECT(asid_pick(&cpu, id, 1).need_flush);
	for (u64 id = 1; id <= ASID_SLOTS; id++)
		EXPECT(!asid_pick(&cpu, id, 1).need_flush);
	EXPECT(asid_pick(&cpu, 3, 2).need_flush);
	EXPECT(!asid_pick(&cpu, 3, 2).need_flush);
	EXPECT(asid_pick(&cpu, 100, 1).need_flush);
	EXPECT(asid_pick(&cpu, 1, 1).need_flush);
}

TEST(one_flush_answers_several_requests)
{
	struct asid_cpu cpu;

	asid_init(&cpu);
	asid_pick(&cpu, 1, 5);
	EXPECT_EQ(asid_flush(&cpu, 1, 6, 8), ASID_FLUSH_ALL);
	EXPECT_EQ(asid_flush(&cpu, 1, 8, 8), ASID_FLUSH_NONE);
	EXPECT_EQ(asid_flush(&cpu, 1, 7, 8), ASID_FLUSH_NONE);
	EXPECT_EQ(asid_flush(&cpu, 1, 9, 9), ASID_FLUSH_RANGE);
	EXPECT_EQ(asid_flush(&cpu, 2, 9, 10), ASID_FLUSH_NONE);
	asid_leave(&cpu);
	EXPECT_EQ(asid_flush(&cpu, 1, 10, 10), ASID_FLUSH_NONE);
	EXPECT(asid_pick(&cpu, 1, 10).need_flush);
}
