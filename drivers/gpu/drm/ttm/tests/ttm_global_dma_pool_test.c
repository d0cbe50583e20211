// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the pools of coherent pages that belong to no GPU, on real memory.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "../ttm_dma_pool.h"
#include "../ttm_global_dma_pool.h"
#include "../ttm_pool_cap.h"
#include "../ttm_pool_pci.h"

#define TEST_PAGES	(2 * TTM_CHUNK_MAX_PAGES)
#define NARROW		32
#define WIDE		40

struct global_test {
	struct page **pages;
	dma_addr_t *bus;
};

static const struct ttm_pool_cap both_zones = {
	.zones = TTM_POOL_ZONE_DMA32 | TTM_POOL_ZONE_NORMAL,
	.flags = TTM_POOL_FLAG_SHAREABLE | TTM_POOL_FLAG_NOT_CONTIGUOUS,
	.width = WIDE,
};

static int get(struct global_test *t, unsigned int width, unsigned int at, unsigned int count)
{
	struct ttm_dma_pool *pool = ttm_global_dma_pool_at(width);

	if (!pool)
		return -ENOENT;
	return ttm_chunk_alloc_pages(&pool->modes[ttm_cached], t->pages + at, t->bus + at,
				     count, GFP_KERNEL);
}

static void put(struct global_test *t, unsigned int at, unsigned int count)
{
	ttm_chunk_free_pages(t->pages + at, count);
}

/* The counters of a pool, zeros if there is none. */
static struct ttm_chunk_stats stats(unsigned int width)
{
	struct ttm_dma_pool *pool = ttm_global_dma_pool_at(width);
	struct ttm_chunk_stats sum = { };
	int mode;

	for (mode = 0; pool && mode < TTM_NUM_CACHING_TYPES; mode++)
		ttm_chunk_stats_add(&pool->modes[mode], &sum);
	return sum;
}

/* The number of pages with a bus address beyond 32 bits. */
static unsigned int beyond_narrow(struct global_test *t, unsigned int at, unsigned int count)
{
	unsigned int beyond = 0;

	for (; count--; at++)
		beyond += t->bus[at] + PAGE_SIZE - 1 > DMA_BIT_MASK(NARROW);
	return beyond;
}

/* A pool exists as long as it has users, and is then freed. */
static void ttm_global_dma_pool_users(struct kunit *test)
{
	struct global_test *t = test->priv;
	struct ttm_dma_pool *pool;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(NARROW), 0);
	pool = ttm_global_dma_pool_at(NARROW);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(NARROW), 0);
	KUNIT_EXPECT_PTR_EQ(test, ttm_global_dma_pool_at(NARROW), pool);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 100), 0);
	KUNIT_EXPECT_EQ(test, beyond_narrow(t, 0, 100), 0);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 100);
	put(t, 0, 100);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 0);
	ttm_global_dma_pool_put(NARROW);
	KUNIT_EXPECT_PTR_EQ(test, ttm_global_dma_pool_at(NARROW), pool);
	ttm_global_dma_pool_put(NARROW);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
}

/* Pages that another device uses outlive the last user. */
static void ttm_global_dma_pool_outlives_users(struct kunit *test)
{
	struct global_test *t = test->priv;
	struct ttm_dma_pool *pool;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(NARROW), 0);
	pool = ttm_global_dma_pool_at(NARROW);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 3), 0);
	memset(page_address(t->pages[2]), 0xa5, PAGE_SIZE);
	ttm_global_dma_pool_put(NARROW);
	KUNIT_ASSERT_PTR_EQ(test, ttm_global_dma_pool_at(NARROW), pool);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(t->pages[2]), 0xa5, PAGE_SIZE));
	put(t, 0, 3);
	/* The next user gets this pool, and the last one frees it. */
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(NARROW), 0);
	KUNIT_EXPECT_PTR_EQ(test, ttm_global_dma_pool_at(NARROW), pool);
	KUNIT_EXPECT_EQ(test, get(t, NARROW, 0, 1), 0);
	put(t, 0, 1);
	ttm_global_dma_pool_put(NARROW);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
}

