/* Checks an untrusted ELF64 file's headers before anything of it is mapped. */
#include <lib/elf.h>

#include <abi/errno.h>
#include <lib/string.h>

#define PAGE 4096UL

static bool ident_is_ours(const u8 *ident)
{
	return memcmp(ident, ELFMAG, SELFMAG) == 0 && ident[EI_CLASS] == ELFCLASS64 &&
	       ident[EI_DATA] == ELFDATA2LSB && ident[EI_VERSION] == EV_CURRENT;
}

/* [offset, offset + size) lies within a file of that length. */
static bool range_in_file(u64 offset, u64 size, u64 file_size)
{
	return offset <= file_size && size <= file_size - offset;
}

int elf_check_header(const void *buf, size_t len, u64 file_size, struct elf_info *out)
{
	struct elf64_ehdr header;

	memset(out, 0, sizeof(*out));
	if (len < sizeof(header) || file_size < sizeof(header))
		return -ENOEXEC;
	memcpy(&header, buf, sizeof(header));
	if (!ident_is_ours(header.e_ident) || header.e_machine != EM_X86_64)
		return -ENOEXEC;
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return -ENOEXEC;
	if (header.e_phentsize != sizeof(struct elf64_phdr) || header.e_phnum == 0)
		return -ENOEXEC;
	out->phsize = (u64)header.e_phnum * sizeof(struct elf64_phdr);
	if (out->phsize > ELF_PHDRS_MAX || !range_in_file(header.e_phoff, out->phsize, file_size))
		return -ENOEXEC;
	out->dynamic = header.e_type == ET_DYN;
	out->phnum = header.e_phnum;
	out->phoff = header.e_phoff;
	out->entry = header.e_entry;
	return 0;
}

/* What one PT_LOAD adds to `info`; load_end is 0 before the first. */
static int check_load(const struct elf64_phdr *phdr, u64 file_size, u64 limit, struct elf_info *info)
{
	u64 end;

	if (phdr->p_filesz > phdr->p_memsz || phdr->p_memsz > limit ||
	    phdr->p_vaddr > limit - phdr->p_memsz)
		return -EINVAL;
	/* Page by page the file is mapped: both must sit alike in their pages. */
	if (phdr->p_vaddr % PAGE != phdr->p_offset % PAGE)
		return -EINVAL;
	/* File offsets are signed. */
	if (phdr->p_offset > INT64_MAX || phdr->p_filesz > INT64_MAX - phdr->p_offset)
		return -EINVAL;
	if (!range_in_file(phdr->p_offset, phdr->p_filesz, file_size))
		info->truncated = true;
	if (IS_POWER_OF_2(phdr->p_align) && phdr->p_align <= limit)
		info->load_align = MAX(info->load_align, phdr->p_align);
	end = phdr->p_vaddr + phdr->p_memsz;
	if (info->load_end == 0 || phdr->p_vaddr < info->load_start)
		info->load_start = ALIGN_DOWN(phdr->p_vaddr, PAGE);
	info->load_end = MAX(info->load_end, ALIGN_UP(end, PAGE));
	if (end >= info->bss_end) {
		info->bss_end = end;
		info->bss_start = phdr->p_vaddr + phdr->p_filesz;
	}
	/* The program header table is in memory where the segment that holds it is. */
	if (info->phoff >= phdr->p_offset &&
	    range_in_file(info->phoff - phdr->p_offset, info->phsize, phdr->p_filesz))
		info->phdr_vaddr = phdr->p_vaddr + (info->phoff - phdr->p_offset);
	return 0;
}

static int check_interp(const struct elf64_phdr *phdr, u64 file_size, struct elf_info *info)
{
	/* The first one counts. */
	if (info->interp_size)
		return 0;
	if (phdr->p_filesz < 2 || phdr->p_filesz > ELF_INTERP_MAX)
		return -ENOEXEC;
	if (!range_in_file(phdr->p_offset, phdr->p_filesz, file_size))
		return -EIO;
	info->interp_offset = phdr->p_offset;
	info->interp_size = phdr->p_filesz;
	return 0;
}

int elf_check_segments(const struct elf64_phdr *phdrs, u64 file_size, u64 limit,
		       struct elf_info *info)
{
	int error = 0;

	info->load_align = PAGE;
	for (unsigned int i = 0; i < info->phnum && !error; i++) {
		const struct elf64_phdr *phdr = &phdrs[i];

		if (phdr->p_type == PT_LOAD && phdr->p_memsz) {
			error = check_load(phdr, file_size, limit, info);
		} else if (phdr->p_type == PT_INTERP) {
			error = check_interp(phdr, file_size, info);
		} else if (phdr->p_type == PT_GNU_STACK) {
			info->has_stack = true;
			info->exec_stack = phdr->p_flags & PF_X;
		}
	}
	if (error)
		return error;
	return info->load_end && info->load_end <= limit ? 0 : -ENOEXEC;
}
