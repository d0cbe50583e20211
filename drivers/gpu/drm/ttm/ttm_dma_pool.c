// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The coherent half of TTM's page pool: a device's chunks in all caching modes, what
 * is kept of them, and what they look like from outside.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <drm/drm_util.h>

#include "ttm_chunk.h"
#include "ttm_dma_pool.h"

/**
 * struct ttm_dma_pool - a device's coherent BO pages
 * @link: in the list of all such pools, which the shrinker goes through
 * @source: where its chunks come from
 * @modes: the chunks, by the caching of their pages
 */
struct ttm_dma_pool {
	struct list_head link;
	struct ttm_chunk_source source;
	struct ttm_chunk_allocator modes[TTM_NUM_CACHING_TYPES];
};

/*
 * The lock is for those who count, the semaphore for those who free chunks: it is
 * held for writing only to wait for them. Reclaim takes both, so no memory is
 * allocated under either.
 */
static LIST_HEAD(dma_pools);
static DEFINE_SPINLOCK(dma_pools_lock);
static DECLARE_RWSEM(dma_pools_rwsem);

/**
 * ttm_dma_pool_create() - a pool of coherent pages for a device
 * @dev: device; has to outlive the pool
 * @scattered: make chunks of single pages; see ttm_chunk_source_init()
 *
 * Return: the pool, which has no memory yet, or an error pointer: -ENOMEM.
 */
struct ttm_dma_pool *ttm_dma_pool_create(struct device *dev, bool scattered)
{
	struct ttm_dma_pool *pool = kzalloc(sizeof(*pool), GFP_KERNEL);
	int i, ret;

	if (!pool)
		return ERR_PTR(-ENOMEM);
	ttm_chunk_source_init(&pool->source, dev, scattered);
	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++) {
		ret = ttm_chunk_allocator_init(&pool->modes[i], &pool->source, i);
		if (ret)
			goto error;
	}

	spin_lock(&dma_pools_lock);
	list_add_tail(&pool->link, &dma_pools);
	spin_unlock(&dma_pools_lock);
	return pool;

error:
	while (i--)
		ttm_chunk_allocator_fini(&pool->modes[i]);
	kfree(pool);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_create);

/**
 * ttm_dma_pool_destroy() - give all memory of a pool back
 * @pool: pool without pages in use, or NULL
 *
 * Waits for a shrinker that is at work on it. A pool of which pages are in use all the
 * same stays in memory with them.
 */
void ttm_dma_pool_destroy(struct ttm_dma_pool *pool)
{
	bool gone = true;
	int i;

	if (!pool)
		return;

	down_write(&dma_pools_rwsem);
	spin_lock(&dma_pools_lock);
	list_del(&pool->link);
	spin_unlock(&dma_pools_lock);
	up_write(&dma_pools_rwsem);

	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		gone &= ttm_chunk_allocator_fini(&pool->modes[i]);
	if (gone)
		kfree(pool);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_destroy);

/**
 * ttm_dma_pool_alloc() - get pages for a BO
 * @pool: pool
 * @caching: the caching that the pages shall have
 * @pages: filled in with pages, all clean
 * @bus: filled in with their addresses for the pool's device, or NULL
 * @count: how many
 * @gfp: for memory that the pool does not have yet; may sleep
 *
 * Return: 0; -ENOMEM; -ENODEV if the pool is closed. On failure nothing is kept.
 */
int ttm_dma_pool_alloc(struct ttm_dma_pool *pool, enum ttm_caching caching,
		       struct page **pages, dma_addr_t *bus, unsigned int count,
		       gfp_t gfp)
{
	return ttm_chunk_alloc_pages(&pool->modes[caching], pages, bus, count, gfp);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_alloc);

/**
 * ttm_dma_pool_take() - get pages for a BO that the pool has already
 * @pool: pool
 * @caching: the caching that the pages shall have
 * @pages: filled in with pages, all clean
 * @bus: filled in with their addresses for the pool's device, or NULL
 * @count: how many
 *
 * Return: how many there were, from 0 to @count.
 */
