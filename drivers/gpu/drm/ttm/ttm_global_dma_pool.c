// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Coherent BO pages that belong to no GPU.
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
 * DOC: Hypervisor backing
 *
 * Where a pool device says that bus addresses of coherent memory hold for every device,
 * that memory need not belong to a GPU: any other that reaches the address may use the
 * page. So it is allocated with a struct device of the pool's own, which stands for "a
 * device that reaches so many bits": there is one for each DMA width in use,
 * ttm-pool-32, ttm-pool-40 and so on, with chunks of its own.
 *
 * A page of 32 bits serves all GPUs, and one of 40 bits never gets to a GPU that cannot
 * reach it. So once a narrow width is in use, all GPUs get pages of it, free ones or those
 * of a new chunk: what one GPU has made another may want to use, and that needs no copy
 * then. Only when such memory runs out do GPUs that reach more get other pages: free ones
 * of their own width or below, else a new chunk of their own.
 *
 * The devices are made when a width is first used and stay as long as TTM does, so that
 * pages outlive the pool device without a count: when it goes the pools are closed,
 * which means that they make no chunk, give no page, and free each chunk with the last
 * page that comes back.
 *
 * A BO that moves to within another device's reach, see ttm_tt_move_below(), needs such
 * pages as well, whether there is a pool device or not.
 */

#define HYPER_WIDTHS	(TTM_POOL_WIDTH_MAX + 1)

/**
 * struct ttm_global_dma_pool - the pages that a DMA width reaches
 * @dev: the device that they are coherent for
 * @pool: the pages
 * @keep_open: not closed when the pool device goes
 */
struct ttm_global_dma_pool {
	struct device *dev;
	struct ttm_dma_pool *pool;
	bool keep_open;
};

/* Protects what follows; the pools themselves have their own locks. */
static DEFINE_MUTEX(global_lock);
static struct ttm_global_dma_pool *global_pools[HYPER_WIDTHS];
static bool global_open;
static bool global_not_contiguous;
static unsigned int global_width;

/*
 * Single pages where neighbours are of no use anyway, if the width reaches any page that
 * the machine may give: that needs no contiguous memory, and under Xen no hypercall.
 */
static bool global_scattered(unsigned int width)
{
	lockdep_assert_held(&global_lock);

	return global_not_contiguous && width >= global_width;
}

static struct ttm_global_dma_pool *global_pool_create(unsigned int width)
{
	struct ttm_global_dma_pool *hyper = kzalloc(sizeof(*hyper), GFP_KERNEL);
	char name[16];
	int ret;

	if (!hyper)
		return ERR_PTR(-ENOMEM);

	snprintf(name, sizeof(name), "ttm-pool-%u", width);
	hyper->dev = root_device_register(name);
	if (IS_ERR(hyper->dev)) {
		ret = PTR_ERR(hyper->dev);
		goto error_free;
	}
	hyper->dev->dma_mask = &hyper->dev->coherent_dma_mask;
	ret = dma_set_mask_and_coherent(hyper->dev, DMA_BIT_MASK(width));
	if (ret)
		goto error_device;

	hyper->pool = ttm_dma_pool_create(hyper->dev, global_scattered(width));
	if (IS_ERR(hyper->pool)) {
		ret = PTR_ERR(hyper->pool);
		goto error_device;
	}
	return hyper;

error_device:
	root_device_unregister(hyper->dev);
error_free:
	kfree(hyper);
	return ERR_PTR(ret);
}

/* The pool of a width, if there is one, and all that is in it. */
static struct ttm_global_dma_pool *global_pool_at(unsigned int width)
{
	/* Pairs with global_pool_get(). */
	return smp_load_acquire(&global_pools[width]);
}

/*
 * The pool of a width. It stays, once it is there. One that is needed without a pool
 * device is open for good.
 */
static struct ttm_global_dma_pool *global_pool_get(unsigned int width, bool keep_open)
{
	struct ttm_global_dma_pool *hyper = global_pool_at(width);

	if (hyper && (!keep_open || READ_ONCE(hyper->keep_open)))
		return hyper;

	mutex_lock(&global_lock);
	hyper = global_pools[width];
	if (!hyper && (global_open || keep_open)) {
		hyper = global_pool_create(width);
		if (!IS_ERR(hyper)) {
			/* Pairs with global_pool_at(). */
			smp_store_release(&global_pools[width], hyper);
		}
	}
	if (!hyper) {
		hyper = ERR_PTR(-ENODEV);
	} else if (!IS_ERR(hyper) && keep_open && !hyper->keep_open) {
		if (!global_open)
			ttm_dma_pool_open(hyper->pool, global_scattered(width));
		WRITE_ONCE(hyper->keep_open, true);
	}
	mutex_unlock(&global_lock);
	return hyper;
}

/**
 * ttm_global_dma_pool_open() - there is a pool device now
 * @cap: what it says
 */
void ttm_global_dma_pool_open(const struct ttm_pool_cap *cap)
{
	unsigned int i;

	mutex_lock(&global_lock);
	WRITE_ONCE(global_open, true);
	global_not_contiguous = cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS;
	global_width = cap->width;
	for (i = 0; i < HYPER_WIDTHS; i++)
		if (global_pools[i])
			ttm_dma_pool_open(global_pools[i]->pool, global_scattered(i));
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_open);

/**
 * ttm_global_dma_pool_close() - the pool device is gone
 *
 * Pages that BOs have stay good. When this returns no chunk is left that has none in
 * use, and none is made any more; but for pools that ttm_global_dma_pool_alloc_any() has used.
 */
void ttm_global_dma_pool_close(void)
{
	unsigned int i;

	mutex_lock(&global_lock);
	WRITE_ONCE(global_open, false);
	for (i = 0; i < HYPER_WIDTHS; i++)
		if (global_pools[i] && !global_pools[i]->keep_open)
			ttm_dma_pool_close(global_pools[i]->pool);
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_close);

