// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the DMA limit of a device, and of moving the pages of a tt below it.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include <drm/ttm/ttm_bo.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_dma_limit.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_kunit_helpers.h"
#include "../ttm_global_dma_pool.h"

#define TEST_PAGES	13
#define GIB(n)		((u64)(n) << 30)

/* A device with this DMA limit. */
static struct device *make_importer(struct kunit *test, u64 last)
{
	struct device *dev = kunit_device_register(test, "importer");

	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	dev->bus_dma_limit = last;
	return dev;
}

/* Whether a device with this limit reaches a tt. */
static bool within(struct kunit *test, const struct ttm_tt *tt, u64 last)
{
	struct device *dev = make_importer(test, last);
	bool ret = ttm_tt_within_limit(tt, dev);

	kunit_device_unregister(test, dev);
	return ret;
}

/* A tt without pages suffices: only the addresses are used. */
static void ttm_dma_limit_within(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	dma_addr_t bus[3] = { GIB(1), GIB(4) - PAGE_SIZE, GIB(2) };
	struct ttm_tt tt = {
		.dma_address = bus, .dma_dev = devs->dev, .num_pages = ARRAY_SIZE(bus),
	};

	KUNIT_EXPECT_TRUE(test, within(test, &tt, DMA_BIT_MASK(32)));
	KUNIT_EXPECT_FALSE_MSG(test, within(test, &tt, DMA_BIT_MASK(32) - 1),
			       "the last byte of a page counts");
	bus[2] = GIB(4);
	KUNIT_EXPECT_FALSE(test, within(test, &tt, DMA_BIT_MASK(32)));
	KUNIT_EXPECT_TRUE(test, within(test, &tt, DMA_BIT_MASK(33)));
	KUNIT_EXPECT_FALSE(test, within(test, &tt, GIB(4) + PAGE_SIZE - 2));
	bus[0] = U64_MAX - PAGE_SIZE + 1;
	KUNIT_EXPECT_TRUE(test, within(test, &tt, U64_MAX));
	KUNIT_EXPECT_FALSE(test, within(test, &tt, DMA_BIT_MASK(63)));
	KUNIT_EXPECT_FALSE_MSG(test, within(test, &tt, U64_MAX - 1),
			       "the end of the page is beyond the limit");
}

static void ttm_dma_limit_of_device(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;

	KUNIT_ASSERT_EQ(test, dma_set_mask(devs->dev, DMA_BIT_MASK(40)), 0);
	KUNIT_EXPECT_EQ(test, ttm_dma_limit(devs->dev), DMA_BIT_MASK(40));
	/* A bridge may drive fewer bits than the device behind it. */
	devs->dev->bus_dma_limit = GIB(3) - 1;
	KUNIT_EXPECT_EQ(test, ttm_dma_limit(devs->dev), GIB(3) - 1);
	devs->dev->bus_dma_limit = DMA_BIT_MASK(48);
	KUNIT_EXPECT_EQ(test, ttm_dma_limit(devs->dev), DMA_BIT_MASK(40));
	devs->dev->bus_dma_limit = 0;
}

#ifdef CONFIG_ARCH_HAS_DMA_OPS
/* DMA ops like AMD's GART, which remaps pages that a device of 32 bits does not reach. */
static const struct dma_map_ops remapping_ops = { };

static void ttm_dma_limit_remapped(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;

	KUNIT_EXPECT_FALSE(test, ttm_dma_translated(devs->dev));
	set_dma_ops(devs->dev, &remapping_ops);
	KUNIT_EXPECT_TRUE(test, ttm_dma_translated(devs->dev));
	KUNIT_EXPECT_EQ(test, ttm_dma_limit(devs->dev), U64_MAX);
	set_dma_ops(devs->dev, NULL);
}
#endif

#ifdef CONFIG_SWIOTLB
/*
 * A mapping of three pages. The one in the middle is in a bounce buffer of swiotlb. There is no
 * struct page, as with CONFIG_DMABUF_DEBUG. Bus addresses are physical addresses plus the offset.
 */
