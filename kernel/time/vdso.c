/* The vDSO's two pages, one set for all processes, and how they get into an address space. */
#include <abi/errno.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/time.h>
#include <kernel/vdso.h>
#include <kernel/vm.h>
#include <lib/err.h>
#include <lib/string.h>
#include <platform/vdso.h>

/* Clocks that count on while nothing sets them; those that are CLOCK_REALTIME under another name. */
#define CLOCKS_MONOTONIC                                                                           \
	(1u << CLOCK_MONOTONIC | 1u << CLOCK_MONOTONIC_RAW | 1u << CLOCK_MONOTONIC_COARSE |        \
	 1u << CLOCK_BOOTTIME)
#define CLOCKS_REALTIME (1u << CLOCK_REALTIME | 1u << CLOCK_REALTIME_COARSE | 1u << CLOCK_TAI)

static struct page *data_page, *code_page; /* [I] */
static struct vdso_data *vdso_data; /* [I] the pointer; in data_page */

/* One page each. */
static struct page *page_at(struct vma *vma, u64 index)
{
	struct page *page = vma->private_data;

	if (index)
		return ERR_PTR(-ERANGE);
	page_get(page);
	return page;
}

static const char *data_name(struct vma *vma __unused)
{
	return "[vvar]";
}

static const char *code_name(struct vma *vma __unused)
{
	return "[vdso]";
}

static const struct vma_ops data_ops = { .fault = page_at, .name = data_name };
static const struct vma_ops code_ops = { .fault = page_at, .name = code_name };

int vdso_map(struct mm *mm, u64 address)
{
	const struct vm_special_part parts[] = {
		{ PAGE_SIZE, VM_READ | VM_MAY_READ, &data_ops, data_page },
		{ PAGE_SIZE, VM_READ | VM_EXEC | VM_MAY_READ | VM_MAY_WRITE | VM_MAY_EXEC,
		  &code_ops, code_page },
	};
	long at = vm_map_special(mm, address, parts, ARRAY_LEN(parts));

	if (at < 0)
		return (int)at;
	mm->vdso = (void *)(at + PAGE_SIZE);
	return 0;
}

void vdso_set_realtime(u64 offset_ns)
{
	if (!vdso_data)
		return;
	for (unsigned int clock = 0; clock < VDSO_CLOCKS; clock++)
		if (CLOCKS_REALTIME >> clock & 1)
			WRITE_ONCE(vdso_data->offset_ns[clock], clock_tsc.base_ns + offset_ns);
}

void vdso_init(void)
{
	size_t size = (size_t)(vdso_image_end - vdso_image_start);

	data_page = page_alloc(0, PAGE_ZERO, PAGE_KERNEL);
	code_page = page_alloc(0, PAGE_ZERO, PAGE_KERNEL);
	if (!data_page || !code_page || size > PAGE_SIZE)
		panic("no memory for the vDSO");
	page_show(data_page);
	page_show(code_page);
	memcpy(page_virt(code_page), vdso_image_start, size);
	vdso_data = page_virt(data_page);
	vdso_data->base_tsc = clock_tsc.base_tsc;
	vdso_data->mult = clock_tsc.mult;
	vdso_data->shift = clock_tsc.shift;
	for (unsigned int clock = 0; clock < VDSO_CLOCKS; clock++)
		vdso_data->offset_ns[clock] = clock_tsc.base_ns;
	vdso_set_realtime(realtime_offset_ns());
	if (clock_tsc.usable)
		vdso_data->clocks = CLOCKS_MONOTONIC | CLOCKS_REALTIME;
}
