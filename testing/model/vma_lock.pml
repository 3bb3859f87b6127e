/*
 * The locks of kernel/mm/vma_lock.h: two faults that only look at a vma (fault_fast.c), of which the second may find that it has more
 * to do and count itself then (vma_look_lock), one that counts itself as its reader from the start (fault.c), and a writer that
 * protects memory, forks and unmaps, in some order. One vma, one page, one page table.
 *
 * What must never be: an entry is stored in a page table that was freed, or that another address space shares; or it permits what
 * the vma does not; or memory is mapped where no vma is. Nobody sleeps for ever (spin: invalid end state).
 *
 * Each statement is one step that all see at once. The one thing that x86 does otherwise, a load that overtakes an earlier store,
 * is NO_BARRIER, NO_READER_BARRIER and NO_MARK_BARRIER. Each of these, defined, is a bug that spin must find:
 *	NO_SEQUENCE	a fault stores without a second look at the sequence
 *	LATE_SEQUENCE	a fault tests the vma before its first look at the sequence
 *	NO_FLUSH	the writer does not wait until CPUs with interrupts off have answered
 *	NO_TABLE_LOCK	fork shares a page table without having had its lock
 *	NO_BARRIER	the writer looks at `touched` before others see its mark
 *	NO_READER_BARRIER	who counts itself looks at the sequence before others see the count
 *	NO_MARK_BARRIER	the writer looks at the count before others see its mark
 *	NO_HANDOVER	a fault that has looked counts itself, and does not look once more
 *	LATE_TOUCH	a fault sets `touched` after its second look
 *	NO_READERS	the writer does not wait for readers
 *	NO_GONE		a vma that has left the tree has an ordinary sequence
 *	NO_FORGET	a CPU that passes a quiescent state still remembers the vma (fault_hint)
 *	LATE_QUEUE	the writer looks for readers before it is in the queue, and not again
 */
#define GONE 255
#define FAULTS 2

byte mm_seq = 1, vma_seq;
bool in_tree = true, writable = true;
bool touched, is_waited;
byte readers;

bool directory = true, shared;	/* the page table: it is there; fork has shared it */
bool freed;			/* its memory is somebody else's */
bool table_lock;
bool entry, entry_writes;	/* it maps a page; it permits writing */

bool irq_off[FAULTS];
bool hint[FAULTS] = true;	/* the CPU remembers the vma */
bool vma_freed;			/* the memory of the vma is somebody else's */
bool queued, woken;		/* the writer, in mm->vma_wait */

/* The entry that a fault has found empty. A writer may have marked the vma since: then it comes to the table's lock later. */
inline store()
{
	assert(!freed && !shared);
	entry = true;
	entry_writes = true
}

/* What the count and the sequence were, one after the other. */
inline count_and_look(found)
{
#ifdef NO_READER_BARRIER
	found = vma_seq;
	readers++
#else
	readers++;
	found = vma_seq
#endif
}

inline read_drop()
{
	atomic { readers--; last = readers == 0 && is_waited };
	if
	:: last && queued -> woken = true
	:: else
	fi;
	last = false
}

/* Of a reader that is counted: no writer comes before it has left. */
inline fill()
{
	atomic { !table_lock -> table_lock = true };
	assert(in_tree && writable);
	if
	:: !entry -> store()
	:: else
	fi;
	table_lock = false
}

proctype look(byte cpu)
{
	byte seen, again;
	bool last;

	irq_off[cpu] = true;
	/* The vma may have left the tree, and may do so now, but its memory stays. */
	if
	:: !hint[cpu] -> goto out
	:: else
	fi;
	assert(!vma_freed);
#ifdef LATE_SEQUENCE
	if
	:: !writable -> goto out
	:: else
	fi;
#endif
	seen = vma_seq;
	if
	:: seen >= mm_seq -> goto out
	:: else
	fi;
#ifndef LATE_SEQUENCE
	if
	:: !writable -> goto out
	:: else
	fi;
#endif
	if
	:: !directory || shared -> goto out
	:: else
	fi;
	/* It stands on the page table: reads an entry, takes the lock. */
	assert(!freed);
	if
	:: entry -> goto out
	:: else
	fi;
#ifndef LATE_TOUCH
	touched = true;
#endif
	if
	:: cpu == 1 -> goto walk
	:: atomic { !table_lock -> table_lock = true }; assert(!freed)
	:: table_lock -> goto out
	fi;
	assert(!vma_freed);
#ifndef NO_SEQUENCE
	if
	:: vma_seq != seen -> table_lock = false; goto out
	:: else
	fi;
#endif
#ifdef LATE_TOUCH
	touched = true;
#endif
	if
	:: !entry -> store()
	:: else
	fi;
	table_lock = false;
	goto out;
	/* It has more to do than with interrupts off. */
walk:	count_and_look(again);
#ifndef NO_HANDOVER
	if
	:: again != seen -> irq_off[cpu] = false; read_drop(); goto end
	:: else
	fi;
#endif
	irq_off[cpu] = false;
	fill();
	read_drop();
	goto end;
out:	irq_off[cpu] = false;
end:	skip
}

