// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of backup and restore, with each kind of pages that a pool has.
 */
#include <kunit/test.h>
#include <linux/highmem.h>
#include <linux/slab.h>

#include <drm/ttm/ttm_backup.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_kunit_helpers.h"

/* More than the largest run of pages */
#define BO_PAGES	(MAX_ORDER_NR_PAGES + 3)

struct backup_case {
	const char *description;
	unsigned int alloc_flags;
	enum ttm_caching caching;
};

static const struct backup_case backup_cases[] = {
	{ "shared", 0, ttm_cached },
	{ "shared, write-combined", 0, ttm_write_combined },
	{ "shared below 4 GiB", TTM_ALLOCATION_POOL_USE_DMA32, ttm_cached },
	{ "coherent", TTM_ALLOCATION_POOL_USE_DMA_ALLOC, ttm_cached },
	{ "coherent, write-combined", TTM_ALLOCATION_POOL_USE_DMA_ALLOC, ttm_write_combined },
	{ "chosen by the device", TTM_ALLOCATION_POOL_BY_DEVICE, ttm_cached },
};

KUNIT_ARRAY_PARAM_DESC(backup, backup_cases, description);

static const struct ttm_place system_place = { .mem_type = TTM_PL_SYSTEM };

static enum ttm_caching backup_caching;

/* An external tt: only a tt that TTM does not swap out can be backed up. */
static struct ttm_tt *backup_tt_create(struct ttm_buffer_object *bo, u32 page_flags)
{
	struct ttm_tt *tt = kzalloc_obj(*tt);

	if (!tt)
		return NULL;
	page_flags |= TTM_TT_FLAG_EXTERNAL | TTM_TT_FLAG_EXTERNAL_MAPPABLE;
	if (ttm_tt_init(tt, bo, page_flags, backup_caching, 0)) {
		kfree(tt);
		return NULL;
	}
	if (ttm_tt_setup_backup(tt)) {
		ttm_tt_fini(tt);
		kfree(tt);
		return NULL;
	}
	return tt;
}

static void backup_tt_destroy(struct ttm_device *bdev, struct ttm_tt *tt)
{
	ttm_tt_fini(tt);
	kfree(tt);
}

static int backup_tt_populate(struct ttm_device *bdev, struct ttm_tt *tt,
			      struct ttm_operation_ctx *ctx)
{
	if (ttm_tt_is_backed_up(tt))
		return ttm_tt_restore(bdev, tt, ctx);
	return ttm_pool_alloc(&bdev->pool, tt, ctx);
}

static struct ttm_device_funcs backup_funcs;

static struct ttm_buffer_object *backup_bo(struct kunit *test, unsigned int alloc_flags)
{
	struct ttm_placement placement = { .num_placement = 1, .placement = &system_place };
	struct ttm_test_devices *devs = test->priv;
	struct ttm_operation_ctx ctx = { };
	struct ttm_buffer_object *bo;
	struct ttm_device *ttm_dev;

	ttm_dev = kunit_kzalloc(test, sizeof(*ttm_dev), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ttm_dev);
	bo = kunit_kzalloc(test, sizeof(*bo), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bo);

	backup_funcs = ttm_dev_funcs;
	backup_funcs.ttm_tt_create = backup_tt_create;
	backup_funcs.ttm_tt_destroy = backup_tt_destroy;
	backup_funcs.ttm_tt_populate = backup_tt_populate;
	KUNIT_ASSERT_EQ(test, 0, ttm_device_init(ttm_dev, &backup_funcs, devs->drm->dev,
						 devs->drm->anon_inode->i_mapping,
						 devs->drm->vma_offset_manager, alloc_flags));
	/* From here on the suite's exit function cleans up. */
	devs->ttm_dev = ttm_dev;

	drm_gem_private_object_init(devs->drm, &bo->base, BO_PAGES * PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, 0, ttm_bo_init_reserved(ttm_dev, bo, ttm_bo_type_device,
						      &placement, PAGE_SIZE, &ctx, NULL, NULL,
						      &dummy_ttm_bo_destroy));
	return bo;
}

static void fill(struct ttm_tt *tt)
{
	void *map;
	u32 i;

	for (i = 0; i < tt->num_pages; i++) {
		map = kmap_local_page(tt->pages[i]);
		memset32(map, 0x55000000 + i, PAGE_SIZE / sizeof(u32));
		kunmap_local(map);
	}
}

