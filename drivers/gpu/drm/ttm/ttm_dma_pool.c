// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The pools of coherent pages: the chunks of a device in all caching modes, their shrinker
 * and limit, and their counters in debugfs.
 */

#include <linux/device.h>
#include <linux/err.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/rwsem.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include <drm/drm_util.h>

#include "ttm_dma_pool.h"

/*
 * dma_pools_lock guards the list; dma_pools_rwsem keeps pools alive while chunks are freed.
 * Reclaim takes both, so no memory is allocated under either.
 */
static LIST_HEAD(dma_pools);
static DEFINE_SPINLOCK(dma_pools_lock);
static DECLARE_RWSEM(dma_pools_rwsem);

/**
 * ttm_dma_pool_create() - create a pool of coherent pages for a device
 * @dev: device; has to outlive the pool
 * @scattered: make chunks of single pages; see ttm_chunk_source_init()
 *
 * Pages are allocated from the allocators in &ttm_dma_pool.modes by
 * ttm_chunk_alloc_pages().
 *
 * Return: the pool, which has no memory yet, or an error pointer (-ENOMEM).
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
 * ttm_dma_pool_destroy() - free a pool and its memory
 * @pool: pool without pages in use, or NULL
 *
 * Waits until no shrinker uses the pool.
 *
 * Return: true on success; false if pages are in use. The pool and these pages stay in memory
 * then, and need the device; see ttm_chunk_allocator_fini().
 */
bool ttm_dma_pool_destroy(struct ttm_dma_pool *pool)
{
	bool empty = true;
	int i;

	if (!pool)
		return true;

	down_write(&dma_pools_rwsem);
	spin_lock(&dma_pools_lock);
	list_del(&pool->link);
	spin_unlock(&dma_pools_lock);
	up_write(&dma_pools_rwsem);

	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		empty &= ttm_chunk_allocator_fini(&pool->modes[i]);
	if (empty)
		kfree(pool);
	return empty;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pool_destroy);

/**
 * ttm_dma_pool_open() - open a pool that was closed
 * @pool: pool
 * @scattered: make new chunks of single pages
 */
void ttm_dma_pool_open(struct ttm_dma_pool *pool, bool scattered)
{
	WRITE_ONCE(pool->source.scattered, scattered);
	WRITE_ONCE(pool->source.closed, false);
}

/**
 * ttm_dma_pool_close() - close a pool, so that it allocates no pages
 * @pool: pool
 *
 * Frees the free pages. Pages in use stay valid; they are freed when they are returned. May
 * sleep.
 */
void ttm_dma_pool_close(struct ttm_dma_pool *pool)
{
	int i;

	WRITE_ONCE(pool->source.closed, true);
	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		ttm_chunk_close(&pool->modes[i]);
}

/**
 * ttm_dma_pools_reclaimable() - estimate the pages that ttm_dma_pools_shrink() can free
 * @nid: NUMA node, or NUMA_NO_NODE for all
 *
 * Return: the estimated number of pages.
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
 * ttm_dma_pools_shrink() - free empty chunks of all pools
 * @nid: NUMA node that needs memory, or NUMA_NO_NODE for any
 * @count: number of pages to free
 *
 * May be called from reclaim. Each call starts with another pool.
 *
 * Return: the number of pages freed.
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
 * ttm_dma_pools_trim() - free empty chunks beyond a limit
 * @limit: the number of free pages that all pools together may keep
 *
 * Only empty chunks are freed, so free pages of other chunks can exceed the limit. Pages in
 * the per-CPU caches are not counted.
 *
 * Return: the number of free pages that are left.
 */
unsigned long ttm_dma_pools_trim(unsigned long limit)
{
	struct ttm_dma_pool *pool;
	unsigned long kept = 0;
	int i;

	/* Most machines have no pool, and each BO that is freed on them comes here. */
	if (list_empty(&dma_pools))
		return 0;

	spin_lock(&dma_pools_lock);
	list_for_each_entry(pool, &dma_pools, link)
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
			kept += ttm_chunk_free_count(&pool->modes[i]);
	spin_unlock(&dma_pools_lock);

	if (kept > limit)
		kept -= min(kept, ttm_dma_pools_shrink(NUMA_NO_NODE, kept - limit));
	return kept;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_dma_pools_trim);

/**
 * ttm_dma_pool_shape() - the shape of a pool's chunks, for debugfs
 * @pool: pool or NULL
 *
 * Return: a string that is never freed.
 */
const char *ttm_dma_pool_shape(const struct ttm_dma_pool *pool)
{
	if (!pool)
		return "-";
	return READ_ONCE(pool->source.scattered) ? "scattered" : "contiguous";
}

static void show_row(struct seq_file *m, const char *key, unsigned long cached,
		     unsigned long wc, unsigned long uc)
{
	seq_printf(m, "%-15s %8lu %8lu %8lu\n", key, cached, wc, uc);
}

/**
 * ttm_dma_pool_show() - print the sum of the counters of some pools as a table
 * @pools: pools; NULL stands for an empty one
 * @count: number of pools
 * @m: file
 *
 * The table has a line for each counter and a column for each caching mode.
 */
void ttm_dma_pool_show(struct ttm_dma_pool *const *pools, unsigned int count,
		       struct seq_file *m)
{
	struct ttm_chunk_stats *stats, *cached, *wc, *uc;
	char key[16];
	int i, order;

	stats = kcalloc(TTM_NUM_CACHING_TYPES, sizeof(*stats), GFP_KERNEL);
	if (!stats)
		return;
	cached = &stats[ttm_cached];
	wc = &stats[ttm_write_combined];
	uc = &stats[ttm_uncached];
	while (count--)
		for (i = 0; pools[count] && i < TTM_NUM_CACHING_TYPES; i++)
			ttm_chunk_stats_add(&pools[count]->modes[i], &stats[i]);

	seq_printf(m, "%-15s %8s %8s %8s\n", "mode", "cached", "wc", "uc");
	show_row(m, "in_use", cached->in_use, wc->in_use, uc->in_use);
	show_row(m, "free", cached->free, wc->free, uc->free);
	show_row(m, "per_cpu", cached->per_cpu, wc->per_cpu, uc->per_cpu);
	show_row(m, "chunks", cached->chunks, wc->chunks, uc->chunks);
	show_row(m, "chunks_full", cached->full, wc->full, uc->full);
	show_row(m, "chunks_partial", cached->partial, wc->partial, uc->partial);
	show_row(m, "chunks_free", cached->empty, wc->empty, uc->empty);
	show_row(m, "chunk_allocs", cached->allocs, wc->allocs, uc->allocs);
	show_row(m, "chunk_frees", cached->frees, wc->frees, uc->frees);
	show_row(m, "caching_changes", cached->caching_changes, wc->caching_changes,
		 uc->caching_changes);
	show_row(m, "bookkeeping", cached->bookkeeping, wc->bookkeeping, uc->bookkeeping);
	for (order = ARRAY_SIZE(stats->by_order) - 1; order >= 0; order--) {
		for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
			if (stats[i].by_order[order])
				break;
		if (i == TTM_NUM_CACHING_TYPES)
			continue;
		snprintf(key, sizeof(key), "chunks_order_%d", order);
		show_row(m, key, cached->by_order[order], wc->by_order[order],
			 uc->by_order[order]);
	}
	kfree(stats);
}