static void bounce(struct kunit *test, u64 offset)
{
	struct ttm_test_devices *devs = test->priv;
	struct io_tlb_mem *before = devs->dev->dma_io_tlb_mem;
	struct io_tlb_mem mem = { };
	struct scatterlist *sg;
	struct sg_table sgt;
	unsigned int i;

	mem.defpool.start = GIB(1);
	mem.defpool.end = GIB(1) + 4 * PAGE_SIZE;
	devs->dev->dma_io_tlb_mem = &mem;
	/* As swiotlb does when it bounces the first page for a device. */
	dma_reset_need_sync(devs->dev);

	KUNIT_ASSERT_EQ(test, sg_alloc_table(&sgt, 3, GFP_KERNEL), 0);
	for_each_sgtable_sg(&sgt, sg, i) {
		sg_assign_page(sg, NULL);
		sg_dma_address(sg) = offset + GIB(2) + 7 * i * PAGE_SIZE;
		sg_dma_len(sg) = PAGE_SIZE;
	}
	KUNIT_EXPECT_FALSE(test, ttm_dma_bounced(devs->dev, &sgt));
	sg = sg_next(sgt.sgl);
	sg_dma_address(sg) = offset + GIB(1) + 3 * PAGE_SIZE;
	KUNIT_EXPECT_TRUE_MSG(test, ttm_dma_bounced(devs->dev, &sgt), "the last page");
	sg_dma_address(sg) += PAGE_SIZE;
	KUNIT_EXPECT_FALSE_MSG(test, ttm_dma_bounced(devs->dev, &sgt), "beyond the buffer");
	sg_dma_address(sg) = offset + GIB(1);
	KUNIT_EXPECT_TRUE_MSG(test, ttm_dma_bounced(devs->dev, &sgt), "the first page");
	sg_dma_address(sg) -= PAGE_SIZE;
	KUNIT_EXPECT_FALSE_MSG(test, ttm_dma_bounced(devs->dev, &sgt), "below the buffer");
	sg_free_table(&sgt);
	devs->dev->dma_io_tlb_mem = before;
}

static void ttm_dma_limit_bounce(struct kunit *test)
{
	bounce(test, 0);
}

/* The address of a page that is not bounced differs from its physical address. */
static void ttm_dma_limit_bounce_offset(struct kunit *test)
{
	const struct bus_dma_region map[2] = { { .dma_start = GIB(512), .size = GIB(8) } };
	struct ttm_test_devices *devs = test->priv;

	devs->dev->dma_range_map = map;
	bounce(test, GIB(512));
	devs->dev->dma_range_map = NULL;
}
#endif

/*
 * Mappings of the exporter's own page, which may be anywhere. Bouncing has to be detected also for
 * a device that is not DMA coherent, for which ttm_dma_bounced() is always false.
 */
static void ttm_dma_limit_bounced_page(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct page *page = alloc_page(GFP_KERNEL);
	struct sg_table sgt;

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_EQ(test, sg_alloc_table_from_pages(&sgt, &page, 1, 0, PAGE_SIZE, GFP_KERNEL),
			0);
	sg_dma_len(sgt.sgl) = PAGE_SIZE;
	sg_dma_address(sgt.sgl) = phys_to_dma(devs->dev, page_to_phys(page));
	KUNIT_EXPECT_FALSE(test, ttm_pages_bounced(devs->dev, &sgt));
	sg_dma_address(sgt.sgl) += PAGE_SIZE;
	KUNIT_EXPECT_TRUE(test, ttm_pages_bounced(devs->dev, &sgt));
	sg_free_table(&sgt);
	__free_page(page);
}

/* Behind a bridge that adds an offset, and lets only some addresses through. */
static void ttm_dma_limit_offset(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct page *page = alloc_page(GFP_KERNEL | GFP_DMA32);
	struct bus_dma_region map[2] = { };
	struct device *importer;
	dma_addr_t bus = 0;
	struct ttm_tt tt = {
		.pages = &page, .dma_address = &bus, .dma_dev = devs->dev, .num_pages = 1,
	};

	KUNIT_ASSERT_NOT_NULL(test, page);
	importer = make_importer(test, 0);
	bus = page_to_phys(page);
	map[0].cpu_start = bus;
	map[0].dma_start = bus + GIB(5);
	map[0].size = PAGE_SIZE;
	KUNIT_EXPECT_FALSE(test, ttm_dma_translated(importer));
	importer->dma_range_map = map;
	KUNIT_EXPECT_TRUE(test, ttm_dma_translated(importer));

	importer->bus_dma_limit = GIB(9) - 1;
	KUNIT_EXPECT_EQ(test, ttm_dma_limit(importer), GIB(9) - 1);
	KUNIT_EXPECT_TRUE(test, ttm_tt_within_limit(&tt, importer));
	importer->bus_dma_limit = GIB(5) - 1;
	KUNIT_EXPECT_FALSE_MSG(test, ttm_tt_within_limit(&tt, importer),
			       "the limit is for addresses with the offset");
	importer->bus_dma_limit = GIB(9) - 1;
	map[0].cpu_start += PAGE_SIZE;
	KUNIT_EXPECT_FALSE_MSG(test, ttm_tt_within_limit(&tt, importer),
			       "the bridge does not pass the page's address");

	/* The tt's device has an offset: its addresses are not valid for other devices. */
	importer->dma_range_map = NULL;
	importer->bus_dma_limit = DMA_BIT_MASK(32);
	map[0].cpu_start = bus;
	devs->dev->dma_range_map = map;
	bus = map[0].dma_start;
	KUNIT_EXPECT_TRUE(test, ttm_tt_within_limit(&tt, importer));

	devs->dev->dma_range_map = NULL;
	__free_page(page);
}