/* The number of pages that do not have what fill() wrote. */
static unsigned int wrong_pages(struct ttm_tt *tt)
{
	unsigned int wrong = 0;
	u32 i, j, *map;

	for (i = 0; i < tt->num_pages; i++) {
		map = kmap_local_page(tt->pages[i]);
		for (j = 0; j < PAGE_SIZE / sizeof(u32); j++)
			if (map[j] != 0x55000000 + i)
				break;
		kunmap_local(map);
		wrong += j < PAGE_SIZE / sizeof(u32);
	}
	return wrong;
}

/*
 * Shared pages are backed up and restored. Coherent pages are refused: they return to their
 * chunk, so a backup would free no memory. A pool that chooses by its device is refused, too: a
 * restore gets shared pages, and the pool may have another backing by then.
 */
static void ttm_backup_contents(struct kunit *test)
{
	const struct backup_case *params = test->param_value;
	const unsigned int dma_alloc = TTM_ALLOCATION_POOL_USE_DMA_ALLOC;
	bool refused = params->alloc_flags & (dma_alloc | TTM_ALLOCATION_POOL_BY_DEVICE);
	struct ttm_operation_ctx ctx = { };
	struct ttm_buffer_object *bo;
	int turn;

	if (!ttm_backup_bytes_avail())
		kunit_skip(test, "needs swap space");

	backup_caching = params->caching;
	bo = backup_bo(test, params->alloc_flags);
	KUNIT_ASSERT_EQ(test, ttm_bo_populate(bo, &ctx), 0);
	fill(bo->ttm);

	/* The second turn backs up the restored pages. */
	for (turn = 0; turn < 2; turn++) {
		long pages = ttm_bo_shrink(&ctx, bo, (struct ttm_bo_shrink_flags) {
			.writeback = turn,
		});

		if (refused) {
			KUNIT_EXPECT_EQ(test, pages, -EBUSY);
			KUNIT_EXPECT_TRUE(test, ttm_tt_is_populated(bo->ttm));
		} else {
			KUNIT_EXPECT_EQ(test, pages, BO_PAGES);
			KUNIT_EXPECT_TRUE(test, ttm_tt_is_backed_up(bo->ttm));
			KUNIT_EXPECT_FALSE(test, ttm_tt_is_populated(bo->ttm));
		}
		KUNIT_ASSERT_EQ(test, ttm_bo_populate(bo, &ctx), 0);
		KUNIT_EXPECT_FALSE(test, ttm_tt_is_backed_up(bo->ttm));
		KUNIT_EXPECT_EQ(test, ttm_tt_is_coherent(bo->ttm),
				!!(params->alloc_flags & dma_alloc));
		KUNIT_EXPECT_EQ(test, wrong_pages(bo->ttm), 0);
	}
	/* Pages of such a ttm_tt are never counted, even when they are backed up. */
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bo->bdev->pool.populated), 0);

	dma_resv_unlock(bo->base.resv);
	ttm_bo_fini(bo);
}

/* A backup that is never restored leaves nothing behind. */
static void ttm_backup_dropped(struct kunit *test)
{
	struct ttm_operation_ctx ctx = { };
	struct ttm_buffer_object *bo;

	if (!ttm_backup_bytes_avail())
		kunit_skip(test, "needs swap space");

	backup_caching = ttm_cached;
	bo = backup_bo(test, 0);
	KUNIT_ASSERT_EQ(test, ttm_bo_populate(bo, &ctx), 0);
	KUNIT_EXPECT_EQ(test, BO_PAGES,
			ttm_bo_shrink(&ctx, bo, (struct ttm_bo_shrink_flags) { }));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&bo->bdev->pool.populated), 0);
	dma_resv_unlock(bo->base.resv);
	ttm_bo_fini(bo);
}

static int ttm_backup_test_init(struct kunit *test)
{
	test->priv = ttm_test_devices_basic(test);
	return 0;
}

static struct kunit_case ttm_backup_test_cases[] = {
	KUNIT_CASE_PARAM(ttm_backup_contents, backup_gen_params),
	KUNIT_CASE(ttm_backup_dropped),
	{}
};

static struct kunit_suite ttm_backup_test_suite = {
	.name = "ttm_backup",
	.init = ttm_backup_test_init,
	.exit = ttm_test_devices_fini,
	.test_cases = ttm_backup_test_cases,
};

kunit_test_suites(&ttm_backup_test_suite);

MODULE_DESCRIPTION("KUnit tests for TTM's backup of pages");
MODULE_LICENSE("Dual MIT/GPL");