/* The pools exist while there are a pool device and a GPU. Either may be there first. */
static void ttm_global_dma_pool_gpus(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_EXPECT_NOT_NULL(test, ttm_global_dma_pool_at(WIDE));
	KUNIT_EXPECT_NOT_NULL_MSG(test, ttm_global_dma_pool_at(NARROW), "for moves");
	ttm_global_dma_pool_remove_gpu(WIDE);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(WIDE));
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
	ttm_global_dma_pool_close();

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(WIDE));
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_EXPECT_NOT_NULL(test, ttm_global_dma_pool_at(WIDE));
	KUNIT_EXPECT_NOT_NULL(test, ttm_global_dma_pool_at(NARROW));
	ttm_global_dma_pool_close();
	ttm_global_dma_pool_remove_gpu(WIDE);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(WIDE));
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
}

/* The pool of a GPU of few address bits is freed when the GPU is unbound. */
static void ttm_global_dma_pool_comes_and_goes(struct kunit *test)
{
	struct global_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(NARROW), 0);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 600), 0);
	KUNIT_EXPECT_EQ(test, beyond_narrow(t, 0, 600), 0);
	put(t, 0, 600);
	KUNIT_EXPECT_GT(test, stats(NARROW).chunks, 0);
	ttm_global_dma_pool_remove_gpu(NARROW);
	KUNIT_EXPECT_EQ_MSG(test, stats(NARROW).chunks, 0, "memory below 4 GiB is kept");
	ttm_global_dma_pool_remove_gpu(WIDE);
	ttm_global_dma_pool_close();
}

static void ttm_global_dma_pool_closed(struct kunit *test)
{
	struct global_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 20), 0);
	for (i = 0; i < 20; i++)
		memset(page_address(t->pages[i]), i + 1, PAGE_SIZE);
	ttm_global_dma_pool_close();

	/* The GPU may not have noticed yet that the pool is closed. */
	KUNIT_EXPECT_EQ(test, get(t, WIDE, 20, 1), -ENODEV);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(t->pages[i]), i + 1,
						   PAGE_SIZE));
	/* Free the pages one by one: an open pool would keep them in a per-CPU cache. */
	for (i = 0; i < 19; i++)
		put(t, i, 1);
	KUNIT_EXPECT_GT(test, stats(WIDE).chunks, 0);
	put(t, 19, 1);
	KUNIT_EXPECT_EQ_MSG(test, stats(WIDE).chunks, 0,
			    "a chunk was not freed with its last page");
	ttm_global_dma_pool_remove_gpu(WIDE);
}

/* Free pages are freed at once when the pool is closed. */
static void ttm_global_dma_pool_close_frees(struct kunit *test)
{
	struct global_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 600), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 600, 3), 0);
	put(t, 600, 3);
	put(t, 0, 600);
	KUNIT_ASSERT_GT(test, stats(WIDE).chunks, 0);
	ttm_global_dma_pool_close();
	KUNIT_EXPECT_EQ(test, stats(WIDE).chunks, 0);
	ttm_global_dma_pool_remove_gpu(WIDE);
}

/* A pool that is opened again may have chunks of another shape. */
static void ttm_global_dma_pool_open_again(struct kunit *test)
{
	struct ttm_pool_cap contiguous = both_zones;
	struct global_test *t = test->priv;

	contiguous.flags = TTM_POOL_FLAG_SHAREABLE;
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 20), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(WIDE).by_order[0], stats(WIDE).chunks,
			    "chunks are not scattered");
	ttm_global_dma_pool_close();
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&contiguous), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 20, 600), 0);
	KUNIT_EXPECT_EQ(test, stats(WIDE).by_order[0], 1);
	KUNIT_EXPECT_GT_MSG(test, stats(WIDE).chunks, 1, "no chunk is contiguous");
	/* Pages of both shapes are returned to their chunks. */
	put(t, 0, 20);
	put(t, 20, 600);
	KUNIT_EXPECT_EQ(test, stats(WIDE).in_use, 0);
	ttm_global_dma_pool_close();
	ttm_global_dma_pool_remove_gpu(WIDE);
}

