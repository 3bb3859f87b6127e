/* ELF headers: good ones, each single fault, and random damage under the sanitizer. */
#include <lib/elf.h>

#include <errno.h>

#include <unit.h>

#define LIMIT 0x7ffffffff000UL
#define FILE_SIZE 0x5000UL
#define SEGMENTS 5

struct image {
	struct elf64_ehdr header;
	struct elf64_phdr segments[SEGMENTS];
};

static struct image good_image(void)
{
	return (struct image){
		.header = {
			.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_DYN,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_entry = 0x1040,
			.e_phoff = sizeof(struct elf64_ehdr),
			.e_ehsize = sizeof(struct elf64_ehdr),
			.e_phentsize = sizeof(struct elf64_phdr),
			.e_phnum = SEGMENTS,
		},
		.segments = {
			{ PT_PHDR, PF_R, 64, 64, 64, SEGMENTS * 56, SEGMENTS * 56, 8 },
			{ PT_INTERP, PF_R, 0x400, 0x400, 0x400, 28, 28, 1 },
			{ PT_LOAD, PF_R | PF_X, 0, 0, 0, 0x1800, 0x1800, 0x1000 },
			{ PT_LOAD, PF_R | PF_W, 0x2e00, 0x3e00, 0x3e00, 0x300, 0x1500, 0x200000 },
			{ PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16 },
		},
	};
}

static int check(const struct image *image, struct elf_info *info)
{
	int error = elf_check_header(image, sizeof(*image), FILE_SIZE, info);

	return error ? error : elf_check_segments(image->segments, FILE_SIZE, LIMIT, info);
}

TEST(good)
{
	struct image image = good_image();
	struct elf_info info;

	EXPECT_EQ(check(&image, &info), 0);
	EXPECT(info.dynamic);
	EXPECT_EQ(info.phnum, SEGMENTS);
	EXPECT_EQ(info.phoff, 64);
	EXPECT_EQ(info.phsize, SEGMENTS * 56);
	EXPECT_EQ(info.entry, 0x1040);
	EXPECT_EQ(info.load_start, 0);
	EXPECT_EQ(info.load_end, 0x6000);
	EXPECT_EQ(info.load_align, 0x200000);
	EXPECT_EQ(info.phdr_vaddr, 64);
	EXPECT_EQ(info.bss_start, 0x4100);
	EXPECT_EQ(info.bss_end, 0x5300);
	EXPECT_EQ(info.interp_offset, 0x400);
	EXPECT_EQ(info.interp_size, 28);
	EXPECT(info.has_stack && !info.exec_stack && !info.truncated);
}

TEST(static_program)
{
	struct image image = good_image();
	struct elf_info info;

	image.header.e_type = ET_EXEC;
	image.segments[1].p_type = PT_NULL;
	image.segments[2].p_vaddr = 0x400000;
	image.segments[3].p_vaddr = 0x403e00;
	image.segments[4].p_flags |= PF_X;
	EXPECT_EQ(check(&image, &info), 0);
	EXPECT(!info.dynamic);
	EXPECT_EQ(info.interp_size, 0);
	EXPECT_EQ(info.load_start, 0x400000);
	EXPECT_EQ(info.phdr_vaddr, 0x400040);
	EXPECT(info.exec_stack);
}

/* Each statement spoils one field of a good image. */
#define EXPECT_RESULT(result, spoil)                                                               \
	do {                                                                                       \
		struct image image = good_image();                                                 \
		struct elf_info info;                                                              \
		spoil;                                                                             \
		EXPECT_EQ(check(&image, &info), result);                                           \
	} while (0)

TEST(short_header)
{
	struct image image = good_image();
	struct elf_info info;

	for (size_t len = 0; len < sizeof(image.header); len++) {
		EXPECT_EQ(elf_check_header(&image, len, FILE_SIZE, &info), -ENOEXEC);
		EXPECT_EQ(elf_check_header(&image, sizeof(image), len, &info), -ENOEXEC);
	}
}

TEST(bad_header)
{
	EXPECT_RESULT(-ENOEXEC, image.header.e_ident[0] = 'E');
	EXPECT_RESULT(-ENOEXEC, image.header.e_ident[EI_CLASS] = 1);
	EXPECT_RESULT(-ENOEXEC, image.header.e_ident[EI_DATA] = 2);
	EXPECT_RESULT(-ENOEXEC, image.header.e_machine = 3);
	EXPECT_RESULT(-ENOEXEC, image.header.e_type = 1);
	EXPECT_RESULT(-ENOEXEC, image.header.e_phentsize = 32);
	EXPECT_RESULT(-ENOEXEC, image.header.e_phnum = 0);
	EXPECT_RESULT(-ENOEXEC, image.header.e_phnum = 0xffff);
	EXPECT_RESULT(-ENOEXEC, image.header.e_phoff = FILE_SIZE - 56);
	EXPECT_RESULT(-ENOEXEC, image.header.e_phoff = ~0UL - 55);
}

