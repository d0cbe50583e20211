// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the pools of coherent pages that belong to no GPU, on real memory.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/slab.h>

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
	return ttm_global_dma_pool_alloc(width, ttm_cached, t->pages + at, t->bus + at, count,
					 GFP_KERNEL);
}

static void put(struct global_test *t, unsigned int at, unsigned int count)
{
	ttm_chunk_free_pages(t->pages + at, count);
}

/* The sum over all pools that a GPU of that width reaches. */
static struct ttm_chunk_stats stats(unsigned int width)
{
	struct ttm_dma_pool *pools[TTM_GLOBAL_DMA_POOLS];
	unsigned int count = ttm_global_dma_pool_list(width, pools);
	struct ttm_chunk_stats sum = { };
	int mode;

	while (count--)
		for (mode = 0; mode < TTM_NUM_CACHING_TYPES; mode++)
			ttm_chunk_stats_add(&pools[count]->modes[mode], &sum);
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

static void ttm_global_dma_pool_narrow_serves_all(struct kunit *test)
{
	struct global_test *t = test->priv;
	struct ttm_chunk_stats before;

	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 100), 0);
	put(t, 0, 100);
	before = stats(WIDE);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 100), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(WIDE).allocs, before.allocs,
			    "a chunk was allocated while there were free pages");
	put(t, 0, 100);
}

static void ttm_global_dma_pool_wide_does_not(struct kunit *test)
{
	struct global_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 100), 0);
	put(t, 0, 100);
	KUNIT_ASSERT_EQ(test, stats(NARROW).chunks, 0);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 100), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(NARROW).in_use, 100,
			    "pages are from a pool that is too wide");
	KUNIT_EXPECT_EQ(test, beyond_narrow(t, 0, 100), 0);
	put(t, 0, 100);
}

/* Once there is a GPU of few address bits, new pages of all GPUs are within its reach. */
static void ttm_global_dma_pool_for_all(struct kunit *test)
{
	struct global_test *t = test->priv;
	unsigned int free, count;

	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 8), 0);
	KUNIT_ASSERT_EQ(test, get(t, NARROW, 8, 8), 0);
	free = stats(NARROW).free;
	count = free + 50;
	KUNIT_ASSERT_LE(test, 16 + count, TEST_PAGES);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 16, count), 0);
	KUNIT_EXPECT_EQ(test, beyond_narrow(t, 16, count), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(NARROW).in_use, 8 + count,
			    "pages are from a pool that not all GPUs reach");
	/* Each page is returned to the pool that it is from. */
	KUNIT_EXPECT_EQ(test, stats(WIDE).in_use, 16 + count);
	put(t, 0, 8);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 8 + count);
	put(t, 8, 8 + count);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 0);
	KUNIT_EXPECT_EQ(test, stats(WIDE).in_use, 0);
}

static void ttm_global_dma_pool_closed(struct kunit *test)
{
	struct global_test *t = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, get(t, NARROW, 0, 20), 0);
	for (i = 0; i < 20; i++)
		memset(page_address(t->pages[i]), i + 1, PAGE_SIZE);
	ttm_global_dma_pool_close();

	KUNIT_EXPECT_EQ(test, get(t, NARROW, 20, 1), -ENODEV);
	KUNIT_EXPECT_EQ(test, get(t, WIDE, 20, 1), -ENODEV);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(t->pages[i]), i + 1,
						   PAGE_SIZE));
	/* One by one, as an open pool would keep them in a per-CPU cache. */
	for (i = 0; i < 19; i++)
		put(t, i, 1);
	KUNIT_EXPECT_GT(test, stats(NARROW).chunks, 0);
	put(t, 19, 1);
	KUNIT_EXPECT_EQ_MSG(test, stats(NARROW).chunks, 0,
			    "a chunk was not freed with its last page");
}

/* Free pages are freed at once when the pool is closed. */
static void ttm_global_dma_pool_close_frees(struct kunit *test)
{
	struct global_test *t = test->priv;

	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 600), 0);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 600, 3), 0);
	put(t, 600, 3);
	put(t, 0, 600);
	KUNIT_ASSERT_GT(test, stats(WIDE).chunks, 0);
	ttm_global_dma_pool_close();
	KUNIT_EXPECT_EQ(test, stats(WIDE).chunks, 0);
}