/* Makes the page table if it is missing. Whom a writer is in the way of goes to mm->lock, and finds what the writer left. */
proctype reader()
{
	byte seen;
	bool last;

	if
	:: !in_tree -> goto out
	:: else
	fi;
	count_and_look(seen);
	if
	:: seen >= mm_seq -> read_drop(); goto out
	:: else
	fi;
	if
	:: !in_tree || !writable || shared -> read_drop(); goto out
	:: else
	fi;
	touched = true;
	if
	:: !directory -> directory = true
	:: else
	fi;
	fill();
	read_drop();
out:	skip
}

inline wait_readers()
{
	is_waited = true;
#ifdef LATE_QUEUE
	if
	:: readers -> woken = false; queued = true; woken; queued = false
	:: else
	fi;
#else
	do
	:: true ->
		woken = false;
		queued = true;
		if
		:: readers == 0 -> break
		:: else -> woken
		fi
	od;
	queued = false;
#endif
	is_waited = false
}

inline mark(sequence)
{
#ifdef NO_MARK_BARRIER
	found = readers;
	vma_seq = sequence;
#else
	vma_seq = sequence;
	found = readers;
#endif
#ifndef NO_READERS
	if
	:: found -> wait_readers()
	:: else
	fi;
#endif
	found = 0
}

/* The interrupts of a flush: every CPU has answered once. */
inline flush()
{
#ifndef NO_FLUSH
	!irq_off[0];
	!irq_off[1]
#else
	skip
#endif
}

inline lock_table()
{
	atomic { !table_lock -> table_lock = true }
}

/* Only what was mapped has to be flushed: else no CPU is waited for. */
inline protect()
{
	bool change;

	mark(mm_seq);
	writable = false;
	if
	:: directory && !shared ->
		lock_table();
		change = entry;
		entry_writes = false;
		table_lock = false
	:: else
	fi;
	if
	:: change -> flush(); change = false
	:: else
	fi;
	assert(!entry_writes);
	mm_seq++;
	assert(!entry_writes);
	/* And back again: the next fault may. */
	mark(mm_seq);
	writable = true;
	mm_seq++
}

inline share()
{
	mark(mm_seq);
	if
	:: directory && !shared ->
#ifndef NO_TABLE_LOCK
		lock_table();
		table_lock = false;
#endif
		entry_writes = false;	/* the directory's entry says so */
		shared = true
	:: else
	fi;
	flush();
	mm_seq++
}

/* All of the vma: its table goes too. */
inline unmap()
{
	bool any;

#ifdef NO_BARRIER
	any = touched;
#endif
#ifdef NO_GONE
	mark(mm_seq);
#else
	mark(GONE);
#endif
	in_tree = false;
#ifndef NO_BARRIER
	any = touched;
#endif
	if
	:: any && directory ->
		if
		:: !shared ->
			lock_table();
			entry = false;
			entry_writes = false;
			table_lock = false
		:: else -> entry = false
		fi;
		directory = false;
		flush();
		freed = true
	:: else
	fi;
	mm_seq++;
	assert(!entry)
}

/* A grace period: each CPU has been seen outside of a fault, and has forgotten the vma there. */
inline grace(cpu)
{
#ifndef NO_FORGET
	atomic { !irq_off[cpu] -> hint[cpu] = false }
#else
	!irq_off[cpu]
#endif
}

proctype writer()
{
	byte left = 2, found;

	do
	:: left && !shared -> left--; protect()
	:: left && !shared -> left--; share()
	:: unmap(); break
	od;
	flush();
	/* Whoever still had the old vma has gone. */
	assert(!entry);
	grace(0);
	grace(1);
	vma_freed = true
}

init {
	atomic {
		if
		:: directory = false	/* nobody was here before */
		:: touched = true
		:: skip			/* the table is a neighbour's too */
		fi;
		run look(0);
		run look(1);
		run reader();
		run writer()
	}
}