/**
 * ttm_global_dma_pool_fini() - give all back
 *
 * When no pool of a GPU is left, and the pools are closed.
 */
void ttm_global_dma_pool_fini(void)
{
	unsigned int i;

	for (i = 0; i < HYPER_WIDTHS; i++) {
		if (!global_pools[i])
			continue;
		ttm_dma_pool_destroy(global_pools[i]->pool);
		root_device_unregister(global_pools[i]->dev);
		kfree(global_pools[i]);
		global_pools[i] = NULL;
	}
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_fini);

/* The pool of the narrowest width in use: all other GPUs reach its pages, too. */
static struct ttm_global_dma_pool *global_pool_of_all(void)
{
	struct ttm_global_dma_pool *hyper = NULL;
	unsigned int w;

	for (w = TTM_POOL_WIDTH_MIN; w < HYPER_WIDTHS && !hyper; w++)
		hyper = global_pool_at(w);
	return hyper;
}

/**
 * ttm_global_dma_pool_alloc() - get pages for a BO
 * @width: bits of the bus addresses that the GPU reaches, TTM_POOL_WIDTH_MIN to _MAX
 * @caching: the caching that the pages shall have
 * @pages: filled in with pages, all clean
 * @bus: filled in with their addresses, for any device that reaches them, or NULL
 * @count: how many
 * @gfp: for memory that there is not yet; may sleep
 *
 * They go back by ttm_dma_pool_free().
 *
 * Return: 0; -ENODEV if there is no pool device; -ENOMEM. On failure nothing is kept.
 */
int ttm_global_dma_pool_alloc(unsigned int width, enum ttm_caching caching,
			 struct page **pages, dma_addr_t *bus, unsigned int count,
			 gfp_t gfp)
{
	const gfp_t easy = (gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_NORETRY | __GFP_NOWARN;
	struct ttm_global_dma_pool *own = global_pool_get(width, false), *hyper;
	unsigned int done = 0, w;
	int ret;

	if (IS_ERR(own))
		return PTR_ERR(own);
	/* A pool that is keep_open open is not for those that a pool device has to tell. */
	if (!READ_ONCE(global_open))
		return -ENODEV;

	hyper = global_pool_of_all();
	if (hyper != own) {
		/* There are others to be had: nobody need give up memory for these. */
		ret = ttm_dma_pool_alloc(hyper->pool, caching, pages, bus, count, easy);
		if (!ret)
			return 0;
	}

	/* Narrower ones, too, before a chunk is made. */
	for (w = width; w >= TTM_POOL_WIDTH_MIN && done < count; w--) {
		hyper = global_pool_at(w);
		if (hyper)
			done += ttm_dma_pool_take(hyper->pool, caching, pages + done,
						  bus ? bus + done : NULL, count - done);
	}
	if (done == count)
		return 0;

	ret = ttm_dma_pool_alloc(own->pool, caching, pages + done,
				 bus ? bus + done : NULL, count - done, gfp);
	if (ret)
		ttm_dma_pool_free(pages, done);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_alloc);

/**
 * ttm_global_dma_pool_alloc_any() - get pages, also without a pool device
 * @width: bits that their bus addresses have to fit into, TTM_POOL_WIDTH_MIN to _MAX
 * @caching: the caching that the pages shall have
 * @pages: filled in with pages, all clean
 * @bus: filled in with their addresses
 * @count: how many
 * @gfp: for memory that there is not yet; may sleep
 *
 * For pages that two devices are to use which reach them at the same address. They go
 * back by ttm_dma_pool_free().
 *
 * Return: 0, -ENOMEM, or what the driver core says where the width's device cannot be
 * made. On failure nothing is kept.
 */
int ttm_global_dma_pool_alloc_any(unsigned int width, enum ttm_caching caching,
			     struct page **pages, dma_addr_t *bus, unsigned int count,
			     gfp_t gfp)
{
	struct ttm_global_dma_pool *hyper = global_pool_get(width, true);

	if (IS_ERR(hyper))
		return PTR_ERR(hyper);
	return ttm_dma_pool_alloc(hyper->pool, caching, pages, bus, count, gfp);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_alloc_any);

/**
 * ttm_global_dma_pool_list() - the pools that pages for a GPU may be from
 * @width: bits of the bus addresses that the GPU reaches
 * @pools: filled in, the widest first; room for TTM_GLOBAL_DMA_POOLS
 *
 * Return: how many there are.
 */
unsigned int ttm_global_dma_pool_list(unsigned int width, struct ttm_dma_pool **pools)
{
	struct ttm_global_dma_pool *hyper;
	unsigned int count = 0, w;

	for (w = width; w >= TTM_POOL_WIDTH_MIN; w--) {
		hyper = global_pool_at(w);
		if (hyper)
			pools[count++] = hyper->pool;
	}
	return count;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_list);

/**
 * ttm_global_dma_pool_show() - the numbers of all widths as tables
 * @m: file
 *
 * A line "device", then lines as ttm_dma_pool_show() has them, for each width in use.
 */
void ttm_global_dma_pool_show(struct seq_file *m)
{
	struct ttm_global_dma_pool *hyper;
	unsigned int i;

	for (i = 0; i < HYPER_WIDTHS; i++) {
		hyper = global_pool_at(i);
		if (!hyper)
			continue;
		seq_printf(m, "\n%-15s %s\n", "device", dev_name(hyper->dev));
		seq_printf(m, "%-15s %s\n", "shape", ttm_dma_pool_shape(hyper->pool));
		ttm_dma_pool_show(&hyper->pool, 1, m);
	}
}
