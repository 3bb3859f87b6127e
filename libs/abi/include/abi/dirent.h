/* Directory entries of getdents64. */
#pragma once

#define DT_UNKNOWN 0
#define DT_FIFO 1
#define DT_CHR 2
#define DT_DIR 4
#define DT_BLK 6
#define DT_REG 8
#define DT_LNK 10
#define DT_SOCK 12
#define DT_WHT 14
/* The file type of a mode as d_type. */
#define ABI_MODE_TO_DT(mode) (((mode) >> 12) & 15)

struct abi_linux_dirent64 {
	unsigned long d_ino;
	long d_off;
	unsigned short d_reclen; /* of the entry, its name and padding to 8 */
	unsigned char d_type;
	char d_name[];
};
_Static_assert(__builtin_offsetof(struct abi_linux_dirent64, d_name) == 19, "abi_linux_dirent64");

/* getdents: d_type is the last byte of the entry. */
struct abi_linux_dirent {
	unsigned long d_ino;
	unsigned long d_off;
	unsigned short d_reclen;
	char d_name[];
};
_Static_assert(__builtin_offsetof(struct abi_linux_dirent, d_name) == 18, "abi_linux_dirent");
