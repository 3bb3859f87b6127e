/* ELF programs and their interpreters: checked as a whole, then mapped into the new address space. */
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/mman.h>
#include <abi/personality.h>
#include <kernel/file.h>
#include <kernel/random.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>
#include <kernel/vm.h>
#include <lib/elf.h>
#include <lib/err.h>
#include <lib/string.h>

#include "internal.h"

/* Where a program that may lie anywhere, and has an interpreter, is put: two thirds up, below the mmap area. */
#define DYNAMIC_BASE (USER_END / 3 * 2)
#define RANDOM_MAP_PAGES (1ULL << 28)
#define RANDOM_BRK (32 * MIB)

int exec_read(struct file *file, void *buffer, size_t size, u64 offset)
{
	ssize_t got = file_read_kernel(file, buffer, size, &offset);

	if (got < 0)
		return (int)got;
	return (size_t)got == size ? 0 : -ENOEXEC;
}

void exec_image_close(struct exec_image *image)
{
	kfree(image->phdrs);
	kfree(image->elf);
	if (image->file)
		file_put(image->file);
	*image = (struct exec_image){ 0 };
}

int exec_image_open(struct exec_image *image, struct file *file)
{
	struct elf64_ehdr header;
	u64 size = READ_ONCE(file->inode->size);
	int error;

	image->file = file_get(file);
	image->elf = kmalloc(sizeof(*image->elf), SLAB_ZERO);
	if (!image->elf)
		return -ENOMEM;
	error = exec_read(file, &header, sizeof(header), 0);
	if (!error)
		error = elf_check_header(&header, sizeof(header), size, image->elf);
	if (error)
		return error;
	image->phdrs = kmalloc(image->elf->phsize, 0);
	if (!image->phdrs)
		return -ENOMEM;
	error = exec_read(file, image->phdrs, image->elf->phsize, image->elf->phoff);
	return error ? error : elf_check_segments(image->phdrs, size, USER_END, image->elf);
}

static int interpreter_path(const struct exec_image *program, char *path)
{
	const struct elf_info *elf = program->elf;
	int error = exec_read(program->file, path, elf->interp_size, elf->interp_offset);

	return error ? error : path[elf->interp_size - 1] ? -ENOEXEC : 0;
}

int exec_interpreter_open(struct exec *exec)
{
	struct file *file;
	char *path;
	int error;

	if (!exec->program.elf->interp_size)
		return 0;
	path = kmalloc(exec->program.elf->interp_size, 0);
	if (!path)
		return -ENOMEM;
	error = interpreter_path(&exec->program, path);
	if (error)
		goto free_path;
	file = vfs_open_exec(AT_FDCWD, path, LOOKUP_FOLLOW);
	if (IS_ERR(file)) {
		error = (int)PTR_ERR(file);
		goto free_path;
	}
	error = exec_image_open(&exec->interpreter, file);
	if (error == -ENOEXEC)
		error = -ELIBBAD;
	file_put(file); /* writers stay out until exec_release */
free_path:
	kfree(path);
	return error;
}

static u32 segment_protection(const struct elf64_phdr *phdr)
{
	return (phdr->p_flags & PF_R ? PROT_READ : 0) | (phdr->p_flags & PF_W ? PROT_WRITE : 0) |
	       (phdr->p_flags & PF_X ? PROT_EXEC : 0);
}

static int map_at(struct mm *mm, const struct mmap_request *request)
{
	long address;

	rwsem_write_lock(&mm->lock);
	address = vm_mmap_locked(mm, request);
	mm_write_unlock(mm);
	return address < 0 ? (int)address : 0;
}

/* The rest of the last page that has bytes of the file: zero, in this process's own copy of it. */
static int clear_tail(struct mm *mm, u64 from)
{
	static const u8 zeros[256];
	u64 end = ALIGN_UP(from, PAGE_SIZE);

	while (from < end) {
		size_t size = MIN(end - from, sizeof(zeros));

		if (vm_access_remote(mm, from, (void *)zeros, size, true) != (ssize_t)size)
			return -EFAULT;
		from += size;
	}
	return 0;
}

