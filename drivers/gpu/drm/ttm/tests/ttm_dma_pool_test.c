// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the pool of coherent pages on real memory: the caching in the kernel's page
 * tables, the limit, the shrinker.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#ifdef CONFIG_X86
#include <asm/pgtable_types.h>
#include <asm/set_memory.h>
#endif

#include "../ttm_dma_pool.h"

#define CHUNK_PAGES	((unsigned int)BIT(TTM_CHUNK_ORDER))
#define TEST_PAGES	(4 * TTM_CHUNK_MAX_PAGES)

struct pool_test {
	struct ttm_dma_pool *pool;
	struct page **pages;
	dma_addr_t *bus;
};

static struct pool_test *start(struct kunit *test, bool scattered)
{
	struct pool_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	t->pages = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->pages);
	t->bus = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->bus), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->bus);
	t->pool = ttm_dma_pool_create(test->priv, scattered);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t->pool));
	return t;
}

static struct ttm_chunk_stats stats(struct pool_test *t, enum ttm_caching caching)
{
	struct ttm_chunk_stats stats = { };

	ttm_chunk_stats_add(&t->pool->modes[caching], &stats);
	return stats;
}

static int get(struct pool_test *t, enum ttm_caching caching, unsigned int at,
	       unsigned int count)
{
	return ttm_chunk_alloc_pages(&t->pool->modes[caching], t->pages + at, t->bus + at,
				     count, GFP_KERNEL);
}

static void put(struct pool_test *t, unsigned int at, unsigned int count,
		unsigned long limit)
{
	ttm_chunk_free_pages(t->pages + at, count);
	ttm_dma_pools_trim(limit);
}

/* The number of pages that the kernel does not map with the expected caching. */
static unsigned int miscached(struct pool_test *t, unsigned int at, unsigned int count,
			      enum ttm_caching caching)
{
	unsigned int wrong = 0;
#ifdef CONFIG_X86
	unsigned long expect = cachemode2protval(caching == ttm_cached ? _PAGE_CACHE_MODE_WB :
						 caching == ttm_write_combined ?
						 _PAGE_CACHE_MODE_WC :
						 _PAGE_CACHE_MODE_UC_MINUS);
	unsigned int level;
	unsigned long bits;
	pte_t *pte;

	for (; count--; at++) {
		pte = lookup_address((unsigned long)page_address(t->pages[at]), &level);
		/* A large page has its caching bits elsewhere. It is cached. */
		bits = pte && level == PG_LEVEL_4K ? pte_flags(*pte) & _PAGE_CACHE_MASK : 0;
		wrong += bits != expect;
	}
#endif
	return wrong;
}

static const enum ttm_caching modes[] = { ttm_cached, ttm_write_combined, ttm_uncached };

static void mode_name(const enum ttm_caching *mode, char *name)
{
	strscpy(name, *mode == ttm_cached ? "cached" :
		*mode == ttm_write_combined ? "wc" : "uc", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mode, modes, mode_name);

static void ttm_dma_pool_caching(struct kunit *test)
{
	const enum ttm_caching mode = *(const enum ttm_caching *)test->param_value;
	struct pool_test *t;
	int scattered;

	for (scattered = 0; scattered < 2; scattered++) {
		t = start(test, scattered);
		KUNIT_ASSERT_EQ(test, get(t, mode, 0, CHUNK_PAGES), 0);
		KUNIT_EXPECT_EQ(test, miscached(t, 0, CHUNK_PAGES, mode), 0);
		KUNIT_EXPECT_EQ(test, stats(t, mode).caching_changes, mode != ttm_cached);
		put(t, 0, CHUNK_PAGES, ULONG_MAX);

		/* Another user may already have one of these pages, and has it cached. */
		put(t, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, stats(t, mode).chunks, 0);
		KUNIT_EXPECT_EQ_MSG(test, miscached(t, 0, CHUNK_PAGES, ttm_cached), 0,
				    "pages were freed that are not cached");
		KUNIT_EXPECT_EQ(test, stats(t, mode).caching_changes,
				mode == ttm_cached ? 0 : 2);
		ttm_dma_pool_destroy(t->pool);
	}
}

static void ttm_dma_pool_clean(struct kunit *test)
{
	const enum ttm_caching mode = *(const enum ttm_caching *)test->param_value;
	struct pool_test *t = start(test, false);
	unsigned int i, round, dirty = 0, count = CHUNK_PAGES + 7;

	for (round = 0; round < 2; round++) {
		KUNIT_ASSERT_EQ(test, get(t, mode, 0, count), 0);
		for (i = 0; i < count; i++) {
			dirty += !!memchr_inv(page_address(t->pages[i]), 0, PAGE_SIZE);
			memset(page_address(t->pages[i]), 0xa5, PAGE_SIZE);
		}
		put(t, 0, count, ULONG_MAX);
	}
	KUNIT_EXPECT_EQ(test, dirty, 0);
	ttm_dma_pool_destroy(t->pool);
}

static void ttm_dma_pool_modes_apart(struct kunit *test)
{
	struct pool_test *t = start(test, false);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		KUNIT_ASSERT_EQ(test, get(t, modes[i], i, 1), 0);
		KUNIT_EXPECT_EQ(test, stats(t, modes[i]).in_use, 1);
		KUNIT_EXPECT_EQ(test, stats(t, modes[i]).chunks, 1);
	}
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		KUNIT_EXPECT_EQ(test, miscached(t, i, 1, modes[i]), 0);
		put(t, i, 1, ULONG_MAX);
	}
	ttm_dma_pool_destroy(t->pool);
}

