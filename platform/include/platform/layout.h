/*
 * The kernel's address space. Also read by assembly and the linker script: constants only.
 *
 *	0x0000000000001000  user space                   0x00007fffffffefff
 *	0xffff888000000000  DIRECT_MAP  all RAM, writable, never executable   64 TiB
 *	0xffffc90000000000  VMAP        kernel stacks, device registers      512 GiB
 *	0xffffea0000000000  PAGE_ARRAY  struct page of each frame              1 TiB
 *	0xffffffff80000000  KERNEL      the image, linked at + LOAD_ADDRESS    1 GiB
 *	0xffffffffc0000000  DEVICE_MAP  registers that the platform itself uses: APICs, VGA text
 *
 * Every level-4 entry of the kernel half is made at boot, before the first address space copies them all: VMAP has one.
 */
#pragma once

#define PAGE_SHIFT 12
#define PAGE_SIZE (1 << PAGE_SHIFT)
#define HUGE_PAGE_SHIFT 21
#define HUGE_PAGE_ORDER (HUGE_PAGE_SHIFT - PAGE_SHIFT)
#define HUGE_PAGE_SIZE (1 << HUGE_PAGE_SHIFT)

#define DIRECT_MAP_BASE 0xffff888000000000
#define DIRECT_MAP_SIZE 0x400000000000 /* RAM above is not used */
#define VMAP_BASE 0xffffc90000000000
#define VMAP_SIZE 0x8000000000
#define PAGE_ARRAY_BASE 0xffffea0000000000
#define KERNEL_BASE 0xffffffff80000000
#define DEVICE_MAP_BASE 0xffffffffc0000000
/* Physical. Above the ISA hole; below 8 MiB, where UEFI firmware keeps memory for itself; low, so that 16 MiB can say no. */
#define LOAD_ADDRESS 0x200000

/* One page short of the canonical half: a syscall instruction in the last page would return to a non-canonical address. */
#define USER_END 0x00007ffffffff000

#define KERNEL_STACK_ORDER 2
#define KERNEL_STACK_SIZE (PAGE_SIZE << KERNEL_STACK_ORDER)

/*
 * Selectors. SYSCALL/SYSRET fix the order: kernel code, kernel data, (user 32), user data, user code. The values are
 * Linux's: programs see them (signal frames, ptrace), and a hypervisor that is made for Linux insists on them.
 */
#define SEL_KERNEL_CODE 0x10
#define SEL_KERNEL_DATA 0x18
#define SEL_USER_CODE32 0x23
#define SEL_USER_DATA 0x2b
#define SEL_USER_CODE 0x33
#define SEL_TSS 0x40 /* two descriptors */
#define SEL_CPU_NUMBER 0x53 /* data of user mode, its limit the number of the CPU: for LSL */