/* A pool that BOs are moved to stays open without a pool device. */
static void ttm_global_dma_pool_moves(struct kunit *test)
{
	struct global_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(NARROW), 0);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 10), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 10, 10), 0);
	ttm_global_dma_pool_close();
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 20, 10), 0);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 30);
	put(t, 0, 30);
	ttm_global_dma_pool_put(NARROW);
	KUNIT_EXPECT_NULL(test, ttm_global_dma_pool_at(NARROW));
}

/* Fill a tt of a GPU of this width, whose backing is "hypervisor", and free its pages. */
static void use(struct kunit *test, unsigned int width, unsigned int count)
{
	struct device *dev = kunit_device_register(test, "gpu");
	struct ttm_operation_ctx ctx = { };
	struct global_test *t = test->priv;
	struct ttm_pool *pool;
	struct ttm_tt tt = {
		.pages = t->pages, .dma_address = t->bus, .dma_dev = dev, .num_pages = count,
		.caching = ttm_cached,
	};

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pool);
	pool->dev = dev;
	pool->nid = NUMA_NO_NODE;
	pool->backing.kind = TTM_BACKING_HYPERVISOR;
	pool->global_width = width;
	mutex_init(&pool->backing_lock);

	KUNIT_ASSERT_EQ(test, ttm_pool_alloc(pool, &tt, &ctx), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(width).in_use, count, "pages are of another width");
	if (width == NARROW)
		KUNIT_EXPECT_EQ(test, beyond_narrow(t, 0, count), 0);
	ttm_pool_free(pool, &tt);
	KUNIT_EXPECT_EQ(test, stats(width).in_use, 0);
	kunit_device_unregister(test, dev);
}

/* Each GPU gets pages of its own width, even if it reaches more than another GPU. */
static void ttm_global_dma_pool_own_width(struct kunit *test)
{
	unsigned long allocs;

	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_open(&both_zones), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(NARROW), 0);
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_add_gpu(WIDE), 0);
	use(test, NARROW, 300);
	allocs = stats(NARROW).allocs;
	use(test, WIDE, 600);
	use(test, NARROW, 300);
	KUNIT_EXPECT_EQ_MSG(test, stats(NARROW).allocs, allocs, "its free pages were taken");
	ttm_global_dma_pool_remove_gpu(NARROW);
	ttm_global_dma_pool_remove_gpu(WIDE);
	ttm_global_dma_pool_close();
}

static int ttm_global_dma_pool_test_init(struct kunit *test)
{
	struct global_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	struct ttm_pool_cap cap;
	bool present;

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->pages = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->pages);
	t->bus = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->bus), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->bus);
	if (ttm_global_dma_pool_at(NARROW))
		kunit_skip(test, "GPUs of this machine use these pools");
	ttm_pool_device_get(&cap, &present);
	if (present)
		kunit_skip(test, "this machine has a pool device, which opens and closes them");
	test->priv = t;
	return 0;
}

static struct kunit_case ttm_global_dma_pool_tests[] = {
	KUNIT_CASE(ttm_global_dma_pool_users),
	KUNIT_CASE(ttm_global_dma_pool_outlives_users),
	KUNIT_CASE(ttm_global_dma_pool_gpus),
	KUNIT_CASE(ttm_global_dma_pool_comes_and_goes),
	KUNIT_CASE(ttm_global_dma_pool_closed),
	KUNIT_CASE(ttm_global_dma_pool_close_frees),
	KUNIT_CASE(ttm_global_dma_pool_open_again),
	KUNIT_CASE(ttm_global_dma_pool_moves),
	KUNIT_CASE(ttm_global_dma_pool_own_width),
	{}
};

static struct kunit_suite ttm_global_dma_pool_suite = {
	.name = "ttm_global_dma_pool",
	.init = ttm_global_dma_pool_test_init,
	.test_cases = ttm_global_dma_pool_tests,
};

kunit_test_suites(&ttm_global_dma_pool_suite);

MODULE_DESCRIPTION("KUnit tests of coherent pages that belong to no GPU");
MODULE_LICENSE("Dual MIT/GPL");
