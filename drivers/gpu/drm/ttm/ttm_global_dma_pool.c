// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Pools of coherent pages that belong to no GPU.
 */

#include <linux/device/faux.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>

#include <drm/drm_util.h>

#include "ttm_dma_pool.h"
#include "ttm_global_dma_pool.h"
#include "ttm_pool_cap.h"

/**
 * DOC: Global DMA pools
 *
 * A BO that two GPUs use needs pages that both reach. Where mapping a page may bounce it,
 * these have to be coherent memory, and memory of one GPU need not be within the reach of
 * the other. So the pool allocates it for a separate device, which represents all devices with the
 * same number of address bits (the DMA width).
 *
 * A BO that an importer does not reach is moved to pages of ttm-pool-32. This pool exists
 * while a GPU is bound whose BOs may have to be moved there.
 *
 * Where a pool device says that a bus address of coherent memory is valid for every device,
 * the pages of all BOs come from such pools, so that they belong to no GPU. Each GPU has
 * pages of its own width: GPUs of 40 bits leave memory below 4 GiB to GPUs of 32. If a GPU
 * of 32 bits imports one of their BOs, the BO is moved to ttm-pool-32.
 *
 * BO pages are allocated with a dma_resv held, and perhaps mmap_lock. Both come after the
 * locks of sysfs: reading a directory of sysfs may fault in a page of a BO. So no device is
 * registered then. It is registered when a GPU or a pool device is bound, and unregistered when the
 * last GPU that uses it is unbound. If another device uses pages of the pool at that time, the pool
 * stays.
 *
 * When the pool device goes away the pools are closed: they allocate no pages, and free each
 * chunk with its last page. ttm-pool-32 stays open while BOs may have to be moved to it.
 */

/**
 * struct global_pool - the pages within a DMA width
 * @dev: the device that they are coherent for
 * @pool: the pages, or NULL
 * @users: number of calls of ttm_global_dma_pool_get()
 * @gpus: number of GPUs of this width, which get pages of it if there is a pool device
 */
struct global_pool {
	struct device *dev;
	struct ttm_dma_pool *pool;
	unsigned int users;
	unsigned int gpus;
};

/* Guards what follows. The pools have their own locks. */
static DEFINE_MUTEX(global_lock);
static struct global_pool global_pools[TTM_GLOBAL_DMA_WIDTH_MAX + 1];
/* GPUs of all widths. */
static unsigned int global_gpus;
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
	return global_open && global_not_contiguous && width >= global_width;
}

static struct device *register_device(unsigned int width)
{
	struct faux_device *faux;
	char name[16];

	snprintf(name, sizeof(name), "ttm-pool-%u", width);
	faux = faux_device_create(name, NULL, NULL);
	return faux ? &faux->dev : ERR_PTR(-ENOMEM);
}

static void unregister_device(struct device *dev)
{
	faux_device_destroy(to_faux_device(dev));
}

static int global_create(struct global_pool *global, unsigned int width)
{
	struct device *dev = register_device(width);
	struct ttm_dma_pool *pool;
	int ret;

	lockdep_assert_held(&global_lock);

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	ret = dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(width));
	if (ret)
		goto error;
	pool = ttm_dma_pool_create(dev, global_scattered(width));
	if (IS_ERR(pool)) {
		ret = PTR_ERR(pool);
		goto error;
	}
	global->dev = dev;
	WRITE_ONCE(global->pool, pool);
	return 0;

error:
	unregister_device(dev);
	return ret;
}

static void global_free(struct global_pool *global)
{
	struct ttm_dma_pool *pool = global->pool;

	WRITE_ONCE(global->pool, NULL);
	/* Pages that are left have to be freed for the device. */
	if (ttm_dma_pool_destroy(pool))
		unregister_device(global->dev);
}

/* Free the free pages. Returns whether pages are left, which are in use. */
static bool global_shrink(struct global_pool *global)
{
	struct ttm_chunk_stats stats = { };
	int i;

	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++) {
		ttm_chunk_shrink(&global->pool->modes[i], NUMA_NO_NODE, ULONG_MAX);
		ttm_chunk_stats_add(&global->pool->modes[i], &stats);
	}
	/* Unlike the number of pages in use this one is exact. */
	return stats.chunks;
}

/*
 * Create or open the pool of a width if it is needed. Otherwise close it, and free it if no
 * bound GPU may still use it.
 */
static int global_update(unsigned int width)
{
	struct global_pool *global = &global_pools[width];
	/* With a pool device the BOs of each GPU may be moved to the narrowest pool. */
	unsigned int gpus = width == TTM_GLOBAL_DMA_WIDTH_MIN ? global_gpus : global->gpus;

	lockdep_assert_held(&global_lock);

	if (global->users || (global_open && gpus)) {
		if (!global->pool)
			return global_create(global, width);
		ttm_dma_pool_open(global->pool, global_scattered(width));
	} else if (global->pool) {
		ttm_dma_pool_close(global->pool);
		if (!gpus && !global_shrink(global))
			global_free(global);
	}
	return 0;
}

