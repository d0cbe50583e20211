// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of pools whose device determines where pages are allocated.
 */
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/swiotlb.h>

#include <drm/ttm/ttm_allocation.h>
#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "../ttm_dma_pool.h"
#include "../ttm_global_dma_pool.h"
#include "../ttm_pool_cap.h"
#include "../ttm_pool_pci.h"
#include "ttm_kunit_helpers.h"

#define TEST_PAGES	5

static struct ttm_pool *make_pool(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct ttm_pool *pool = kunit_kzalloc(test, sizeof(*pool), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pool);
	KUNIT_ASSERT_EQ(test, ttm_pool_init(pool, devs->dev, NUMA_NO_NODE,
					    TTM_ALLOCATION_POOL_BY_DEVICE), 0);
	return pool;
}

/* A tt with pages of the pool, each with different contents. */
static struct ttm_tt *make_tt(struct kunit *test, struct ttm_pool *pool,
			      enum ttm_caching caching)
{
	struct ttm_operation_ctx ctx = { };
	struct ttm_test_devices *devs = test->priv;
	struct ttm_buffer_object *bo;
	struct ttm_tt *tt;
	unsigned int i;

	bo = ttm_bo_kunit_init(test, devs, TEST_PAGES * PAGE_SIZE, NULL);
	tt = kunit_kzalloc(test, sizeof(*tt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tt);
	KUNIT_ASSERT_EQ(test, ttm_dma_tt_init(tt, bo, devs->dev, 0, caching), 0);
	KUNIT_ASSERT_EQ(test, ttm_pool_alloc(pool, tt, &ctx), 0);
	for (i = 0; i < TEST_PAGES; i++)
		memset(page_address(tt->pages[i]), i + 1, PAGE_SIZE);
	return tt;
}

static void free_tt(struct kunit *test, struct ttm_pool *pool, struct ttm_tt *tt)
{
	unsigned int i;

	for (i = 0; i < TEST_PAGES; i++)
		KUNIT_EXPECT_NULL(test, memchr_inv(page_address(tt->pages[i]), i + 1,
						   PAGE_SIZE));
	ttm_pool_free(pool, tt);
	ttm_tt_fini(tt);
}

/* Pages in use of a pool's coherent memory. */
static unsigned long in_use(struct ttm_pool *pool)
{
	struct ttm_chunk_stats stats = { };
	int i;

	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		ttm_chunk_stats_add(&pool->coherent->modes[i], &stats);
	return stats.in_use;
}

static void ttm_pool_choice_shared(struct kunit *test)
{
	struct ttm_pool *pool = make_pool(test);
	struct ttm_tt *tt = make_tt(test, pool, ttm_write_combined);

	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_SHARED);
	KUNIT_EXPECT_NULL(test, pool->coherent);
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_coherent(tt));
	free_tt(test, pool, tt);
	ttm_pool_fini(pool);
}

/* Memory that is plugged in later would be above 4 GiB. */
static void ttm_pool_choice_narrow(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct ttm_pool *pool;
	struct ttm_tt *tt;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, dma_set_mask_and_coherent(devs->dev, DMA_BIT_MASK(32)), 0);
	pool = make_pool(test);
	tt = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_SHARED);
	if (IS_ENABLED(CONFIG_MEMORY_HOTPLUG))
		KUNIT_EXPECT_TRUE(test, pool->backing.dma32);
	else
		KUNIT_EXPECT_EQ(test, pool->backing.dma32, dma_addressing_limited(devs->dev));
	for (i = 0; i < TEST_PAGES; i++)
		KUNIT_EXPECT_LT(test, page_to_phys(tt->pages[i]), BIT_ULL(32));
	free_tt(test, pool, tt);
	ttm_pool_fini(pool);
}

/*
 * Memory beyond the device's reach is plugged in while a BO has pages: here the device reaches
 * less instead.
 */
static void ttm_pool_choice_outgrown(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct ttm_pool *pool = make_pool(test);
	u64 mask = DMA_BIT_MASK(24), *before = devs->dev->dma_mask;
	struct ttm_tt *old, *new;

	old = make_tt(test, pool, ttm_write_combined);
	/* The mask for coherent memory stays as it is. */
	devs->dev->dma_mask = &mask;
	new = make_tt(test, pool, ttm_write_combined);
	devs->dev->dma_mask = before;

	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_DEVICE);
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_coherent(old));
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_coherent(new));
	KUNIT_ASSERT_NOT_NULL(test, pool->coherent);
	KUNIT_EXPECT_EQ(test, in_use(pool), TEST_PAGES);
	/* Each page returns to the pool that it is from. */
	free_tt(test, pool, old);
	KUNIT_EXPECT_EQ(test, in_use(pool), TEST_PAGES);
	free_tt(test, pool, new);
	KUNIT_EXPECT_EQ(test, in_use(pool), 0);
	ttm_pool_fini(pool);
}