unsigned int ttm_dma_pool_take(struct ttm_dma_pool *pool, enum ttm_caching caching,
			       struct page **pages, dma_addr_t *bus,
			       unsigned int count)
{
	return ttm_chunk_take_pages(&pool->modes[caching], pages, bus, count);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_take);

/**
 * ttm_dma_pool_free() - a BO's pages come back
 * @pages: pages of any pools, which no device uses any more
 * @count: how many
 *
 * Clears them. Each goes to the pool that it came from. May sleep.
 */
void ttm_dma_pool_free(struct page **pages, unsigned int count)
{
	ttm_chunk_free_pages(pages, count);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_free);

/**
 * ttm_dma_pool_open() - let a pool that was closed have memory again
 * @pool: pool
 * @scattered: make chunks of single pages from now on
 */
void ttm_dma_pool_open(struct ttm_dma_pool *pool, bool scattered)
{
	WRITE_ONCE(pool->source.scattered, scattered);
	WRITE_ONCE(pool->source.closed, false);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_open);

/**
 * ttm_dma_pool_close() - let a pool give no page any more
 * @pool: pool
 *
 * Frees what is free; the rest is freed as it comes back. May sleep.
 */
void ttm_dma_pool_close(struct ttm_dma_pool *pool)
{
	int i;

	WRITE_ONCE(pool->source.closed, true);
	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		ttm_chunk_close(&pool->modes[i]);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_close);

/**
 * ttm_dma_pools_reclaimable() - pages that ttm_dma_pools_shrink() may free
 * @nid: NUMA node, or NUMA_NO_NODE for all
 *
 * Return: an estimate of their number.
 */
unsigned long ttm_dma_pools_reclaimable(int nid)
{
	struct ttm_dma_pool *pool;
	unsigned long count = 0;
	int i;

	spin_lock(&dma_pools_lock);
	list_for_each_entry(pool, &dma_pools, link)
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
			count += ttm_chunk_reclaimable(&pool->modes[i], nid);
	spin_unlock(&dma_pools_lock);
	return count;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pools_reclaimable);

/**
 * ttm_dma_pools_shrink() - free empty chunks, of any pool
 * @nid: NUMA node that needs memory, or NUMA_NO_NODE for any
 * @count: how many pages
 *
 * For reclaim. Takes from the pools in turn, so that none has to give all.
 *
 * Return: number of pages freed.
 */
unsigned long ttm_dma_pools_shrink(int nid, unsigned long count)
{
	struct ttm_dma_pool *pool, *first = NULL;
	unsigned long freed = 0;
	int i;

	down_read(&dma_pools_rwsem);
	while (freed < count) {
		spin_lock(&dma_pools_lock);
		pool = list_first_entry_or_null(&dma_pools, typeof(*pool), link);
		if (!pool || pool == first) {
			spin_unlock(&dma_pools_lock);
			break;
		}
		list_move_tail(&pool->link, &dma_pools);
		spin_unlock(&dma_pools_lock);
		if (!first)
			first = pool;

		for (i = 0; i < TTM_NUM_CACHING_TYPES && freed < count; i++)
			freed += ttm_chunk_shrink(&pool->modes[i], nid, count - freed);
	}
	up_read(&dma_pools_rwsem);
	return freed;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pools_shrink);

/**
 * ttm_dma_pools_trim() - keep no more free pages than allowed
 * @limit: free pages that all pools together may keep
 *
 * Free pages in chunks that are not empty can exceed it; as pages come from the
 * fullest chunks, they are few.
 */
void ttm_dma_pools_trim(unsigned long limit)
{
	struct ttm_dma_pool *pool;
	unsigned long kept = 0;
	int i;

	spin_lock(&dma_pools_lock);
	list_for_each_entry(pool, &dma_pools, link)
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
			kept += ttm_chunk_free_count(&pool->modes[i]);
	spin_unlock(&dma_pools_lock);

	if (kept > limit)
		ttm_dma_pools_shrink(NUMA_NO_NODE, kept - limit);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pools_trim);

