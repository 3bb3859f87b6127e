/* statfs, and the magic numbers by which programs know a file system. */
#pragma once

#define TMPFS_MAGIC 0x1021994
#define RAMFS_MAGIC 0x858458f6
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define DEVPTS_SUPER_MAGIC 0x1cd1
#define EXT4_SUPER_MAGIC 0xef53
#define CGROUP_SUPER_MAGIC 0x27e0eb
#define CGROUP2_SUPER_MAGIC 0x63677270
#define ANON_INODE_FS_MAGIC 0x9041934
#define DEBUGFS_MAGIC 0x64626720
#define SECURITYFS_MAGIC 0x73636673
#define SOCKFS_MAGIC 0x534f434b
#define PIPEFS_MAGIC 0x50495045
#define TRACEFS_MAGIC 0x74726163
#define BPF_FS_MAGIC 0xcafe4a11
#define HUGETLBFS_MAGIC 0x958458f6
#define ISOFS_SUPER_MAGIC 0x9660
#define MSDOS_SUPER_MAGIC 0x4d44
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define NSFS_MAGIC 0x6e736673
#define SQUASHFS_MAGIC 0x73717368
#define V9FS_MAGIC 0x1021997
#define FUSE_SUPER_MAGIC 0x65735546
#define MQUEUE_MAGIC 0x19800202

struct abi_statfs {
	long f_type;
	long f_bsize;
	unsigned long f_blocks;
	unsigned long f_bfree;
	unsigned long f_bavail;
	unsigned long f_files;
	unsigned long f_ffree;
	int f_fsid[2];
	long f_namelen;
	long f_frsize;
	long f_flags;
	long f_spare[4];
};
_Static_assert(sizeof(struct abi_statfs) == 120, "abi_statfs");

/* f_flags */
#define ST_RDONLY 0x1
#define ST_NOSUID 0x2
#define ST_NODEV 0x4
#define ST_NOEXEC 0x8
#define ST_SYNCHRONOUS 0x10
#define ST_VALID 0x20
#define ST_MANDLOCK 0x40
#define ST_NOATIME 0x400
#define ST_NODIRATIME 0x800
#define ST_RELATIME 0x1000