static int map_segment(struct mm *mm, const struct exec_image *image, const struct elf64_phdr *phdr)
{
	u64 start = ALIGN_DOWN(phdr->p_vaddr + image->bias, PAGE_SIZE),
	    lead = phdr->p_vaddr % PAGE_SIZE;
	u64 file_end = phdr->p_vaddr + image->bias + phdr->p_filesz;
	u64 zero_start = phdr->p_filesz ? ALIGN_UP(file_end, PAGE_SIZE) : start;
	u64 end = ALIGN_UP(phdr->p_vaddr + image->bias + phdr->p_memsz, PAGE_SIZE);
	struct mmap_request request = {
		.address = start,
		.length = ALIGN_UP(phdr->p_filesz + lead, PAGE_SIZE),
		.prot = segment_protection(phdr),
		.flags = MAP_PRIVATE | MAP_FIXED_NOREPLACE,
		.file = image->file,
		.page_offset = phdr->p_offset >> PAGE_SHIFT,
	};
	int error = phdr->p_filesz ? map_at(mm, &request) : 0;

	if (!error && phdr->p_filesz && phdr->p_memsz > phdr->p_filesz && (phdr->p_flags & PF_W))
		error = clear_tail(mm, file_end);
	if (error || end <= zero_start)
		return error;
	request.address = zero_start;
	request.length = end - zero_start;
	request.file = NULL;
	request.flags |= MAP_ANONYMOUS;
	request.page_offset = 0;
	return map_at(mm, &request);
}

static int map_segments(struct mm *mm, const struct exec_image *image)
{
	int error = 0;

	for (unsigned int i = 0; i < image->elf->phnum && !error; i++)
		if (image->phdrs[i].p_type == PT_LOAD && image->phdrs[i].p_memsz)
			error = map_segment(mm, image, &image->phdrs[i]);
	return error;
}

/* A free place for the whole image in the mmap area. The mm is not in use yet, so it stays free. */
static int place_image(struct mm *mm, struct exec_image *image)
{
	const struct elf_info *elf = image->elf;
	struct mmap_request request = {
		.length = elf->load_end - elf->load_start + elf->load_align - PAGE_SIZE,
		.prot = PROT_NONE,
		.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	};
	long address;

	rwsem_write_lock(&mm->lock);
	address = vm_mmap_locked(mm, &request);
	if (address >= 0)
		vm_munmap_locked(mm, (u64)address, request.length);
	mm_write_unlock(mm);
	if (address < 0)
		return (int)address;
	image->bias = ALIGN_UP((u64)address, elf->load_align) - elf->load_start;
	return 0;
}

static int place_program(struct exec *exec)
{
	struct exec_image *program = &exec->program;
	u64 base = DYNAMIC_BASE;

	if (!program->elf->dynamic)
		return 0;
	if (!exec->interpreter.file)
		return place_image(exec->mm, program);
	if (exec->randomize)
		base += (random_u64() % RANDOM_MAP_PAGES) << PAGE_SHIFT;
	program->bias = ALIGN_DOWN(base, program->elf->load_align) - program->elf->load_start;
	return 0;
}

/* /proc shows these, and brk begins behind the program. */
static void describe(struct exec *exec)
{
	const struct exec_image *program = &exec->program;
	struct mm *mm = exec->mm;
	u64 brk = ALIGN_UP(program->elf->load_end + program->bias, PAGE_SIZE);

	mm->code_start = mm->data_start = ~0UL;
	for (unsigned int i = 0; i < program->elf->phnum; i++) {
		const struct elf64_phdr *phdr = &program->phdrs[i];
		u64 start = phdr->p_vaddr + program->bias, end = start + phdr->p_filesz;

		if (phdr->p_type != PT_LOAD)
			continue;
		if (phdr->p_flags & PF_X) {
			mm->code_start = MIN(mm->code_start, start);
			mm->code_end = MAX(mm->code_end, end);
		} else {
			mm->data_start = MIN(mm->data_start, start);
			mm->data_end = MAX(mm->data_end, end);
		}
	}
	/* A program in the mmap area has no room behind it. */
	if (program->elf->dynamic && !exec->interpreter.file && exec->randomize)
		brk = ALIGN_DOWN(DYNAMIC_BASE, PAGE_SIZE);
	if (exec->randomize)
		brk += ALIGN_DOWN(random_u64() % RANDOM_BRK, PAGE_SIZE);
	mm->brk_start = mm->brk = brk;
	mm->exe = file_get(program->file);
	(void)inode_deny_write(mm->exe->inode); /* as opening it has: cannot fail */
}

int exec_load(struct exec *exec)
{
	int error = place_program(exec);

	if (!error)
		error = map_segments(exec->mm, &exec->program);
	if (error)
		return error;
	exec->entry = exec->program.elf->entry + exec->program.bias;
	describe(exec);
	if (!exec->interpreter.file)
		return 0;
	if (exec->interpreter.elf->dynamic)
		error = place_image(exec->mm, &exec->interpreter);
	if (!error)
		error = map_segments(exec->mm, &exec->interpreter);
	exec->entry = exec->interpreter.elf->entry + exec->interpreter.bias;
	return error;
}