/* A populated tt, each page with different contents. */
static struct ttm_tt *make_tt(struct kunit *test, enum ttm_caching caching)
{
	struct ttm_operation_ctx ctx = { };
	struct ttm_test_devices *devs = test->priv;
	struct ttm_buffer_object *bo;
	struct ttm_tt *tt;
	unsigned int i;

	bo = ttm_bo_kunit_init(test, devs, TEST_PAGES * PAGE_SIZE, NULL);
	tt = kunit_kzalloc(test, sizeof(*tt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, tt);
	KUNIT_ASSERT_EQ(test, ttm_sg_tt_init(tt, bo, 0, caching), 0);
	KUNIT_ASSERT_EQ(test, ttm_pool_alloc(&devs->ttm_dev->pool, tt, &ctx), 0);
	for (i = 0; i < TEST_PAGES; i++)
		memset(page_address(tt->pages[i]), i + 1, PAGE_SIZE);
	return tt;
}

static unsigned int wrong_pages(const struct ttm_tt *tt)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < TEST_PAGES; i++)
		wrong += !!memchr_inv(page_address(tt->pages[i]), i + 1, PAGE_SIZE);
	return wrong;
}

static void free_tt(struct kunit *test, struct ttm_tt *tt)
{
	struct ttm_test_devices *devs = test->priv;

	ttm_pool_free(&devs->ttm_dev->pool, tt);
	ttm_tt_fini(tt);
}

/**
 * struct move_case - which pages move to which
 * @name: name of the case
 * @caching: caching mode of the tt
 * @single: as in a Xen PV domain, where only coherent pages are certain to be below 4 GiB
 * @coherent32: as with a pool device that names DMA32
 */
struct move_case {
	const char *name;
	enum ttm_caching caching;
	bool single;
	bool coherent32;
};

static const struct move_case move_cases[] = {
	{ "shared, cached", ttm_cached, false, false },
	{ "shared, wc", ttm_write_combined, false, false },
	{ "coherent, cached", ttm_cached, true, false },
	{ "coherent, wc", ttm_write_combined, true, false },
	{ "coherent, uc", ttm_uncached, true, false },
	{ "coherent below 4 GiB", ttm_cached, false, true },
};