/* Only as many empty chunks are freed as the limit requires. */
static void ttm_dma_pool_limit(struct kunit *test)
{
	struct pool_test *t = start(test, false);

	KUNIT_ASSERT_EQ(test, get(t, ttm_write_combined, 0, 3 * CHUNK_PAGES), 0);
	KUNIT_ASSERT_EQ(test, get(t, ttm_cached, 3 * CHUNK_PAGES, CHUNK_PAGES), 0);
	put(t, 0, 3 * CHUNK_PAGES, 2 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(t, ttm_write_combined).chunks, 2);
	put(t, 3 * CHUNK_PAGES + 1, CHUNK_PAGES - 1, CHUNK_PAGES);
	/* A page of the cached chunk is in use: its free pages are kept and counted. */
	KUNIT_EXPECT_EQ(test, stats(t, ttm_cached).chunks, 1);
	KUNIT_EXPECT_EQ(test, stats(t, ttm_write_combined).chunks, 0);
	put(t, 3 * CHUNK_PAGES, 1, 0);
	KUNIT_EXPECT_LE(test, stats(t, ttm_cached).free, CHUNK_PAGES);
	ttm_dma_pool_destroy(t->pool);
}

static void ttm_dma_pool_shrinker(struct kunit *test)
{
	struct pool_test *a = start(test, false), *b = start(test, true);
	unsigned long before = ttm_dma_pools_reclaimable(NUMA_NO_NODE);

	KUNIT_ASSERT_EQ(test, get(a, ttm_cached, 0, 2 * CHUNK_PAGES), 0);
	KUNIT_ASSERT_EQ(test, get(b, ttm_uncached, 0, 2 * CHUNK_PAGES), 0);
	KUNIT_EXPECT_EQ(test, ttm_dma_pools_reclaimable(NUMA_NO_NODE), before);
	put(a, 0, 2 * CHUNK_PAGES, ULONG_MAX);
	put(b, 0, CHUNK_PAGES, ULONG_MAX);
	KUNIT_EXPECT_EQ(test, ttm_dma_pools_reclaimable(NUMA_NO_NODE),
			before + 3 * CHUNK_PAGES);
	KUNIT_EXPECT_GE(test, ttm_dma_pools_shrink(NUMA_NO_NODE, ULONG_MAX), 3 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(a, ttm_cached).chunks, 0);
	KUNIT_EXPECT_EQ(test, stats(b, ttm_uncached).chunks, 1);
	KUNIT_EXPECT_EQ(test, stats(b, ttm_uncached).in_use, CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, ttm_dma_pools_shrink(NUMA_NO_NODE, ULONG_MAX), 0);
	put(b, CHUNK_PAGES, CHUNK_PAGES, ULONG_MAX);
	ttm_dma_pool_destroy(a->pool);
	ttm_dma_pool_destroy(b->pool);
}

static struct kunit_case ttm_dma_pool_tests[] = {
	KUNIT_CASE_PARAM(ttm_dma_pool_caching, mode_gen_params),
	KUNIT_CASE_PARAM(ttm_dma_pool_clean, mode_gen_params),
	KUNIT_CASE(ttm_dma_pool_modes_apart),
	KUNIT_CASE(ttm_dma_pool_limit),
	KUNIT_CASE(ttm_dma_pool_shrinker),
	{}
};

static int ttm_dma_pool_test_init(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "ttm_dma_pool_test");

	if (IS_ERR(dev))
		return PTR_ERR(dev);
	if (!dev->dma_mask)
		dev->dma_mask = &dev->coherent_dma_mask;
	test->priv = dev;
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
}

static struct kunit_suite ttm_dma_pool_suite = {
	.name = "ttm_dma_pool",
	.init = ttm_dma_pool_test_init,
	.test_cases = ttm_dma_pool_tests,
};

kunit_test_suites(&ttm_dma_pool_suite);

MODULE_DESCRIPTION("KUnit tests of the pool of coherent pages");
MODULE_LICENSE("Dual MIT/GPL");
