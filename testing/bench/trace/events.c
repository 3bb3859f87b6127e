/*
 * events.c - a QEMU plugin that counts what counted instructions price at nothing: loads of the page-table root, TLB flushes,
 * and exceptions and interrupts, in the timed parts of benchmarks.
 *
 * -plugin events.so,on=A,off=A,low=A,high=A,entries=FILE,out=FILE: windows and timed parts as in trace.c. `entries` lists
 * addresses, one a line: the first instructions that an exception or interrupt always runs. FILE gets for each window
 * "window <roots> <flushes> <entries>". Only the instructions that matter are instrumented.
 */
#include "window.h"

#define ENTRIES_MAX 1024

enum kind { NONE, ROOT, FLUSH, ENTRY, COUNTER, WINDOW_ON, WINDOW_OFF };

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static uint64_t entries[ENTRIES_MAX];
static unsigned entry_count;
static uint64_t counts[COUNTER];
static bool armed, timed;

static bool is_entry(uint64_t address)
{
	for (unsigned i = 0; i < entry_count; i++)
		if (entries[i] == address)
			return true;
	return false;
}

/* By its bytes: mov to CR3 or CR4, INVLPG, INVPCID, RDTSC of the suite. */
static enum kind kind_of(const uint8_t *code, size_t size, uint64_t address)
{
	size_t at = 0;
	if (address == address_on)
		return WINDOW_ON;
	if (address == address_off)
		return WINDOW_OFF;
	if (is_entry(address))
		return ENTRY;
	while (at + 2 < size && (code[at] == 0x66 || code[at] >> 4 == 4))
		at++;
	if (at + 1 >= size || code[at] != 0x0f)
		return NONE;
	if (code[at + 1] == 0x31)
		return address >= low && address < high ? COUNTER : NONE;
	if (at + 2 >= size)
		return NONE;
	unsigned reg = code[at + 2] >> 3 & 7;
	if (code[at + 1] == 0x22)
		return reg == 3 ? ROOT : reg == 4 ? FLUSH : NONE;
	if (code[at + 1] == 0x01)
		return reg == 7 && code[at + 2] >> 6 != 3 ? FLUSH : NONE;
	return code[at + 1] == 0x38 && code[at + 2] == 0x82 ? FLUSH : NONE;
}

static void executed(unsigned vcpu, void *data)
{
	enum kind kind = (enum kind)(uintptr_t)data;
	(void)vcpu;
	if (kind < COUNTER) {
		counts[kind] += timed;
	} else if (kind == COUNTER) {
		timed = armed && !timed;
	} else if (kind == WINDOW_ON) {
		armed = true;
		timed = false;
		memset(counts, 0, sizeof(counts));
	} else if (armed) {
		armed = timed = false;
		fprintf(out, "window %llu %llu %llu\n", (unsigned long long)counts[ROOT],
			(unsigned long long)counts[FLUSH], (unsigned long long)counts[ENTRY]);
		fflush(out);
	}
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		enum kind kind = kind_of(qemu_plugin_insn_data(insn), qemu_plugin_insn_size(insn),
					 qemu_plugin_insn_vaddr(insn));
		if (kind)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, executed,
							       QEMU_PLUGIN_CB_NO_REGS,
							       (void *)(uintptr_t)kind);
	}
}

static void entries_read(const char *path)
{
	unsigned long long address;
	FILE *file = fopen(path, "r");
	while (file && entry_count < ENTRIES_MAX && fscanf(file, "%llx", &address) == 1)
		entries[entry_count++] = address;
	if (file)
		fclose(file);
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
					   int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "entries=", 8))
			entries_read(argv[i] + 8);
		else
			window_option(argv[i]);
	}
	if (!out || !entry_count)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