static void move_name(const struct move_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(move, move_cases, move_name);

static int can_move(struct kunit *test, const struct ttm_tt *tt, u64 last)
{
	struct ttm_test_devices *devs = test->priv;
	struct device *dev = make_importer(test, last);
	int ret = ttm_tt_can_move(devs->ttm_dev, tt, dev);

	kunit_device_unregister(test, dev);
	return ret;
}

/* Move a tt within the limit of another device. Returns 0 or a negative errno. */
static int move(struct kunit *test, struct ttm_tt *tt, u64 last)
{
	struct ttm_test_devices *devs = test->priv;
	struct device *dev = make_importer(test, last);
	struct ttm_operation_ctx ctx = { };
	struct ttm_tt *dst;

	dst = ttm_tt_alloc_within(devs->ttm_dev, tt, dev, &ctx);
	if (!IS_ERR(dst)) {
		ttm_tt_move_to(devs->ttm_dev, tt, dst);
		KUNIT_EXPECT_TRUE(test, ttm_tt_within_limit(tt, dev));
	}
	kunit_device_unregister(test, dev);
	return PTR_ERR_OR_ZERO(dst);
}

static void ttm_dma_limit_move(struct kunit *test)
{
	const struct move_case *c = test->param_value;
	struct ttm_test_devices *devs = test->priv;
	struct page *before[TEST_PAGES];
	unsigned int i, same = 0, beyond = 0;
	struct ttm_tt *tt;

	tt = make_tt(test, c->caching);
	memcpy(before, tt->pages, sizeof(before));
	devs->ttm_dev->pool.backing.single = c->single;
	devs->ttm_dev->pool.backing.coherent32 = c->coherent32;
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32)), 0);
	devs->ttm_dev->pool.backing.single = false;
	devs->ttm_dev->pool.backing.coherent32 = false;

	for (i = 0; i < TEST_PAGES; i++) {
		same += tt->pages[i] == before[i];
		beyond += tt->dma_address[i] + PAGE_SIZE - 1 > DMA_BIT_MASK(32);
		KUNIT_EXPECT_EQ_MSG(test, tt->dma_address[i], page_to_phys(tt->pages[i]),
				    "page %u has a wrong address", i);
	}
	KUNIT_EXPECT_EQ(test, same, 0);
	KUNIT_EXPECT_EQ(test, beyond, 0);
	KUNIT_EXPECT_EQ_MSG(test, wrong_pages(tt), 0, "contents were lost");
	KUNIT_EXPECT_EQ(test, tt->caching, c->caching);
	KUNIT_EXPECT_EQ(test, ttm_tt_is_coherent(tt), c->single || c->coherent32);
	free_tt(test, tt);
}

static void ttm_dma_limit_no_memory(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct page *before[TEST_PAGES];
	dma_addr_t *addresses;
	struct ttm_tt *tt = make_tt(test, ttm_cached);

	memcpy(before, tt->pages, sizeof(before));
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(31)), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32) - 1), -EOPNOTSUPP);
	/* The BO's own device does not reach all pages below 4 GiB. */
	devs->dev->bus_dma_limit = DMA_BIT_MASK(31);
	KUNIT_EXPECT_EQ(test, can_move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP);
	devs->dev->bus_dma_limit = 0;
	KUNIT_EXPECT_EQ(test, can_move(test, tt, DMA_BIT_MASK(32)), 0);
	/* A tt without DMA addresses, as with AGP. */
	addresses = tt->dma_address;
	tt->dma_address = NULL;
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP);
	tt->dma_address = addresses;
	/* There is no global DMA pool: this device did not need one when it was bound. */
	ttm_global_dma_pool_put(32);
	devs->ttm_dev->pool.backing.single = true;
	if (!ttm_global_dma_pool_at(32))
		KUNIT_EXPECT_EQ(test, can_move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP);
	devs->ttm_dev->pool.backing.single = false;
	KUNIT_ASSERT_EQ(test, ttm_global_dma_pool_get(32), 0);
	KUNIT_EXPECT_MEMEQ(test, before, tt->pages, sizeof(before));
	KUNIT_EXPECT_EQ(test, wrong_pages(tt), 0);
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_coherent(tt));
	free_tt(test, tt);
}

/* Pages whose bus addresses are valid for one device only do not move to global pools. */
static void ttm_dma_limit_private(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct ttm_backing *backing = &devs->ttm_dev->pool.backing;
	struct page *before[TEST_PAGES];
	struct ttm_tt *tt;

	tt = make_tt(test, ttm_cached);
	memcpy(before, tt->pages, sizeof(before));
	backing->single = true;
	backing->private = true;
	KUNIT_EXPECT_EQ_MSG(test, move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP,
			    "shared pages");
	KUNIT_EXPECT_MEMEQ(test, before, tt->pages, sizeof(before));
	backing->private = false;
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32)), 0);
	KUNIT_ASSERT_TRUE(test, ttm_tt_is_coherent(tt));
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_private(devs->ttm_dev, tt));
	memcpy(before, tt->pages, sizeof(before));
	backing->private = true;
	KUNIT_EXPECT_EQ_MSG(test, move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP,
			    "coherent pages");
	backing->private = false;
	/* The pool device may have been unbound since. */
	tt->page_flags |= TTM_TT_FLAG_PRIV_PRIVATE;
	KUNIT_EXPECT_TRUE(test, ttm_tt_is_private(devs->ttm_dev, tt));
	KUNIT_EXPECT_EQ_MSG(test, move(test, tt, DMA_BIT_MASK(32)), -EOPNOTSUPP,
			    "coherent pages, no pool device");
	KUNIT_EXPECT_MEMEQ(test, before, tt->pages, sizeof(before));
	/* On a machine with shared pages the contents move to shared pages. */
	backing->single = false;
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32)), 0);
	KUNIT_EXPECT_FALSE(test, ttm_tt_is_coherent(tt));
	KUNIT_EXPECT_EQ(test, wrong_pages(tt), 0);
	free_tt(test, tt);
	KUNIT_EXPECT_FALSE(test, tt->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
}

