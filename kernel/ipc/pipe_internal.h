/*
 * Shared by the files of pipes.
 *
 * A pipe is a ring of page buffers. A write of up to PIPE_BUF bytes fits into one buffer, or behind the last one's bytes, so
 * it is never split nor mixed with another. Each write that does not continue the last buffer starts a new page: a pipe of
 * 16 buffers can be full with fewer than 65536 bytes, as on Linux.
 *
 * A pipe lives as long as files use it; its inode points to it (inode->state_lock), which is how openers of a FIFO meet.
 * pipe->lock is held while a splice writes to a file: RANK_PIPE is before the ranks of files.
 */
#pragma once

#include <kernel/io_iter.h>
#include <kernel/page.h>
#include <kernel/pipe.h>
#include <kernel/sched.h>
#include <kernel/slab.h>
#include <kernel/vfs.h>

struct pipe_buffer {
	struct page *page; /* reference; others may have it too, whose bytes are theirs */
	u32 offset, length;
	bool can_append; /* the rest of the page is this buffer's alone */
};

struct pipe {
	struct mutex lock; /* RANK_PIPE */
	struct wait_queue read_wait, write_wait, open_wait;
	struct pipe_buffer *buffers; /* [lock] `size` of them */
	u32 size; /* [lock] a power of two */
	u32 head, tail; /* [lock] count for ever */
	u32 readers, writers; /* [lock] open files */
	u32 reader_opens, writer_opens; /* [lock] so far */
	u32 files; /* [inode->state_lock] */
	bool nameless; /* [I] made by pipe(2): opening it again, through /proc, waits for nobody */
	struct page *spare; /* [lock] the page that was emptied last; nobody else has it */
};

static inline struct pipe *pipe_of(const struct file *file)
{
	return file->private_data;
}

static inline struct pipe_buffer *pipe_buffer_at(struct pipe *pipe, u32 at)
{
	return &pipe->buffers[at & (pipe->size - 1)];
}

static inline bool pipe_is_empty(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) == READ_ONCE(pipe->tail);
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail) >= READ_ONCE(pipe->size);
}

static inline void *pipe_buffer_bytes(const struct pipe_buffer *buffer)
{
	return (char *)page_virt(buffer->page) + buffer->offset;
}

/* pipe.c: the ring. pipe->lock held. */
/* Bytes at the front have been used. */
void pipe_consume(struct pipe *pipe, u32 bytes);
/* A new last buffer; the pipe is not full. Takes over the page's reference. */
void pipe_push(struct pipe *pipe, const struct pipe_buffer *buffer);
struct page *pipe_page_alloc(struct pipe *pipe); /* the spare one or a new one; NULL */
void pipe_page_free(struct pipe *pipe, struct page *page);

/* pipe.c: life. */
/* The inode's pipe, made if there is none, with one file more. NULL: out of memory. */
struct pipe *inode_pipe_get(struct inode *inode);
void inode_pipe_put(struct inode *inode, struct pipe *pipe);
void pipe_ends_count(struct pipe *pipe, const struct file *file,
		     u32 step); /* 1 more or, ~0, less; lock held */
void pipe_release(struct file *file);