static int global_update_all(void)
{
	unsigned int i;
	int ret;

	for (i = TTM_GLOBAL_DMA_WIDTH_MIN; i < ARRAY_SIZE(global_pools); i++) {
		ret = global_update(i);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * ttm_global_dma_pool_get() - create the pool of a width, or use the one that exists
 * @width: bits of the bus addresses, TTM_GLOBAL_DMA_WIDTH_MIN to _MAX
 *
 * May register a device: to be called with neither a dma_resv nor mmap_lock held.
 *
 * Return: 0 or a negative errno. After a success ttm_global_dma_pool_put() has to be called.
 */
int ttm_global_dma_pool_get(unsigned int width)
{
	int ret;

	mutex_lock(&global_lock);
	global_pools[width].users++;
	ret = global_update(width);
	if (ret)
		global_pools[width].users--;
	mutex_unlock(&global_lock);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_get);

/**
 * ttm_global_dma_pool_put() - stop using the pool of a width
 * @width: as for ttm_global_dma_pool_get()
 *
 * The pool is freed with its last user, unless its pages are in use.
 */
void ttm_global_dma_pool_put(unsigned int width)
{
	mutex_lock(&global_lock);
	global_pools[width].users--;
	global_update(width);
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_put);

/**
 * ttm_global_dma_pool_add_gpu() - add a bound GPU, which gets pages if there is a pool device
 * @width: bits of the bus addresses that it reaches, TTM_GLOBAL_DMA_WIDTH_MIN to _MAX
 *
 * May register devices: to be called with neither a dma_resv nor mmap_lock held.
 *
 * Return: 0 or a negative errno. After a success ttm_global_dma_pool_remove_gpu() has to be
 * called.
 */
int ttm_global_dma_pool_add_gpu(unsigned int width)
{
	int ret;

	mutex_lock(&global_lock);
	global_gpus++;
	global_pools[width].gpus++;
	ret = global_update_all();
	if (ret) {
		global_gpus--;
		global_pools[width].gpus--;
		global_update_all();
	}
	mutex_unlock(&global_lock);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_add_gpu);

/**
 * ttm_global_dma_pool_remove_gpu() - remove a GPU that is unbound
 * @width: as for ttm_global_dma_pool_add_gpu()
 *
 * Frees the free pages of the width with its last GPU.
 */
void ttm_global_dma_pool_remove_gpu(unsigned int width)
{
	struct global_pool *global = &global_pools[width];

	mutex_lock(&global_lock);
	global_gpus--;
	if (!--global->gpus && global->pool)
		global_shrink(global);
	global_update_all();
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_remove_gpu);

/**
 * ttm_global_dma_pool_open() - open the pools when a pool device is bound
 * @cap: its capability
 *
 * Return: 0 or a negative errno; the pools are closed then.
 */
int ttm_global_dma_pool_open(const struct ttm_pool_cap *cap)
{
	int ret;

	mutex_lock(&global_lock);
	global_open = true;
	global_not_contiguous = cap->flags & TTM_POOL_FLAG_NOT_CONTIGUOUS;
	global_width = cap->width;
	ret = global_update_all();
	if (ret) {
		global_open = false;
		global_update_all();
	}
	mutex_unlock(&global_lock);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_open);

/**
 * ttm_global_dma_pool_close() - close the pools when the pool device is unbound
 *
 * Pages in use stay valid; see ttm_dma_pool_close(). The pool for moves stays open.
 */
void ttm_global_dma_pool_close(void)
{
	unsigned int i;

	mutex_lock(&global_lock);
	global_open = false;
	for (i = 0; i < ARRAY_SIZE(global_pools); i++)
		if (global_pools[i].pool)
			global_shrink(&global_pools[i]);
	global_update_all();
	mutex_unlock(&global_lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_close);

/**
 * ttm_global_dma_pool_at() - the pool of a width
 * @width: bits of the bus addresses, TTM_GLOBAL_DMA_WIDTH_MIN to _MAX
 *
 * Takes no lock.
 *
 * Return: the pool, or NULL if there is none.
 */
struct ttm_dma_pool *ttm_global_dma_pool_at(unsigned int width)
{
	return READ_ONCE(global_pools[width].pool);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_global_dma_pool_at);

/**
 * ttm_global_dma_pool_fini() - free the pools that outlived their last user
 */
void ttm_global_dma_pool_fini(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(global_pools); i++)
		if (global_pools[i].pool)
			global_free(&global_pools[i]);
}

/**
 * ttm_global_dma_pool_show() - print the counters of all pools
 * @m: file
 *
 * Prints the lines "device" and "shape" and a table as ttm_dma_pool_show() for each pool.
 */
void ttm_global_dma_pool_show(struct seq_file *m)
{
	struct global_pool *global;
	unsigned int i;

	mutex_lock(&global_lock);
	for (i = 0; i < ARRAY_SIZE(global_pools); i++) {
		global = &global_pools[i];
		if (!global->pool)
			continue;
		seq_printf(m, "\n%-15s %s\n", "device", dev_name(global->dev));
		seq_printf(m, "%-15s %s\n", "shape", ttm_dma_pool_shape(global->pool));
		ttm_dma_pool_show(&global->pool, 1, m);
	}
	mutex_unlock(&global_lock);
}