/*
 * The tt of a device that goes away keeps its pages. CONFIG_DMA_API_DEBUG finds mappings that
 * are not unmapped, or unmapped twice.
 */
static void ttm_dma_limit_unmap(struct kunit *test)
{
	struct ttm_test_devices *devs = test->priv;
	struct page *before[TEST_PAGES];
	struct ttm_tt *tt;

	tt = make_tt(test, ttm_write_combined);
	memcpy(before, tt->pages, sizeof(before));
	KUNIT_EXPECT_TRUE(test, ttm_pool_unmap_tt(&devs->ttm_dev->pool, tt));
	KUNIT_EXPECT_NULL(test, tt->dma_address);
	KUNIT_EXPECT_MEMEQ(test, before, tt->pages, sizeof(before));
	KUNIT_EXPECT_EQ(test, wrong_pages(tt), 0);
	KUNIT_EXPECT_TRUE(test, within(test, tt, DMA_BIT_MASK(63)));
	KUNIT_EXPECT_FALSE(test, within(test, tt, PAGE_SIZE - 1));
	KUNIT_EXPECT_TRUE(test, ttm_pool_unmap_tt(&devs->ttm_dev->pool, tt));
	free_tt(test, tt);

	tt = make_tt(test, ttm_cached);
	devs->ttm_dev->pool.backing.single = true;
	KUNIT_EXPECT_EQ(test, move(test, tt, DMA_BIT_MASK(32)), 0);
	devs->ttm_dev->pool.backing.single = false;
	KUNIT_ASSERT_TRUE(test, ttm_tt_is_coherent(tt));
	KUNIT_EXPECT_TRUE_MSG(test, ttm_pool_unmap_tt(&devs->ttm_dev->pool, tt),
			      "coherent pages of no GPU");
	KUNIT_EXPECT_NOT_NULL_MSG(test, tt->dma_address, "coherent pages stay as they are");
	KUNIT_EXPECT_EQ(test, wrong_pages(tt), 0);
	free_tt(test, tt);
}

static int ttm_dma_limit_init(struct kunit *test)
{
	struct ttm_test_devices *devs;
	int ret = ttm_test_devices_all_init(test);

	if (ret)
		return ret;
	devs = test->priv;
	ret = dma_coerce_mask_and_coherent(devs->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	return ttm_global_dma_pool_get(32);
}

static void ttm_dma_limit_exit(struct kunit *test)
{
	ttm_global_dma_pool_put(32);
	ttm_test_devices_fini(test);
}

static struct kunit_case ttm_dma_limit_cases[] = {
	KUNIT_CASE(ttm_dma_limit_within),
	KUNIT_CASE(ttm_dma_limit_of_device),
#ifdef CONFIG_ARCH_HAS_DMA_OPS
	KUNIT_CASE(ttm_dma_limit_remapped),
#endif
#ifdef CONFIG_SWIOTLB
	KUNIT_CASE(ttm_dma_limit_bounce),
	KUNIT_CASE(ttm_dma_limit_bounce_offset),
#endif
	KUNIT_CASE(ttm_dma_limit_bounced_page),
	KUNIT_CASE(ttm_dma_limit_offset),
	KUNIT_CASE_PARAM(ttm_dma_limit_move, move_gen_params),
	KUNIT_CASE(ttm_dma_limit_no_memory),
	KUNIT_CASE(ttm_dma_limit_private),
	KUNIT_CASE(ttm_dma_limit_unmap),
	{}
};

static struct kunit_suite ttm_dma_limit_suite = {
	.name = "ttm_dma_limit",
	.init = ttm_dma_limit_init,
	.exit = ttm_dma_limit_exit,
	.test_cases = ttm_dma_limit_cases,
};

kunit_test_suites(&ttm_dma_limit_suite);

MODULE_DESCRIPTION("KUnit tests for the DMA limit of devices");
MODULE_LICENSE("Dual MIT/GPL");