#ifdef CONFIG_SWIOTLB
/* Force bouncing for this device only; swiotlb=force does it for all devices. */
static void ttm_pool_choice_bounced(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct io_tlb_mem *mem = devs->dev->dma_io_tlb_mem, *forced;
	struct ttm_pool *pool;
	struct ttm_tt *tt;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	forced = kunit_kmalloc(test, sizeof(*forced), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, forced);
	*forced = *mem;
	forced->force_bounce = true;
	devs->dev->dma_io_tlb_mem = forced;
	pool = make_pool(test);
	tt = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_coherent(tt));
	for (i = 0; i < TEST_PAGES; i++)
		KUNIT_EXPECT_EQ_MSG(test, tt->dma_address[i], page_to_phys(tt->pages[i]),
				    "the page was bounced");
	free_tt(test, pool, tt);
	ttm_pool_fini(pool);
	devs->dev->dma_io_tlb_mem = mem;
}
#endif

#ifdef CONFIG_PCI
/* BOs stay valid while a pool device is bound, unbound, and bound with another capability. */
static void ttm_pool_choice_pool_device(struct kunit *test)
{
	static const struct ttm_pool_cap shareable = {
		.zones = TTM_POOL_ZONES, .flags = TTM_POOL_FLAG_SHAREABLE, .width = 40,
	}, private = { .zones = TTM_POOL_ZONES, .width = 40 };
	struct ttm_test_devices *devs = test->priv;
	struct ttm_pool *pool;
	struct ttm_tt *tt[4];
	struct ttm_pool_cap cap;
	bool present;
	int i;

	ttm_pool_device_get(&cap, &present);
	if (present)
		kunit_skip(test, "the machine has a pool device");
	pool = make_pool(test);

	tt[0] = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_SHARED);

	KUNIT_ASSERT_EQ(test, ttm_pool_device_add(devs->dev, &shareable), 0);
	KUNIT_EXPECT_EQ_MSG(test, ttm_pool_device_add(devs->dev, &private), -EBUSY,
			    "a second pool device");
	tt[1] = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_HYPERVISOR);
	KUNIT_EXPECT_EQ(test, pool->global_width, 64);
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_coherent(tt[1]));
	KUNIT_EXPECT_FALSE(test, tt[1]->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
	KUNIT_EXPECT_NULL_MSG(test, pool->coherent, "pages are the device's own");

	ttm_pool_device_del();
	KUNIT_ASSERT_EQ(test, ttm_pool_device_add(devs->dev, &private), 0);
	tt[2] = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_DEVICE);
	KUNIT_EXPECT_TRUE(test, tt[2]->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
	KUNIT_ASSERT_NOT_NULL(test, pool->coherent);
	KUNIT_EXPECT_EQ(test, in_use(pool), TEST_PAGES);

	ttm_pool_device_del();
	tt[3] = make_tt(test, pool, ttm_cached);
	KUNIT_EXPECT_EQ(test, pool->backing.kind, TTM_BACKING_SHARED);
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_coherent(tt[3]));

	/* Each page returns to the pool that it is from. */
	for (i = 0; i < ARRAY_SIZE(tt); i++)
		free_tt(test, pool, tt[i]);
	KUNIT_EXPECT_EQ(test, in_use(pool), 0);
	ttm_pool_fini(pool);
}
#endif

static int ttm_pool_choice_init(struct kunit *test)
{
	struct ttm_test_devices *devs;
	int ret = ttm_test_devices_all_init(test);

	if (ret)
		return ret;
	devs = test->priv;
	return dma_coerce_mask_and_coherent(devs->dev, DMA_BIT_MASK(64));
}

static struct kunit_case ttm_pool_choice_tests[] = {
	KUNIT_CASE(ttm_pool_choice_shared),
	KUNIT_CASE(ttm_pool_choice_narrow),
	KUNIT_CASE(ttm_pool_choice_outgrown),
#ifdef CONFIG_SWIOTLB
	KUNIT_CASE(ttm_pool_choice_bounced),
#endif
#ifdef CONFIG_PCI
	KUNIT_CASE(ttm_pool_choice_pool_device),
#endif
	{}
};

static struct kunit_suite ttm_pool_choice_suite = {
	.name = "ttm_pool_choice",
	.init = ttm_pool_choice_init,
	.exit = ttm_test_devices_fini,
	.test_cases = ttm_pool_choice_tests,
};

kunit_test_suites(&ttm_pool_choice_suite);

MODULE_DESCRIPTION("KUnit tests of pools that choose by their device");
MODULE_LICENSE("Dual MIT/GPL");
