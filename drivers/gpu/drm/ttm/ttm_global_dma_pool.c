// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Pools of coherent pages that belong to no GPU.
 */

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <drm/drm_util.h>

#include "ttm_dma_pool.h"
#include "ttm_global_dma_pool.h"
#include "ttm_pool_cap.h"

/**
 * DOC: Global DMA pools
 *
 * A BO that two GPUs use needs pages that both reach. Where mapping a page may bounce it,
 * these have to be coherent memory, and memory of one GPU need not be within the reach of
 * the other. So it is allocated for a device of the pool's own, which stands for all devices
 * with a number of address bits (the DMA width). There is such a device for each width in
 * use, ttm-pool-32, ttm-pool-40 and so on, with a pool of coherent pages.
 *
 * The devices and pools are created when a width is first used, and exist as long as TTM
 * is loaded.
 *
 * Where a pool device says that a bus address of coherent memory is valid for every device,
 * the pages of all BOs can come from here, so that no BO is copied when it is shared. Pages
 * within 32 bits serve all GPUs, those within 40 bits only GPUs that reach them. So once a
 * narrow width is in use, all GPUs get pages of it, free ones or those of new chunks. When
 * such memory runs out, GPUs that reach more get free pages of any pool within their width,
 * else a new chunk of their own.
 *
 * The pools are open while there is a pool device. When it goes away they are closed: they
 * allocate no pages, and free each chunk with its last page. A pool that
 * ttm_global_dma_pool_alloc_below() has used stays open.
 */

/**
 * struct global_pool - the pages within a DMA width
 * @dev: the device that they are coherent for
 * @pool: the pages
 * @keep_open: the pool stays open without a pool device
 */
struct global_pool {
	struct device *dev;
	struct ttm_dma_pool *pool;
	bool keep_open;
};

/* Guards what follows. The pools have their own locks. */
static DEFINE_MUTEX(global_lock);
static struct global_pool *global_pools[TTM_GLOBAL_DMA_WIDTH_MAX + 1];
/* From the pool device. */
static bool global_open;
static bool global_not_contiguous;
static unsigned int global_width;

/*
 * Whether chunks are made of single pages: adjacent pages are not adjacent on the bus anyway,
 * and all memory is within the width, so this needs no contiguous memory and under Xen no
 * hypercall.
 */
static bool global_scattered(unsigned int width)
{
	lockdep_assert_held(&global_lock);

	return global_not_contiguous && width >= global_width;
}

static struct global_pool *global_pool_create(unsigned int width)
{
	struct global_pool *global = kzalloc(sizeof(*global), GFP_KERNEL);
	char name[16];
	int ret;

	if (!global)
		return ERR_PTR(-ENOMEM);

	snprintf(name, sizeof(name), "ttm-pool-%u", width);
	global->dev = root_device_register(name);
	if (IS_ERR(global->dev)) {
		ret = PTR_ERR(global->dev);
		goto error_free;
	}
	global->dev->dma_mask = &global->dev->coherent_dma_mask;
	ret = dma_set_mask_and_coherent(global->dev, DMA_BIT_MASK(width));
	if (ret)
		goto error_device;

	global->pool = ttm_dma_pool_create(global->dev, global_scattered(width));
	if (IS_ERR(global->pool)) {
		ret = PTR_ERR(global->pool);
		goto error_device;
	}
	return global;

error_device:
	root_device_unregister(global->dev);
error_free:
	kfree(global);
	return ERR_PTR(ret);
}

/* The pool of a width, or NULL. */
static struct global_pool *global_pool_at(unsigned int width)
{
	/* Pairs with global_pool_get(). */
	return smp_load_acquire(&global_pools[width]);
}

/*
 * The pool of a width, created if need be, or an error pointer. With @keep_open the pool stays
 * open from now on; without it there has to be a pool device.
 */
static struct global_pool *global_pool_get(unsigned int width, bool keep_open)
{
	struct global_pool *global = global_pool_at(width);

	if (global && (!keep_open || READ_ONCE(global->keep_open)))
		return global;

	mutex_lock(&global_lock);
	global = global_pools[width];
	if (!global && (global_open || keep_open)) {
		global = global_pool_create(width);
		if (!IS_ERR(global)) {
			/* Pairs with global_pool_at(). */
			smp_store_release(&global_pools[width], global);
		}
	}
	if (!global) {
		global = ERR_PTR(-ENODEV);
	} else if (!IS_ERR(global) && keep_open && !global->keep_open) {
		if (!global_open)
			ttm_dma_pool_open(global->pool, global_scattered(width));
		WRITE_ONCE(global->keep_open, true);
	}
	mutex_unlock(&global_lock);
	return global;
}

/**
 * ttm_global_dma_pool_open() - open the pools, as there is a pool device
 * @cap: its capability
 */
void ttm_global_dma_pool_open(const struct ttm_pool_cap *cap)
{
	unsigned int i;

	mutex_lock(&global_lock);
	WRITE_ONCE(global_open, true);
	global_not_contiguous = cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS;
	global_width = cap->width;
	for (i = 0; i < ARRAY_SIZE(global_pools); i++)
		if (global_pools[i])
			ttm_dma_pool_open(global_pools[i]->pool, global_scattered(i));
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_open);

/**
 * ttm_global_dma_pool_close() - close the pools, as the pool device goes away
 *
 * Pages in use stay valid. Pools that ttm_global_dma_pool_alloc_below() has used stay open;
 * see ttm_dma_pool_close() for the others.
 */
