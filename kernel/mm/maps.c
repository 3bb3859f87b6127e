/* /proc/<pid>/maps, in Linux's format to the last blank. */
#include "internal.h"

#include <kernel/dev.h>
#include <kernel/file.h>
#include <kernel/seq_file.h>
#include <kernel/vfs.h>

/* Names begin in this column. */
#define NAME_COLUMN 73

static const char *vma_area_name(const struct mm *mm, struct vma *vma)
{
	if (vma->ops && vma->ops->name)
		return vma->ops->name(vma);
	if (vma->file)
		return NULL;
	if (vma->start < mm->brk && vma->end > mm->brk_start)
		return "[heap]";
	if (vma->start < mm->stack_top && vma->end >= mm->stack_top)
		return "[stack]";
	return NULL;
}

static void show_name(struct seq_file *out, const char *name, const struct file *file,
		      size_t line_start)
{
	if (!name && !file)
		return;
	while (!out->failed && out->used - line_start < NAME_COLUMN)
		seq_putc(out, ' ');
	if (name) {
		seq_puts(out, name);
	} else if (file->mount) {
		const struct path path = { file->mount, file->dentry };

		seq_path(out, &path);
	} else {
		seq_printf(out, "/%s (deleted)", file->dentry->name.text);
	}
}

void vma_show(struct seq_file *out, const struct mm *mm, struct vma *vma)
{
	const struct file *file = vma->file;
	u64 device = file ? file->inode->super->device : 0;
	size_t line_start = out->used;

	seq_printf(out, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ",
		   (unsigned long long)vma->start, (unsigned long long)vma->end,
		   vma->flags & VM_READ ? 'r' : '-', vma->flags & VM_WRITE ? 'w' : '-',
		   vma->flags & VM_EXEC ? 'x' : '-', vma->flags & VM_SHARED ? 's' : 'p',
		   file ? (unsigned long long)vma->page_offset << PAGE_SHIFT : 0ULL,
		   DEV_MAJOR(device), DEV_MINOR(device),
		   file ? (unsigned long long)file->inode->number : 0ULL);
	show_name(out, vma_area_name(mm, vma), file, line_start);
	seq_putc(out, '\n');
}

void vm_show_maps(struct seq_file *out, struct mm *mm)
{
	struct vma *vma;

	rwsem_read_lock(&mm->lock);
	for (vma = vma_first(mm); vma; vma = vma_next(vma))
		vma_show(out, mm, vma);
	rwsem_read_unlock(&mm->lock);
}
