/*
 * trace.c - a QEMU plugin that counts the instructions of a benchmark by address and by chain of callers.
 *
 * -plugin trace.so,on=A,off=A,low=A,high=A,out=FILE: between the functions at `on` and `off` of the suite,
 * each read of the time stamp counter by code in [low, high) starts or ends the timed part, as in timer.c.
 * Only instructions in the timed part count, of whichever process, user or kernel. Nothing is instrumented
 * before the first `on`, so that a boot takes its usual time.
 *
 * FILE gets, for each window from `on` to `off`: "window <total> <user>"; at the end the sums, over all
 * windows: "at <address> <count>" for each kernel instruction and "chain <entry>;<entry>... <count>" for
 * each chain of called functions, outermost first, with the count of its last one alone.
 *
 * An instruction that faults runs twice and counts once, as in the machine's own counter.
 */
#include "window.h"

#define USER_END 0x0000800000000000ull
#define SITE_BUCKETS (1u << 18)
#define DEPTH_MAX 128
#define STACKS_MAX 64
#define SWITCH_DEPTH 4

enum kind { PLAIN, JUMP, CALL, RETURN, ENTER, LEAVE, COUNTER, WINDOW_ON, WINDOW_OFF };

/* One instruction of the guest, known by its address; code that replaces other code shares it. */
struct site {
	uint64_t address, count;
	uint32_t size;
	enum kind kind;
	struct site *next;
};

/* A function in the tree of callers. */
struct node {
	uint64_t entry, count;
	struct node *parent, *child, *next;
};

struct frame {
	uint64_t back; /* where its return leads; 0: it was entered by an event, which ends with LEAVE */
	struct node *node;
	struct site *from; /* what ran before the event: its own cause, or interrupted */
};

struct stack {
	struct frame frames[DEPTH_MAX];
	unsigned depth;
	uint64_t used;
};

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static qemu_plugin_id_t self;
static struct site *sites[SITE_BUCKETS];
static struct node root = { .entry = 0 };
static struct node user_node = { .entry = 1, .parent = &root };
static struct stack stacks[STACKS_MAX], *stack = stacks;
static struct site *last;
static uint64_t clock_, total, user;
static bool full, armed, timed;

static struct site *site_get(uint64_t address)
{
	struct site **bucket = &sites[(address ^ address >> 18) % SITE_BUCKETS];
	for (struct site *site = *bucket; site; site = site->next)
		if (site->address == address)
			return site;
	struct site *site = calloc(1, sizeof(*site));
	site->address = address;
	site->next = *bucket;
	return *bucket = site;
}

static struct node *node_get(struct node *parent, uint64_t entry)
{
	for (struct node *node = parent->child; node; node = node->next)
		if (node->entry == entry)
			return node;
	struct node *node = calloc(1, sizeof(*node));
	*node = (struct node){ .entry = entry, .parent = parent, .next = parent->child };
	return parent->child = node;
}

static enum kind kind_of(const uint8_t *code, size_t size, uint64_t address)
{
	size_t at = 0;
	while (at + 1 < size && (code[at] == 0x66 || code[at] == 0xf2 || code[at] == 0xf3 ||
				 code[at] == 0x2e || code[at] == 0x3e || code[at] >> 4 == 4))
		at++;
	uint8_t first = code[at], second = at + 1 < size ? code[at + 1] : 0;
	if (first == 0xe8 || (first == 0xff && (second >> 3 & 7) == 2))
		return CALL;
	if (first == 0xc3 || first == 0xc2)
		return RETURN;
	if (first == 0xcf || (first == 0x0f && second == 0x07))
		return LEAVE;
	if (first == 0x0f && second == 0x05)
		return ENTER;
	if (first == 0x0f && second == 0x31 && address >= low && address < high)
		return COUNTER;
	if (first == 0xe9 || first == 0xeb || first >> 4 == 7 || (first & 0xfc) == 0xe0 ||
	    (first == 0x0f && second >> 4 == 8) || (first == 0xff && (second >> 3 & 7) == 4))
		return JUMP;
	return PLAIN;
}

static bool is_user(const struct site *site)
{
	return site->address < USER_END;
}

static struct node *top(void)
{
	return stack->depth ? stack->frames[stack->depth - 1].node : &root;
}

static void push(uint64_t entry, uint64_t back, struct site *from)
{
	struct node *node = node_get(top(), entry);
	if (stack->depth < DEPTH_MAX)
		stack->frames[stack->depth++] = (struct frame){ back, node, from };
}

/*
 * An event has ended and `now` runs. When the instruction that was there before it runs again, or the
 * kernel goes on elsewhere than after it (a fault with a fixup), it did not complete and does not count.
 */
static void event_end(struct site *now)
{
	struct site *from = stack->depth ? stack->frames[stack->depth - 1].from : NULL;
	if (!from)
		return;
	bool fixed = !is_user(from) && from->kind == PLAIN &&
		     now->address != from->address + from->size;
	if (from != now && !fixed)
		return;
	total--;
	from->count--;
	if (is_user(from))
		user--, user_node.count--;
	else
		top()->parent->count--;
}