void ttm_global_dma_pool_close(void)
{
	unsigned int i;

	mutex_lock(&global_lock);
	WRITE_ONCE(global_open, false);
	for (i = 0; i < ARRAY_SIZE(global_pools); i++)
		if (global_pools[i] && !global_pools[i]->keep_open)
			ttm_dma_pool_close(global_pools[i]->pool);
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_close);

/**
 * ttm_global_dma_pool_fini() - free all pools, which have no pages in use
 */
void ttm_global_dma_pool_fini(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(global_pools); i++) {
		if (!global_pools[i])
			continue;
		ttm_dma_pool_destroy(global_pools[i]->pool);
		root_device_unregister(global_pools[i]->dev);
		kfree(global_pools[i]);
		global_pools[i] = NULL;
	}
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_fini);

/* The pool of the narrowest width in use, whose pages all GPUs reach. */
static struct global_pool *global_pool_narrowest(void)
{
	struct global_pool *global = NULL;
	unsigned int w;

	for (w = TTM_GLOBAL_DMA_WIDTH_MIN; w < ARRAY_SIZE(global_pools) && !global; w++)
		global = global_pool_at(w);
	return global;
}

/**
 * ttm_global_dma_pool_alloc() - allocate pages as a pool device says
 * @width: bits of the bus addresses that the GPU reaches, TTM_GLOBAL_DMA_WIDTH_MIN to _MAX
 * @caching: caching mode of the pages
 * @pages: set to the pages, which are zeroed
 * @bus: set to their bus addresses for any device that reaches them, or NULL
 * @count: number of pages
 * @gfp: flags for the memory of new chunks; may sleep
 *
 * ttm_chunk_free_pages() frees the pages.
 *
 * Return: 0; -ENODEV if there is no pool device; -ENOMEM. On failure no page is allocated.
 */
int ttm_global_dma_pool_alloc(unsigned int width, enum ttm_caching caching,
			      struct page **pages, dma_addr_t *bus, unsigned int count,
			      gfp_t gfp)
{
	const gfp_t no_reclaim = (gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_NORETRY | __GFP_NOWARN;
	struct global_pool *own = global_pool_get(width, false), *global;
	unsigned int done = 0, w;
	int ret;

	if (IS_ERR(own))
		return PTR_ERR(own);
	/* The pool may be open for ttm_global_dma_pool_alloc_below() alone. */
	if (!READ_ONCE(global_open))
		return -ENODEV;

	global = global_pool_narrowest();
	if (global != own) {
		/* Other widths remain; do not reclaim for this one. */
		ret = ttm_chunk_alloc_pages(&global->pool->modes[caching], pages, bus, count,
					    no_reclaim);
		if (!ret)
			return 0;
	}

	/* Free pages of all pools within reach, before a chunk is allocated. */
	for (w = width; w >= TTM_GLOBAL_DMA_WIDTH_MIN && done < count; w--) {
		global = global_pool_at(w);
		if (global)
			done += ttm_chunk_take_pages(&global->pool->modes[caching],
						     pages + done, bus ? bus + done : NULL,
						     count - done);
	}
	if (done == count)
		return 0;

	ret = ttm_chunk_alloc_pages(&own->pool->modes[caching], pages + done,
				    bus ? bus + done : NULL, count - done, gfp);
	if (ret)
		ttm_chunk_free_pages(pages, done);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_alloc);

/**
 * ttm_global_dma_pool_alloc_below() - allocate pages within a DMA width
 * @width: bits of the bus addresses, TTM_GLOBAL_DMA_WIDTH_MIN to _MAX
 * @caching: caching mode of the pages
 * @pages: set to the pages, which are zeroed
 * @bus: set to their bus addresses
 * @count: number of pages
 * @gfp: flags for the memory of new chunks; may sleep
 *
 * For devices that use bus addresses without translation, with or without a pool device.
 * ttm_chunk_free_pages() frees the pages.
 *
 * Return: 0, -ENOMEM, or an error of the driver core if the device of the width could not
 * be registered; no page is allocated then.
 */
int ttm_global_dma_pool_alloc_below(unsigned int width, enum ttm_caching caching,
				    struct page **pages, dma_addr_t *bus,
				    unsigned int count, gfp_t gfp)
{
	struct global_pool *global = global_pool_get(width, true);

	if (IS_ERR(global))
		return PTR_ERR(global);
	return ttm_chunk_alloc_pages(&global->pool->modes[caching], pages, bus, count, gfp);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_alloc_below);

/**
 * ttm_global_dma_pool_list() - list the pools that a device reaches
 * @width: bits of the bus addresses that the device reaches
 * @pools: set to the pools, the widest first; room for TTM_GLOBAL_DMA_POOLS
 *
 * Return: the number of pools.
 */
unsigned int ttm_global_dma_pool_list(unsigned int width, struct ttm_dma_pool **pools)
{
	struct global_pool *global;
	unsigned int count = 0, w;

	for (w = width; w >= TTM_GLOBAL_DMA_WIDTH_MIN; w--) {
		global = global_pool_at(w);
		if (global)
			pools[count++] = global->pool;
	}
	return count;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_list);

/**
 * ttm_global_dma_pool_show() - print the counters of all pools
 * @m: file
 *
 * Prints the lines "device" and "shape" and a table as ttm_dma_pool_show() for each width in
 * use.
 */
void ttm_global_dma_pool_show(struct seq_file *m)
{
	struct global_pool *global;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(global_pools); i++) {
		global = global_pool_at(i);
		if (!global)
			continue;
		seq_printf(m, "\n%-15s %s\n", "device", dev_name(global->dev));
		seq_printf(m, "%-15s %s\n", "shape", ttm_dma_pool_shape(global->pool));
		ttm_dma_pool_show(&global->pool, 1, m);
	}
}
