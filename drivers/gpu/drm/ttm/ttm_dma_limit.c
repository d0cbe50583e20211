// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Which pages a device reaches, and moving a tt's pages to where another device does.
 */

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-mapping.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mem_encrypt.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <xen/xen.h>
#ifdef CONFIG_XEN_PV
#include <xen/page.h>
#endif

#include <drm/ttm/ttm_backing.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_dma_limit.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_global_dma_pool.h"
#include "ttm_pool_move.h"

/**
 * DOC: Reach
 *
 * A BO that one device has made may be used by another which drives fewer address bits,
 * and the page that it is in may be above what those reach. The DMA API would copy such
 * a page when it is mapped, to a bounce buffer, which is right for a disk: it knows when
 * the device has done with it. A GPU has done with it when the BO is freed. What it
 * wrote into the bounce buffer would be lost, and there are few such buffers.
 *
 * So a page out of reach is not mapped. Its contents move, once, to a page that both
 * devices reach, and both use that. In the other direction nothing is copied: a page
 * that the device of fewer bits reaches is one that the other does.
 *
 * A device behind an IOMMU reaches any page. One with an offset does not.
 */

/**
 * ttm_dma_limit() - how far a device reaches
 * @dev: device, its DMA mask set
 *
 * Return: the last bus address that memory may have to be mapped for it as it is.
 */
u64 ttm_dma_limit(struct device *dev)
{
	if (ttm_backing_remapped(dev))
		return U64_MAX;
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}
EXPORT_SYMBOL(ttm_dma_limit);

/* Where a page is on the bus, for a device that nothing translates for. */
static u64 page_bus(struct page *page)
{
#ifdef CONFIG_XEN_PV
	if (xen_pv_domain())
		return (u64)pfn_to_bfn(page_to_xen_pfn(page)) << XEN_PAGE_SHIFT;
#endif
	return page_to_phys(page);
}

/* The same as the device sees it, which an offset may make another address. */
static u64 page_bus_of(struct device *dev, struct page *page)
{
	if (dev->dma_range_map)
		return translate_phys_to_dma(dev, page_to_phys(page));
	return page_bus(page);
}

/**
 * ttm_dma_bounced() - has mapping pages copied them?
 * @dev: device that they were mapped for
 * @sgt: pages and the addresses that they were mapped to; whoever made it may have left
 *	out the pages, and then nobody can tell
 *
 * Return: whether a page is mapped to an address that is not its own.
 */
bool ttm_dma_bounced(struct device *dev, struct sg_table *sgt)
{
	struct sg_dma_page_iter dma;
	struct sg_page_iter cpu;

	if (ttm_backing_remapped(dev))
		return false;

	__sg_page_iter_start(&cpu, sgt->sgl, sgt->orig_nents, 0);
	for_each_sgtable_dma_page(sgt, &dma, 0) {
		if (!__sg_page_iter_next(&cpu) || !sg_page(cpu.sg))
			return false;
		/* That a page is encrypted is a bit of the address, and no other page. */
		if (__sme_clr(sg_page_iter_dma_address(&dma)) !=
		    page_bus_of(dev, sg_page_iter_page(&cpu)))
			return true;
	}
	return false;
}
EXPORT_SYMBOL(ttm_dma_bounced);

/**
 * ttm_tt_within_limit() - are all pages of a tt within reach?
 * @tt: populated tt of a device's
 * @last: last bus address that another device reaches
 *
 * Return: whether they are.
 */
bool ttm_tt_within_limit(const struct ttm_tt *tt, u64 last)
{
	bool translated;
	u64 bus;
	u32 i;

	if (last == U64_MAX)
		return true;
	/* A tt on an AGP bridge has no addresses: the bridge has the pages. */
	translated = !tt->dma_address || ttm_backing_translated(tt->dma_dev);
	for (i = 0; i < tt->num_pages; i++) {
		bus = translated ? page_bus(tt->pages[i]) : tt->dma_address[i];
		if (bus + PAGE_SIZE - 1 > last)
			return false;
	}
	return true;
}
EXPORT_SYMBOL(ttm_tt_within_limit);

/**
 * ttm_tt_is_private() - do the bus addresses of coherent pages hold for one device alone?
 * @bdev: the tt's device
 * @tt: populated tt
 *
 * Return: whether a pool device says so, or did when the pages were allocated.
 */
