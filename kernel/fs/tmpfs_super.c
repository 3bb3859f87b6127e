/* tmpfs, the file system as a whole: mount options, statfs, the root file system, files without a name. */
#include "tmpfs.h"

#include <abi/errno.h>
#include <abi/mount.h>
#include <kernel/page.h>
#include <kernel/printk.h>
#include <kernel/seq_file.h>
#include <kernel/shmem.h>
#include <kernel/vm.h>
#include <lib/err.h>
#include <lib/parse.h>
#include <lib/string.h>

struct mount *shmem_mount __ro_after_init;

/* --- Options -------------------------------------------------------------------------------------------------------------- */

static u64 total_pages(void)
{
	struct page_counts counts;

	page_counts_read(&counts);
	return counts.total;
}

/* "64m", "50%", "0" for no limit: in pages. */
static int parse_size(const char *value, u64 *pages)
{
	const char *end;
	u64 size;
	int error = parse_memory_size(value, &size, &end);

	if (error)
		return -EINVAL;
	if (*end == '%' && !end[1])
		size = total_pages() * PAGE_SIZE / 100 * size;
	else if (*end)
		return -EINVAL;
	*pages = size ? DIV_ROUND_UP(size, PAGE_SIZE) : TMPFS_UNLIMITED;
	return 0;
}

static int parse_count(const char *value, u64 *count)
{
	const char *end;
	int error = parse_memory_size(value, count, &end);

	if (error || *end)
		return -EINVAL;
	*count = *count ? *count : TMPFS_UNLIMITED;
	return 0;
}

static int parse_option(void *data, const char *key, const char *value)
{
	struct tmpfs *tmpfs = data;
	int error;

	if (str_equal(key, "size"))
		return parse_size(value, &tmpfs->max_pages);
	if (str_equal(key, "nr_blocks"))
		return parse_count(value, &tmpfs->max_pages);
	if (str_equal(key, "nr_inodes"))
		return parse_count(value, &tmpfs->max_inodes);
	if (str_equal(key, "uid"))
		return option_number(value, 10, &tmpfs->uid);
	if (str_equal(key, "gid"))
		return option_number(value, 10, &tmpfs->gid);
	if (str_equal(key, "mode")) {
		error = option_number(value, 8, &tmpfs->mode);
		tmpfs->mode &= 07777;
		return error;
	}
	if (str_equal(key, "huge"))
		return tmpfs_parse_huge(value, &tmpfs->huge);
	/* What changes nothing that a program can see. */
	return str_equal(key, "inode64") || str_equal(key, "mpol") ? 0 : -EINVAL;
}

/* --- Operations ------------------------------------------------------------------------------------------------------------ */

static int tmpfs_statfs(struct super *super, struct abi_statfs *statfs)
{
	struct tmpfs *tmpfs = super->private_data;
	u64 pages = (u64)atomic_read(&tmpfs->pages), inodes = (u64)atomic_read(&tmpfs->inodes);

	if (tmpfs->max_pages != TMPFS_UNLIMITED) {
		statfs->f_blocks = tmpfs->max_pages;
		statfs->f_bfree = statfs->f_bavail = tmpfs->max_pages - MIN(pages, tmpfs->max_pages);
	}
	if (tmpfs->max_inodes != TMPFS_UNLIMITED) {
		statfs->f_files = tmpfs->max_inodes;
		statfs->f_ffree = tmpfs->max_inodes - MIN(inodes, tmpfs->max_inodes);
	}
	return 0;
}

static int tmpfs_remount(struct super *super, u32 flags, const char *options)
{
	struct tmpfs *tmpfs = super->private_data, changed = *tmpfs;
	int error = options_parse(options, parse_option, &changed);

	(void)flags;
	if (error)
		return error;
	if (changed.max_pages < (u64)atomic_read(&tmpfs->pages) ||
	    changed.max_inodes < (u64)atomic_read(&tmpfs->inodes))
		return -EINVAL;
	WRITE_ONCE(tmpfs->max_pages, changed.max_pages);
	WRITE_ONCE(tmpfs->max_inodes, changed.max_inodes);
	WRITE_ONCE(tmpfs->huge, changed.huge);
	return 0;
}

static void tmpfs_show_options(struct super *super, struct seq_file *out)
{
	const struct tmpfs *tmpfs = super->private_data;
	u64 usual = tmpfs->show_limits ? 0 : total_pages() / 2;

	if (tmpfs->max_pages != usual && tmpfs->max_pages != TMPFS_UNLIMITED)
		seq_printf(out, ",size=%lluk",
			   (unsigned long long)tmpfs->max_pages * (PAGE_SIZE / KIB));
	if (tmpfs->max_inodes != usual && tmpfs->max_inodes != TMPFS_UNLIMITED)
		seq_printf(out, ",nr_inodes=%llu", (unsigned long long)tmpfs->max_inodes);
	if (tmpfs->mode != 01777)
		seq_printf(out, ",mode=%03o", tmpfs->mode);
	if (tmpfs->uid)
		seq_printf(out, ",uid=%u", tmpfs->uid);
	if (tmpfs->gid)
		seq_printf(out, ",gid=%u", tmpfs->gid);
	seq_puts(out, ",inode64");
	if (tmpfs->huge != SHMEM_HUGE_NEVER)
		seq_printf(out, ",huge=%s", shmem_huge_names[tmpfs->huge]);
}