TEST(bad_segments)
{
	EXPECT_RESULT(-EINVAL, image.segments[3].p_filesz = 0x1501);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_memsz = LIMIT);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_vaddr = LIMIT - 0x200);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_vaddr = ~0UL - 0x1ff);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_offset = 0x2e01);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_offset = 0x8000000000000e00);
	EXPECT_RESULT(-EINVAL, image.segments[3].p_memsz = ~0UL);
	EXPECT_RESULT(-ENOEXEC, image.segments[2].p_type = image.segments[3].p_type = PT_NULL);
	EXPECT_RESULT(-ENOEXEC, image.segments[1].p_filesz = 1);
	EXPECT_RESULT(-ENOEXEC, image.segments[1].p_filesz = ELF_INTERP_MAX + 1);
	EXPECT_RESULT(-EIO, image.segments[1].p_offset = FILE_SIZE - 27);
	EXPECT_RESULT(-EIO, image.segments[1].p_offset = ~0UL);
}

TEST(truncated_file)
{
	struct image image = good_image();
	struct elf_info info;

	image.segments[3].p_offset = 0x10e00;
	EXPECT_EQ(check(&image, &info), 0);
	EXPECT(info.truncated);
}

TEST(allowed_oddities)
{
	EXPECT_RESULT(0, image.segments[3].p_align = 3);
	EXPECT_RESULT(0, image.segments[3].p_offset = 0x10e00);
	EXPECT_RESULT(0, image.segments[3].p_memsz = image.segments[3].p_filesz = 0);
	EXPECT_RESULT(0, image.segments[3].p_vaddr = LIMIT - 0x2200);
}

/* What the header promises of an image that passed. */
static void expect_sane(const struct image *image, const struct elf_info *info)
{
	EXPECT(info->phoff <= FILE_SIZE && info->phsize <= FILE_SIZE - info->phoff);
	EXPECT(info->load_start < info->load_end && info->load_end <= LIMIT);
	EXPECT(info->bss_start <= info->bss_end && info->bss_end <= info->load_end);
	EXPECT(IS_POWER_OF_2(info->load_align));
	EXPECT(info->interp_size == 0 || (info->interp_offset < FILE_SIZE &&
					  info->interp_size <= FILE_SIZE - info->interp_offset));
	for (int i = 0; i < info->phnum && i < SEGMENTS; i++) {
		const struct elf64_phdr *phdr = &image->segments[i];

		if (phdr->p_type != PT_LOAD || !phdr->p_memsz)
			continue;
		EXPECT(phdr->p_vaddr >= info->load_start);
		EXPECT(phdr->p_vaddr + phdr->p_memsz <= info->load_end);
	}
}

TEST(random_damage)
{
	static const u64 values[] = { 0, 1, 0x1000, LIMIT, ~0UL, 1UL << 63, FILE_SIZE, 0x7fffffff };

	for (int round = 0; round < 50000; round++) {
		struct image image = good_image();
		u8 *bytes = (u8 *)&image;
		struct elf_info info;

		for (u64 flips = 1 + unit_random_below(3); flips; flips--) {
			size_t at = unit_random_below(sizeof(image) - 8);

			if (unit_random_below(2))
				bytes[at] ^= (u8)(1 << unit_random_below(8));
			else
				memcpy(bytes + at / 8 * 8, &values[unit_random_below(8)], 8);
		}
		/* The table is where the loader put what it read: only the count is believed. */
		if (image.header.e_phnum > SEGMENTS)
			image.header.e_phnum = SEGMENTS;
		if (check(&image, &info) == 0)
			expect_sane(&image, &info);
	}
}

TEST(own_program)
{
	FILE *file = fopen("/proc/self/exe", "rb");
	static u8 start[4096];
	struct elf_info info;
	size_t len = fread(start, 1, sizeof(start), file);

	EXPECT_EQ(elf_check_header(start, len, 1UL << 30, &info), 0);
	EXPECT(info.phoff + info.phsize <= len);
	EXPECT_EQ(elf_check_segments((struct elf64_phdr *)(start + info.phoff), 1UL << 30, LIMIT,
				     &info),
		  0);
	EXPECT(info.dynamic && info.interp_size > 10);
	EXPECT(start[info.interp_offset] == '/');
	fclose(file);
}
