/*
 * ELF64 as far as loading a program needs it, and the checks that a loader must make first. The
 * file is untrusted: after both checks succeeded, no sum of the fields below overflows and all
 * addresses lie in [0, limit).
 */
#pragma once

#include <lib/compiler.h>

#define EI_CLASS 4
#define EI_DATA 5
#define EI_VERSION 6
#define EI_NIDENT 16
#define ELFMAG "\177ELF"
#define SELFMAG 4
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define EV_CURRENT 1
#define ET_EXEC 2
#define ET_DYN 3
#define EM_X86_64 62

#define PT_NULL 0
#define PT_LOAD 1
#define PT_DYNAMIC 2
#define PT_INTERP 3
#define PT_NOTE 4
#define PT_PHDR 6
#define PT_TLS 7
#define PT_GNU_EH_FRAME 0x6474e550
#define PT_GNU_STACK 0x6474e551
#define PT_GNU_RELRO 0x6474e552
#define PT_GNU_PROPERTY 0x6474e553
#define PF_X 1
#define PF_W 2
#define PF_R 4

#define SHT_SYMTAB 2
#define SHT_STRTAB 3
#define STT_FUNC 2
#define ELF64_ST_TYPE(info) (0xf & (info))

struct elf64_ehdr {
	u8 e_ident[EI_NIDENT];
	u16 e_type;
	u16 e_machine;
	u32 e_version;
	u64 e_entry;
	u64 e_phoff;
	u64 e_shoff;
	u32 e_flags;
	u16 e_ehsize;
	u16 e_phentsize;
	u16 e_phnum;
	u16 e_shentsize;
	u16 e_shnum;
	u16 e_shstrndx;
};
_Static_assert(sizeof(struct elf64_ehdr) == 64, "elf64_ehdr");

struct elf64_phdr {
	u32 p_type;
	u32 p_flags;
	u64 p_offset;
	u64 p_vaddr;
	u64 p_paddr;
	u64 p_filesz;
	u64 p_memsz;
	u64 p_align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "elf64_phdr");

struct elf64_shdr {
	u32 sh_name;
	u32 sh_type;
	u64 sh_flags;
	u64 sh_addr;
	u64 sh_offset;
	u64 sh_size;
	u32 sh_link;
	u32 sh_info;
	u64 sh_addralign;
	u64 sh_entsize;
};
_Static_assert(sizeof(struct elf64_shdr) == 64, "elf64_shdr");

struct elf64_sym {
	u32 st_name;
	u8 st_info;
	u8 st_other;
	u16 st_shndx;
	u64 st_value;
	u64 st_size;
};
_Static_assert(sizeof(struct elf64_sym) == 24, "elf64_sym");

struct elf64_nhdr {
	u32 n_namesz;
	u32 n_descsz;
	u32 n_type;
};

/* The longest program header table that is accepted, in bytes: Linux's limit. */
#define ELF_PHDRS_MAX 65536
/* The longest PT_INTERP, its NUL included. */
#define ELF_INTERP_MAX 4096

struct elf_info {
	/* From elf_check_header. */
	bool dynamic; /* ET_DYN: addresses are relative to a base of the loader's choice */
	u16 phnum;
	u64 phoff; /* the table lies within the file */
	u64 phsize;
	u64 entry;

	/* From elf_check_segments. */
	u64 load_start; /* the pages of all PT_LOAD: [load_start, load_end) */
	u64 load_end;
	u64 load_align; /* largest p_align that is a power of two, at least 4096 */
	u64 phdr_vaddr; /* where the table is in memory, 0 if nowhere */
	u64 bss_start; /* of the PT_LOAD that reaches highest: where the file's bytes end */
	u64 bss_end; /* and where its memory does */
	u64 interp_offset; /* PT_INTERP, within the file; interp_size is 0 if there is none */
	u64 interp_size;
	bool has_stack; /* PT_GNU_STACK is there, and asks for an executable stack */
	bool exec_stack;
	bool truncated; /* a PT_LOAD reaches beyond the end of the file: touching it is SIGBUS */
};

/*
 * Checks the file header in the first `len` bytes of a file of `file_size`. 0, or -ENOEXEC when
 * this is no ELF64 program for x86-64. `out` is written in full.
 */
int elf_check_header(const void *buf, size_t len, u64 file_size, struct elf_info *out);

/*
 * Checks the program headers, the info->phsize bytes at info->phoff, against user addresses below
 * `limit`, and completes `info`. 0, -ENOEXEC (no PT_LOAD, a bad PT_INTERP), -EIO (PT_INTERP
 * outside the file) or -EINVAL (a segment that cannot be mapped).
 */
int elf_check_segments(const struct elf64_phdr *phdrs, u64 file_size, u64 limit,
		       struct elf_info *info);