static void tmpfs_release(struct super *super)
{
	kfree(super->private_data);
}

static const struct super_ops super_ops = {
	.destroy_inode = tmpfs_inode_destroy,
	.statfs = tmpfs_statfs,
	.remount = tmpfs_remount,
	.show_options = tmpfs_show_options,
	.release = tmpfs_release,
	.keeps_xattrs = true,
};

/* --- Mounting -------------------------------------------------------------------------------------------------------------- */

static int make_root(struct super *super, const struct tmpfs *tmpfs)
{
	struct inode *inode = tmpfs_inode_new(super, NULL, S_IFDIR | tmpfs->mode);

	if (IS_ERR(inode))
		return (int)PTR_ERR(inode);
	inode->uid = tmpfs->uid;
	inode->gid = tmpfs->gid;
	super->root = dentry_alloc_root(inode);
	return super->root ? 0 : -ENOMEM;
}

static struct super *make_super(const struct fs_type *type, const struct tmpfs *options)
{
	struct tmpfs *tmpfs = kmalloc(sizeof(*tmpfs), 0);
	struct super *super;
	int error;

	if (!tmpfs)
		return ERR_PTR(-ENOMEM);
	super = super_alloc(type, &super_ops, TMPFS_MAGIC);
	if (!super) {
		kfree(tmpfs);
		return ERR_PTR(-ENOMEM);
	}
	*tmpfs = *options;
	super->private_data = tmpfs;
	error = make_root(super, tmpfs);
	if (!error)
		return super;
	super_put(super);
	return ERR_PTR(error);
}

static struct super *tmpfs_mount(const struct fs_type *type, const char *source, u32 flags,
				 const char *options)
{
	u64 half = total_pages() / 2;
	struct tmpfs tmpfs = { .max_pages = half, .max_inodes = half, .mode = 01777 };
	int error;

	(void)source, (void)flags;
	tmpfs.uid = current->cred->fsuid;
	tmpfs.gid = current->cred->fsgid;
	error = options_parse(options, parse_option, &tmpfs);
	return error ? ERR_PTR(error) : make_super(type, &tmpfs);
}

static struct super *rootfs_mount(const struct fs_type *type, const char *source, u32 flags,
				  const char *options)
{
	u64 half = total_pages() / 2;
	const struct tmpfs tmpfs = {
		.max_pages = half, .max_inodes = half, .mode = 01777, .show_limits = true
	};

	(void)source, (void)flags, (void)options;
	return make_super(type, &tmpfs);
}

static struct super *shmem_mount_super(const struct fs_type *type, const char *source, u32 flags,
				       const char *options)
{
	const struct tmpfs tmpfs = { .max_pages = TMPFS_UNLIMITED,
				     .max_inodes = TMPFS_UNLIMITED,
				     .mode = 01777 };

	(void)source, (void)flags, (void)options;
	return make_super(type, &tmpfs);
}

static struct fs_type tmpfs_type = { .name = "tmpfs", .mount = tmpfs_mount };
static const struct fs_type rootfs_type = { .name = "rootfs", .mount = rootfs_mount };
static const struct fs_type shmem_type = { .name = "tmpfs", .mount = shmem_mount_super };

struct mount *tmpfs_mount_root(void)
{
	return mount_new(&rootfs_type, "rootfs", 0, "");
}

/* --- Files without a name --------------------------------------------------------------------------------------------------- */

static struct file *shmem_open(struct inode *inode, const char *name)
{
	struct name text = name_of(name, (u32)strlen(name));
	struct dentry *dentry = dentry_alloc(shmem_mount->root, &text);
	struct file *file;

	if (!dentry) {
		inode_put(inode);
		return ERR_PTR(-ENOMEM);
	}
	dentry->flags |= DENTRY_UNHASHED;
	dentry_instantiate(dentry, inode);
	file = file_alloc(shmem_mount, dentry, O_RDWR | O_LARGEFILE, &page_cache_file_ops);
	dentry_put(dentry);
	if (!IS_ERR(file))
		file->mode |= FILE_SEEKABLE;
	return file;
}

/* The promise of `pages` ends with the inode, whose private data it is. */
static struct inode *shmem_inode_new(u64 pages)
{
	struct inode *inode;

	if (pages && vm_commit(pages))
		return ERR_PTR(-ENOMEM);
	inode = tmpfs_inode_new(shmem_mount->super, NULL, S_IFREG | 0777);
	if (IS_ERR(inode))
		vm_uncommit(pages);
	else
		inode->private_data = (void *)pages;
	return inode;
}

struct file *shmem_file_create(const char *name, u64 size, bool reserve)
{
	struct inode *inode = shmem_inode_new(reserve ? size >> PAGE_SHIFT : 0);

	if (IS_ERR(inode))
		return ERR_PTR(PTR_ERR(inode));
	inode->link_count = 0;
	inode->flags = INODE_PRIVATE;
	inode->size = size;
	return shmem_open(inode, *name == '/' ? name + 1 : name);
}

void tmpfs_init(void)
{
	fs_register(&tmpfs_type);
	shmem_mount = mount_alloc_internal(&shmem_type);
	if (IS_ERR(shmem_mount))
		panic("No memory for shared memory files");
}
