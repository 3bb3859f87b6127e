/* Device interrupts: which handlers a line has, the call from the platform, and /proc/interrupts. */
#include <abi/errno.h>
#include <kernel/dev.h>
#include <kernel/random.h>
#include <kernel/seq_file.h>
#include <kernel/slab.h>
#include <kernel/time.h>
#include <platform/irq.h>
#include <platform/percpu.h>
#include <platform/trap.h>
#include <profile/bounds.h>

struct irq_handler {
	struct irq_handler *next; /* [irq_lock for writing; never removed] */
	void (*fn)(void *data);
	void *data;
	const char *name;
	unsigned int isa_irq;
};

static struct irq_handler *handlers[IRQ_LINES]; /* [irq_lock] */
static u64 counts[IRQ_LINES]; /* only the boot CPU takes device interrupts */
static struct spinlock irq_lock = SPINLOCK_INIT(RANK_IRQ);

int irq_request_isa(unsigned int isa_irq, void (*fn)(void *data), void *data, const char *name)
{
	struct irq_handler *handler = kzalloc(sizeof(*handler));
	unsigned long flags;
	int line;

	if (!handler)
		return -ENOMEM;
	line = irq_line_open_isa(isa_irq);
	if (line < 0) {
		kfree(handler);
		return line;
	}
	*handler = (struct irq_handler){ .fn = fn, .data = data, .name = name, .isa_irq = isa_irq };
	flags = spin_lock_irq(&irq_lock);
	handler->next = AT(handlers, (size_t)line);
	store_release(&AT(handlers, (size_t)line), handler);
	spin_unlock_irq(&irq_lock, flags);
	irq_line_unmask((unsigned int)line);
	return 0;
}

void irq_device(unsigned int line)
{
	struct irq_handler *handler;

	if (line >= IRQ_LINES)
		return;
	counts[line]++;
	for (handler = load_acquire(&handlers[line]); handler; handler = handler->next)
		handler->fn(handler->data);
	random_add_event(clock_ns() << 8 ^ line);
}

u64 irq_total(void)
{
	u64 total = 0;
	unsigned int cpu;

	for (unsigned int line = 0; line < IRQ_LINES; line++)
		total += READ_ONCE(counts[line]);
	for_each_online_cpu (cpu)
		total += hrtimer_interrupts(cpu);
	return total;
}

static void line_show(struct seq_file *out, unsigned int line)
{
	const struct irq_handler *handler = load_acquire(&handlers[line]);
	unsigned int cpu;

	if (!handler)
		return;
	seq_printf(out, "%3u:", handler->isa_irq);
	for_each_online_cpu (cpu)
		seq_printf(out, " %10llu", cpu ? 0ULL : (unsigned long long)READ_ONCE(counts[line]));
	seq_printf(out, "  IO-APIC %3u-edge     ", handler->isa_irq);
	for (; handler; handler = handler->next)
		seq_printf(out, " %s%s", handler->name, handler->next ? "," : "\n");
}

void irq_show(struct seq_file *out)
{
	unsigned int cpu;

	seq_puts(out, "    ");
	for_each_online_cpu (cpu)
		seq_printf(out, "       CPU%-3u", cpu);
	seq_putc(out, '\n');
	for (unsigned int line = 0; line < IRQ_LINES; line++)
		line_show(out, line);
	seq_puts(out, "LOC:");
	for_each_online_cpu (cpu)
		seq_printf(out, " %10llu", (unsigned long long)hrtimer_interrupts(cpu));
	seq_puts(out, "   Local timer interrupts\n");
}