bool ttm_tt_is_private(const struct ttm_device *bdev, const struct ttm_tt *tt)
{
	return bdev->pool.backing.private || (tt->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
}
EXPORT_SYMBOL(ttm_tt_is_private);

/* A tt to get pages into, with arrays of its own. */
static int dst_tt_init(struct ttm_tt *dst, const struct ttm_tt *tt)
{
	*dst = *tt;
	dst->page_flags &= TTM_TT_FLAG_DECRYPTED;
	dst->pages = kvcalloc(tt->num_pages, sizeof(*dst->pages), GFP_KERNEL);
	dst->dma_address = kvcalloc(tt->num_pages, sizeof(*dst->dma_address), GFP_KERNEL);
	if (dst->pages && dst->dma_address)
		return 0;
	kvfree(dst->pages);
	kvfree(dst->dma_address);
	return -ENOMEM;
}

static void dst_tt_fini(struct ttm_tt *dst)
{
	kvfree(dst->pages);
	kvfree(dst->dma_address);
}

/**
 * ttm_tt_move_below() - move a tt's contents to pages that are within reach
 * @bdev: the tt's device
 * @tt: populated tt of a BO that the caller has reserved. No device uses its pages and
 *	nobody has them mapped.
 * @last: last bus address that pages may have, at least that of 32 bits
 * @ctx: how to allocate
 *
 * The tt has other pages then, with the same contents and caching. May sleep.
 *
 * Return: 0; -EOPNOTSUPP if there is no memory that is certain to be within, or none that
 * both devices see at the same address; -ENOMEM. On failure nothing has changed.
 */
int ttm_tt_move_below(struct ttm_device *bdev, struct ttm_tt *tt, u64 last,
		       struct ttm_operation_ctx *ctx)
{
	const u32 kind = TTM_TT_FLAG_PRIV_COHERENT | TTM_TT_FLAG_PRIV_PRIVATE;
	unsigned int bits = last == U64_MAX ? 64 : ilog2(last + 1);
	const struct ttm_backing *backing = &bdev->pool.backing;
	bool coherent = ttm_tt_is_coherent(tt) || backing->single || backing->coherent32;
	struct ttm_tt dst;
	u32 i;
	int ret;

	if (bits < TTM_POOL_WIDTH_MIN || !tt->dma_address)
		return -EOPNOTSUPP;
	/* Coherent memory of no device has bus addresses, which are not what this one uses. */
	if (coherent && (ttm_tt_is_private(bdev, tt) || ttm_backing_translated(tt->dma_dev)))
		return -EOPNOTSUPP;

	ret = dst_tt_init(&dst, tt);
	if (ret)
		return ret;

	if (coherent) {
		ret = ttm_global_dma_pool_alloc_any(bits, dst.caching, dst.pages,
					       dst.dma_address, dst.num_pages,
					       GFP_USER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
		if (!ret)
			dst.page_flags |= TTM_TT_FLAG_PRIV_COHERENT;
	} else {
		ret = ttm_pool_alloc_dma32(&bdev->pool, &dst, ctx);
	}
	if (ret)
		goto out;

	for (i = 0; i < tt->num_pages; i++) {
		copy_highpage(dst.pages[i], tt->pages[i]);
		swap(dst.pages[i], tt->pages[i]);
		swap(dst.dma_address[i], tt->dma_address[i]);
		if (i % 512 == 511)
			cond_resched();
	}
	/* What is not cached may be on its way. */
	wmb();
	i = tt->page_flags & kind;
	tt->page_flags = (tt->page_flags & ~kind) | (dst.page_flags & kind);
	dst.page_flags = (dst.page_flags & ~kind) | i;
	ttm_pool_free(&bdev->pool, &dst);
out:
	dst_tt_fini(&dst);
	return ret;
}
EXPORT_SYMBOL(ttm_tt_move_below);

/**
 * ttm_tt_unmap_dma() - undo the mapping of a tt's pages for its own device
 * @bdev: the tt's device, which goes
 * @tt: populated tt of a BO that the caller has reserved. Its device does not use its pages
 *	any more; others may.
 *
 * Whoever has the pages keeps them. The tt has no DMA addresses then, and behind an IOMMU its
 * device does not reach the pages any more. Coherent pages are the device's own memory, or
 * that of no device, and stay as they are. May sleep.
 */
void ttm_tt_unmap_dma(struct ttm_device *bdev, struct ttm_tt *tt)
{
	if (!tt->dma_address || ttm_tt_is_coherent(tt))
		return;
	ttm_pool_unmap_tt(&bdev->pool, tt);
	/* The array is part of that of the pages. */
	tt->dma_address = NULL;
	tt->dma_dev = NULL;
}
EXPORT_SYMBOL(ttm_tt_unmap_dma);