/**
 * ttm_dma_pool_stats() - what a pool has and has done
 * @pool: pool
 * @caching: in this caching mode
 * @stats: filled in
 */
void ttm_dma_pool_stats(struct ttm_dma_pool *pool, enum ttm_caching caching,
			struct ttm_chunk_stats *stats)
{
	ttm_chunk_stats_get(&pool->modes[caching], stats);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_stats);

/* The columns, from what is used most. */
static const enum ttm_caching shown_modes[] = {
	ttm_cached, ttm_write_combined, ttm_uncached
};

static void show_row(struct seq_file *m, const char *key,
		     const struct ttm_chunk_stats *stats, size_t offset)
{
	int i;

	seq_printf(m, "%-15s", key);
	for (i = 0; i < ARRAY_SIZE(shown_modes); i++)
		seq_printf(m, " %8lu",
			   *(unsigned long *)((char *)&stats[shown_modes[i]] + offset));
	seq_putc(m, '\n');
}

/**
 * ttm_dma_pool_shape() - what the pool's chunks are made of
 * @pool: pool, or NULL for one that has nothing
 *
 * Return: a word that is never freed.
 */
const char *ttm_dma_pool_shape(const struct ttm_dma_pool *pool)
{
	if (!pool)
		return "-";
	return READ_ONCE(pool->source.scattered) ? "scattered" : "contiguous";
}

/* All of its members are numbers of the same kind. */
static void stats_add(struct ttm_chunk_stats *sum, const struct ttm_chunk_stats *stats)
{
	const unsigned long *from = (const unsigned long *)stats;
	unsigned long *to = (unsigned long *)sum;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*sum) % sizeof(*to));
	for (i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

/**
 * ttm_dma_pool_show() - the numbers of some pools, summed up, as a table
 * @pools: pools
 * @count: how many, may be 0
 * @m: file
 *
 * A line for each number, a column for each caching mode.
 */
void ttm_dma_pool_show(struct ttm_dma_pool *const *pools, unsigned int count,
		       struct seq_file *m)
{
	static const struct {
		const char *key;
		size_t offset;
	} rows[] = {
		{ "in_use", offsetof(struct ttm_chunk_stats, in_use) },
		{ "free", offsetof(struct ttm_chunk_stats, free) },
		{ "per_cpu", offsetof(struct ttm_chunk_stats, per_cpu) },
		{ "chunks", offsetof(struct ttm_chunk_stats, chunks) },
		{ "chunks_full", offsetof(struct ttm_chunk_stats, full) },
		{ "chunks_partial", offsetof(struct ttm_chunk_stats, partial) },
		{ "chunks_free", offsetof(struct ttm_chunk_stats, empty) },
		{ "chunk_allocs", offsetof(struct ttm_chunk_stats, allocs) },
		{ "chunk_frees", offsetof(struct ttm_chunk_stats, frees) },
		{ "caching_changes", offsetof(struct ttm_chunk_stats, caching_changes) },
		{ "bookkeeping", offsetof(struct ttm_chunk_stats, bookkeeping) },
	};
	struct ttm_chunk_stats *stats, *one;
	char key[16];
	int i, order;

	/* The last is for one pool's. */
	stats = kcalloc(TTM_NUM_CACHING_TYPES + 1, sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return;
	one = &stats[TTM_NUM_CACHING_TYPES];
	while (count--) {
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++) {
			ttm_dma_pool_stats(pools[count], i, one);
			stats_add(&stats[i], one);
		}
	}

	seq_printf(m, "%-15s %8s %8s %8s\n", "mode", "cached", "wc", "uc");
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		show_row(m, rows[i].key, stats, rows[i].offset);
	for (order = ARRAY_SIZE(stats->by_order) - 1; order >= 0; order--) {
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
			if (stats[i].by_order[order])
				break;
		if (i == TTM_NUM_CACHING_TYPES)
			continue;
		snprintf(key, sizeof(key), "chunks_order_%d", order);
		show_row(m, key, stats, offsetof(struct ttm_chunk_stats, by_order) +
			 order * sizeof(stats->by_order[0]));
	}
	kfree(stats);
}
