/*
 * How epolls may watch epolls: without loops, not too deep, and with a bound on the ways by which an event of one file can
 * reach the top, for a wake-up walks them all with interrupts off. All with links_lock held.
 */
#include <abi/errno.h>
#include <kernel/file.h>

#include "epoll.h"

#define NESTING_MAX 4
#define PATH_LEVELS 5

/* Ways of each length, as Linux permits; those through one epoll are not counted. */
static const u16 path_limits[PATH_LEVELS] = { 0, 500, 100, 50, 10 };
static u64 visits; /* numbers the walks: an epoll is visited once in each */

/* How deep `epoll` nests others, itself counted; more than NESTING_MAX if it reaches `target`. */
static int nesting_below(struct epoll *epoll, const struct epoll *target, int level)
{
	struct epoll_item *item;
	int deepest = 0;

	if (epoll == target || level > NESTING_MAX)
		return NESTING_MAX + 1;
	if (epoll->visit == visits)
		return epoll->nesting;
	rb_for_each_entry (item, &epoll->items, node) {
		struct epoll *inner = epoll_of(item->file);

		if (inner)
			deepest = MAX(deepest, nesting_below(inner, target, level + 1));
	}
	epoll->visit = visits;
	epoll->nesting = MIN(deepest, NESTING_MAX) + 1;
	return epoll->nesting;
}

static int nesting_above(struct epoll *epoll, int level)
{
	struct epoll_item *item;
	int highest = 0;

	if (level > NESTING_MAX)
		return 0;
	if (epoll->visit == visits)
		return epoll->nesting;
	list_for_each_entry (item, &epoll->file->epoll_links, file_link)
		highest = MAX(highest, 1 + nesting_above(item->epoll, level + 1));
	epoll->visit = visits;
	epoll->nesting = highest;
	return highest;
}

int epoll_nesting_check(struct epoll *epoll, const struct file *file)
{
	struct epoll *inner = epoll_of(file);
	int below;

	if (!inner)
		return 0;
	visits++;
	below = nesting_below(inner, epoll, 1);
	if (below > NESTING_MAX)
		return -ELOOP;
	visits++;
	return below + nesting_above(epoll, 0) > NESTING_MAX ? -ELOOP : 0;
}

static bool paths_in_limits(const struct file *file, u16 counts[PATH_LEVELS], unsigned int level)
{
	struct epoll_item *item;

	if (level >= PATH_LEVELS)
		return false;
	list_for_each_entry (item, &file->epoll_links, file_link) {
		const struct file *above = item->epoll->file;

		if (!list_empty(&above->epoll_links)) {
			if (!paths_in_limits(above, counts, level + 1))
				return false;
		} else if (level && ++counts[level] > path_limits[level]) {
			return false;
		}
	}
	return true;
}

static bool file_in_limits(const struct file *file)
{
	u16 counts[PATH_LEVELS] = { 0 };

	return paths_in_limits(file, counts, 0);
}

/* Every file that is no epoll below `epoll`. */
static bool files_in_limits(struct epoll *epoll)
{
	struct epoll_item *item;

	if (epoll->visit == visits)
		return true;
	epoll->visit = visits;
	rb_for_each_entry (item, &epoll->items, node) {
		struct epoll *inner = epoll_of(item->file);

		if (!(inner ? files_in_limits(inner) : file_in_limits(item->file)))
			return false;
	}
	return true;
}

bool epoll_paths_check(const struct epoll *epoll, const struct file *file)
{
	struct epoll *inner = epoll_of(file);

	visits++;
	if (inner)
		return files_in_limits(inner);
	return list_empty(&epoll->file->epoll_links) || file_in_limits(file);
}