/* Frames up to and with the innermost that returns to `back`; false if there is none. */
static bool pop_to(struct stack *from, uint64_t back)
{
	for (unsigned depth = from->depth; depth; depth--) {
		if (from->frames[depth - 1].back == back) {
			from->depth = depth - 1;
			return true;
		}
	}
	return false;
}

/* Whether a return leads to one of the innermost callers: the switch itself may have been jumped to. */
static bool returns_to(const struct stack *other, uint64_t back)
{
	for (unsigned i = 1; i <= SWITCH_DEPTH && i <= other->depth; i++)
		if (other->frames[other->depth - i].back == back)
			return true;
	return false;
}

/* A return to where nobody on this stack came from: the kernel switched to another task. */
static void stack_switch(uint64_t back)
{
	struct stack *found = NULL, *oldest = stacks;
	stack->used = ++clock_;
	for (unsigned i = 0; i < STACKS_MAX; i++) {
		struct stack *other = &stacks[i];
		if (other != stack && returns_to(other, back) &&
		    (!found || other->used > found->used))
			found = other;
		if (other->used < oldest->used)
			oldest = other;
	}
	stack = found ? found : oldest;
	if (found) {
		pop_to(stack, back);
	} else {
		stack->depth = 0;
		push(back, 0, NULL);
	}
	stack->used = ++clock_;
}

/* LEAVE within the kernel: the innermost event ends. */
static void event_leave(struct site *now)
{
	while (stack->depth && stack->frames[stack->depth - 1].back)
		stack->depth--;
	event_end(now);
	if (stack->depth)
		stack->depth--;
}

/* Keeps the chain of callers in step with the instruction that runs now, given the one before it. */
static void follow(struct site *now)
{
	if (is_user(now)) {
		if (!is_user(last)) {
			stack->depth = stack->depth ? 1 : 0;
			event_end(now);
			stack->depth = 0;
		}
		return;
	}
	bool next = now->address == last->address + last->size || now->address == last->address;
	if (is_user(last)) {
		stack->depth = 0;
		push(now->address, 0, last->kind == ENTER ? NULL : last);
	} else if (last->kind == CALL) {
		push(now->address, last->address + last->size, NULL);
	} else if (last->kind == RETURN) {
		if (!pop_to(stack, now->address))
			stack_switch(now->address);
	} else if (last->kind == LEAVE) {
		event_leave(now);
	} else if (last->kind == PLAIN && !next) {
		push(now->address, 0, last);
	}
}

static void executed(unsigned vcpu, void *data)
{
	struct site *now = data;
	(void)vcpu;
	if (timed) {
		if (last)
			follow(now);
		total++;
		now->count++;
		if (is_user(now)) {
			user++;
			user_node.count++;
		} else {
			top()->count++;
		}
		last = now;
	}
	if (now->kind == COUNTER && armed) {
		timed = !timed;
		last = timed ? now : NULL;
	} else if (now->kind == WINDOW_ON) {
		armed = true;
		total = user = 0;
	} else if (now->kind == WINDOW_OFF && armed) {
		armed = timed = false;
		fprintf(out, "window %llu %llu\n", (unsigned long long)total,
			(unsigned long long)user);
		fflush(out);
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);

static void finish(qemu_plugin_id_t id, void *data);

static void install(qemu_plugin_id_t id)
{
	/* A reset drops this one too. */
	qemu_plugin_register_atexit_cb(id, finish, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
}

/* The first `on`: from here on every instruction is instrumented. */
static void begin(unsigned vcpu, void *data)
{
	if (full)
		return;
	full = true;
	executed(vcpu, data);
	qemu_plugin_reset(self, install);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);
		if (!full && address != address_on)
			continue;
		struct site *site = site_get(address);
		site->size = (uint32_t)qemu_plugin_insn_size(insn);
		site->kind = kind_of(qemu_plugin_insn_data(insn), site->size, address);
		if (address == address_on)
			site->kind = WINDOW_ON;
		else if (address == address_off)
			site->kind = WINDOW_OFF;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, full ? executed : begin,
						       QEMU_PLUGIN_CB_NO_REGS, site);
	}
}

static void chain_print(const struct node *node)
{
	if (node->parent && node->parent != &root) {
		chain_print(node->parent);
		fputc(';', out);
	}
	fprintf(out, "%llx", (unsigned long long)node->entry);
}

static void tree_print(const struct node *node)
{
	if (node->count) {
		fputs("chain ", out);
		chain_print(node);
		fprintf(out, " %llu\n", (unsigned long long)node->count);
	}
	for (const struct node *child = node->child; child; child = child->next)
		tree_print(child);
}

static void finish(qemu_plugin_id_t id, void *data)
{
	(void)id;
	(void)data;
	for (unsigned i = 0; i < SITE_BUCKETS; i++)
		for (const struct site *site = sites[i]; site; site = site->next)
			if (site->count && !is_user(site))
				fprintf(out, "at %llx %llu\n", (unsigned long long)site->address,
					(unsigned long long)site->count);
	tree_print(&user_node);
	tree_print(&root);
	fclose(out);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
					   int argc, char **argv)
{
	(void)info;
	self = id;
	for (int i = 0; i < argc; i++)
		window_option(argv[i]);
	if (!out)
		return -1;
	install(id);
	return 0;
}