/* A pool that is opened again may have chunks of another shape. */
static void ttm_global_dma_pool_open_again(struct kunit *test)
{
	struct ttm_pool_cap contiguous = both_zones;
	struct global_test *t = test->priv;

	contiguous.flags = TTM_POOL_FLAG_SHAREABLE;
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 0, 20), 0);
	KUNIT_EXPECT_EQ_MSG(test, stats(WIDE).by_order[0], stats(WIDE).chunks,
			    "chunks are not scattered");
	ttm_global_dma_pool_close();
	ttm_global_dma_pool_open(&contiguous);
	KUNIT_ASSERT_EQ(test, get(t, WIDE, 20, 600), 0);
	KUNIT_EXPECT_EQ(test, stats(WIDE).by_order[0], 1);
	KUNIT_EXPECT_GT_MSG(test, stats(WIDE).chunks, 1, "no chunk is contiguous");
	/* Pages of both shapes are returned to their chunks. */
	put(t, 0, 20);
	put(t, 20, 600);
	KUNIT_EXPECT_EQ(test, stats(WIDE).in_use, 0);
}

/* Pages for two devices of different widths do not need a pool device. */
static void ttm_global_dma_pool_below(struct kunit *test)
{
	struct global_test *t = test->priv;
	unsigned int i;

	ttm_global_dma_pool_close();
	for (i = 0; i < 2; i++)
		KUNIT_ASSERT_EQ(test,
				ttm_global_dma_pool_alloc_below(NARROW, ttm_cached,
								t->pages + 50 * i,
								t->bus + 50 * i, 50,
								GFP_KERNEL), 0);
	KUNIT_EXPECT_EQ(test, beyond_narrow(t, 0, 100), 0);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 100);
	put(t, 0, 100);
	KUNIT_EXPECT_EQ(test, stats(NARROW).in_use, 0);

	/* Other allocations do. */
	KUNIT_EXPECT_EQ(test, get(t, WIDE, 0, 1), -ENODEV);
	ttm_global_dma_pool_open(&both_zones);
	ttm_global_dma_pool_close();
	KUNIT_EXPECT_EQ(test, ttm_global_dma_pool_alloc_below(NARROW, ttm_cached, t->pages,
							      t->bus, 1, GFP_KERNEL), 0);
	put(t, 0, 1);
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
	/* The tests free the pools, of which there is one set for all GPUs. */
	if (stats(TTM_GLOBAL_DMA_WIDTH_MAX).in_use)
		kunit_skip(test, "GPUs of this machine use pages of these pools");
	ttm_pool_device_get(&cap, &present);
	if (present)
		kunit_skip(test, "this machine has a pool device, which opens and closes them");
	test->priv = t;
	ttm_global_dma_pool_open(&both_zones);
	return 0;
}

static void ttm_global_dma_pool_test_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	ttm_global_dma_pool_close();
	if (stats(TTM_GLOBAL_DMA_WIDTH_MAX).in_use)
		KUNIT_FAIL(test, "pages are in use, so the pools are not freed");
	else
		ttm_global_dma_pool_fini();
}

static struct kunit_case ttm_global_dma_pool_tests[] = {
	KUNIT_CASE(ttm_global_dma_pool_narrow_serves_all),
	KUNIT_CASE(ttm_global_dma_pool_wide_does_not),
	KUNIT_CASE(ttm_global_dma_pool_for_all),
	KUNIT_CASE(ttm_global_dma_pool_closed),
	KUNIT_CASE(ttm_global_dma_pool_close_frees),
	KUNIT_CASE(ttm_global_dma_pool_open_again),
	KUNIT_CASE(ttm_global_dma_pool_below),
	{}
};

static struct kunit_suite ttm_global_dma_pool_suite = {
	.name = "ttm_global_dma_pool",
	.init = ttm_global_dma_pool_test_init,
	.exit = ttm_global_dma_pool_test_exit,
	.test_cases = ttm_global_dma_pool_tests,
};

kunit_test_suites(&ttm_global_dma_pool_suite);

MODULE_DESCRIPTION("KUnit tests of coherent pages that belong to no GPU");
MODULE_LICENSE("Dual MIT/GPL");
