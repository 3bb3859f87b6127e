/*
 * The first instructions: from a loader's 32-bit protected mode, without paging, to C at the kernel's own addresses.
 * Two loaders: PVH (QEMU's -kernel) enters at start_pvh, multiboot2 (GRUB) at start_multiboot2; EBX points to what
 * they have to say. All of this is in the init part of the image, which is freed.
 */
#include <platform/layout.h>
#include <x86/msr.h>

#define PHYS(symbol) ((symbol) - KERNEL_BASE)
#define MULTIBOOT2_MAGIC 0xe85250d6
#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define LOADER_PVH 1
#define LOADER_MULTIBOOT2 2
/* Page table entries: present and writable; the same, maps 2 MiB. */
#define TABLE 0x3
#define HUGE 0x83
#define COM1 0x3f8

	/* multiboot2 specification, 3.1: within the first 32 KiB of the file. */
	.section .boot, "ax"
	.balign 8
multiboot2_header:
	.long MULTIBOOT2_MAGIC
	.long 0 /* i386: 32-bit protected mode */
	.long multiboot2_header_end - multiboot2_header
	.long -(MULTIBOOT2_MAGIC + (multiboot2_header_end - multiboot2_header))
	/* Tags, each aligned to 8: type, flags, size. Entry address: */
	.short 3, 0
	.long 12
	.long PHYS(start_multiboot2)
	.balign 8
	/* Modules begin on a page: */
	.short 6, 0
	.long 8
	/* End. */
	.short 0, 0
	.long 8
multiboot2_header_end:

	.section .note.pvh, "a", @note
	.balign 4
	.long 4
	.long 8
	.long XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad PHYS(start_pvh)

	.section .boot, "ax"
	.code32
start_pvh:
	movl $LOADER_PVH, %ebp
	jmp start32
	.globl start_multiboot2
start_multiboot2:
	movl $LOADER_MULTIBOOT2, %ebp

/* EBP: which loader; EBX: its information. Flat segments, interrupts off. */
start32:
	cld
	movl %ebx, %esi
	movl $PHYS(boot_stack_top), %esp
	/* Without CPUID (bit 21 of EFLAGS stays as it is) there is no long mode. */
	pushfl
	popl %eax
	movl %eax, %ecx
	xorl $1 << 21, %eax
	pushl %eax
	popfl
	pushfl
	popl %eax
	cmpl %eax, %ecx
	je .Lno_long_mode
	movl $0x80000000, %eax
	cpuid
	cmpl $0x80000001, %eax
	jb .Lno_long_mode
	movl $0x80000001, %eax
	cpuid
	btl $29, %edx /* LM */
	jnc .Lno_long_mode

	/* EDI: no-execute (bit 20), moved to its place in EFER. */
	movl %edx, %edi
	shrl $20 - 11, %edi
	andl $EFER_NX, %edi
	movl $PHYS(early_root), %eax
	movl %eax, %cr3
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $MSR_EFER, %ecx
	rdmsr
	orl $EFER_LME, %eax
	orl %edi, %eax
	wrmsr
	movl $(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl %eax, %cr0
	lgdt PHYS(early_gdt_pointer)
	ljmp $SEL_KERNEL_CODE, $PHYS(.Llong_mode)

.Lno_long_mode:
	movl $PHYS(no_long_mode), %esi
1:	movw $COM1 + 5, %dx /* line status: wait for an empty transmitter */
	inb %dx, %al
	testb $0x20, %al
	jz 1b
	movw $COM1, %dx
	lodsb
	testb %al, %al
	jz 2f
	outb %al, %dx
	jmp 1b
2:	hlt
	jmp 2b
no_long_mode:
	.asciz "aramid: this CPU has no 64-bit mode\r\n"

	.code64
.Llong_mode:
	movabsq $.Lkernel_addresses, %rax
	jmpq *%rax
.Lkernel_addresses:
	/* Still in the identity map: the GDT moves up with us. */
	lgdt early_gdt_pointer_high(%rip)
	movl $SEL_KERNEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs /* base 0: the per-CPU template */
	movabsq $boot_stack_top, %rsp
	movl %ebp, %edi
	/* ESI has been extended with zeros. */
	xorl %ebp, %ebp
	call boot_main
	ud2

	.section .init.data, "aw"
	.balign 8
	.globl early_gdt
early_gdt:
	.quad 0, 0
	.quad 0x00af9b000000ffff /* SEL_KERNEL_CODE: 64 bit */
	.quad 0x00cf93000000ffff /* SEL_KERNEL_DATA */
early_gdt_end:
early_gdt_pointer:
	.short early_gdt_end - early_gdt - 1
	.long PHYS(early_gdt)
early_gdt_pointer_high:
	.short early_gdt_end - early_gdt - 1
	.quad early_gdt

	/*
	 * Early page tables. The first 4 GiB at address 0 (until we have jumped), and at DIRECT_MAP_BASE; the first GiB at
	 * KERNEL_BASE.
	 */
	.balign PAGE_SIZE
early_root:
	.quad PHYS(early_low) + TABLE
	.fill 272, 8, 0
	.quad PHYS(early_low) + TABLE /* DIRECT_MAP_BASE */
	.fill 237, 8, 0
	.quad PHYS(early_high) + TABLE /* KERNEL_BASE */
early_low:
	.quad PHYS(early_directories) + TABLE
	.quad PHYS(early_directories) + TABLE + PAGE_SIZE
	.quad PHYS(early_directories) + TABLE + PAGE_SIZE * 2
	.quad PHYS(early_directories) + TABLE + PAGE_SIZE * 3
	.fill 508, 8, 0
early_high:
	.fill 510, 8, 0
	.quad PHYS(early_directories) + TABLE
	.quad 0
early_directories:
	.set address, 0
	.rept 4 * 512
	.quad address + HUGE
	.set address, address + HUGE_PAGE_SIZE
	.endr
