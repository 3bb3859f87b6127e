/*
 * What the kernel's own page tables map: RAM, the image, a few devices. Nothing is writable and executable, not even for
 * a moment after kernel_map_init, and text is not writable through the direct map either.
 *
 *	part of the image	at KERNEL_BASE		in the direct map
 *	.init.text		R X, later nothing	RW
 *	.init.data		RW,  later nothing	RW
 *	.text .entry.text	R X			R
 *	.rodata			R			R
 *	.data.ro_after_init	RW,  later R		RW, later R
 *	.data .percpu .bss	RW			RW
 */
#include <platform/boot.h>
#include <platform/cpu.h>
#include <platform/page_table.h>
#include <platform/tlb.h>
#include <x86/image.h>
#include <x86/msr.h>
#include <x86/setup.h>

#define BITS_RX (PTE_PRESENT)
#define BITS_R (PTE_PRESENT | PTE_NX)
#define BITS_RW (PTE_PRESENT | PTE_WRITE | PTE_NX)

static bool final_tables __ro_after_init;
static u64 device_next __ro_after_init = DEVICE_MAP_BASE;
static u64 identity_page;

static void __init map_or_fail(u64 address, u64 to, size_t size, u64 bits,
			       unsigned int highest_level)
{
	if (kernel_map_pages(address, paddr(to), size, bits, MEMORY_TYPE_CACHED, highest_level))
		boot_fail("not enough memory: no room for page tables");
}

/* One range of RAM. The image's protected parts get 4 KiB pages; the rest the largest that fit. */
static void __init direct_map_ram(u64 start, u64 end)
{
	unsigned int highest = cpu_has(CPU_1GB_PAGES) ? 3 : 2;
	u64 fixed = virt_to_paddr(__text_start).raw;
	u64 plain = virt_to_paddr(__ro_after_init_start).raw;
	u64 fixed_end = virt_to_paddr(__ro_after_init_end).raw;

	if (end <= fixed || start >= fixed_end) {
		map_or_fail(DIRECT_MAP_BASE + start, start, end - start, BITS_RW, highest);
		return;
	}
	/* The image is one piece of usable memory: the loader put it there. */
	map_or_fail(DIRECT_MAP_BASE + start, start, fixed - start, BITS_RW, highest);
	map_or_fail(DIRECT_MAP_BASE + fixed, fixed, plain - fixed, BITS_R, 1);
	map_or_fail(DIRECT_MAP_BASE + plain, plain, fixed_end - plain, BITS_RW, 1);
	map_or_fail(DIRECT_MAP_BASE + fixed_end, fixed_end, end - fixed_end, BITS_RW, highest);
}

static void __init direct_map_make(void)
{
	const struct memory_range *ranges;
	size_t i, count = boot_memory_ranges(&ranges);

	for (i = 0; i < count; i++)
		if (ranges[i].kind == MEMORY_USABLE)
			direct_map_ram(ranges[i].start, ranges[i].end);
		else if (ranges[i].kind == MEMORY_ACPI || ranges[i].kind == MEMORY_NVS)
			map_or_fail(DIRECT_MAP_BASE + ranges[i].start, ranges[i].start,
				    ranges[i].end - ranges[i].start, BITS_R, 2);
}

static void __init map_image(const char *start, const char *end, u64 bits)
{
	map_or_fail((u64)start, virt_to_paddr(start).raw, end - start, bits, 1);
}

/* Level-4 entries that address spaces copy must be there before the first does. */
static void __init table_make(u64 address)
{
	pte_t *entry = &kernel_root.table[pt_index(address, 4)];
	paddr_t frame;

	if (pte_present(pte_read(entry)))
		return;
	frame = page_table_frame_alloc();
	if (!frame.raw)
		boot_fail("not enough memory: no room for page tables");
	pte_store(entry, pte_table(frame));
}

void __init kernel_map_init(void)
{
	/* Below 4 GiB: other CPUs load it in 32-bit mode. */
	kernel_root.table = boot_memory_alloc_aligned(PAGE_SIZE, PAGE_SIZE, 4 * GIB);
	direct_map_make();
	pte_protections_init();
	map_image(__init_text_start, __init_text_end, BITS_RX);
	map_image(__init_data_start, __init_data_end, BITS_RW);
	map_image(__text_start, __text_end, BITS_RX);
	map_image(__rodata_start, __rodata_end, BITS_R);
	map_image(__ro_after_init_start, __boot_stack_guard, BITS_RW);
	map_image(boot_stack, __image_end, BITS_RW);
	table_make(VMAP_BASE);
	table_make(PAGE_ARRAY_BASE);
	cr3_write(virt_to_paddr(kernel_root.table).raw);
	final_tables = true;
	boot_memory_limit_set(~0ULL);
}

void *__init device_map(u64 at, size_t size)
{
	u64 first = ALIGN_DOWN(at, PAGE_SIZE), address = device_next;

	if (!final_tables)
		return paddr_to_virt(paddr(at));
	size = ALIGN_UP(at + size - first, PAGE_SIZE);
	if (kernel_map_pages(address, paddr(first), size, BITS_RW, MEMORY_TYPE_UNCACHED, 1))
		return NULL;
	device_next += size;
	return (void *)(address + (at - first));
}

const void *__init firmware_map(u64 at, size_t size)
{
	u64 page, end;

	if (!at || __builtin_add_overflow(at, size, &end) || end > (u64)DIRECT_MAP_SIZE)
		return NULL;
	for (page = ALIGN_DOWN(at, PAGE_SIZE); page < end; page += PAGE_SIZE)
		if (!kernel_mapped(DIRECT_MAP_BASE + page))
			map_or_fail(DIRECT_MAP_BASE + page, page, PAGE_SIZE, BITS_R, 1);
	return paddr_to_virt(paddr(at));
}

int identity_map(u64 at)
{
	int error = kernel_map_pages(at, paddr(at), PAGE_SIZE, BITS_RX, MEMORY_TYPE_CACHED, 1);

	/* Other CPUs forget it at the next load of CR3. */
	if (!error)
		kernel_unset(at, PAGE_SIZE, PTE_GLOBAL);
	identity_page = at;
	return error;
}

void identity_unmap(void)
{
	kernel_unmap(identity_page, PAGE_SIZE);
	tlb_flush_local_page(identity_page);
}

void kernel_image_protect(void)
{
	u64 constants = (u64)__ro_after_init_start, init = (u64)__init_text_start;
	u64 alias = DIRECT_MAP_BASE + virt_to_paddr(__ro_after_init_start).raw;
	size_t constants_size = __ro_after_init_end - __ro_after_init_start;

	kernel_unset(constants, constants_size, PTE_WRITE | PTE_DIRTY);
	kernel_unset(alias, constants_size, PTE_WRITE | PTE_DIRTY);
	kernel_unmap(init, __init_data_end - __init_text_start);
	tlb_flush_kernel(alias, alias + constants_size);
	tlb_flush_kernel(init, constants + constants_size);
}

void kernel_image_init_range(paddr_t *start, paddr_t *end)
{
	*start = virt_to_paddr(__init_text_start);
	*end = virt_to_paddr(__init_data_end);
}
