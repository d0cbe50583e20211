// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The DMA limit of a device: which pages it reaches, and moving the pages of a tt below it.
 */

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
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
#include <drm/ttm/ttm_dma_limit.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_global_dma_pool.h"
#include "ttm_pool_move.h"

/**
 * DOC: DMA limit
 *
 * A BO of one device may be used by another that drives fewer address bits. If the BO has a
 * page above what that one reaches, the DMA API copies the page to a bounce buffer when it
 * is mapped. That is right for a disk, which tells when it is done. A GPU is done when the
 * BO is freed: what it wrote to the bounce buffer would be lost, and there are few bounce
 * buffers.
 *
 * So a page beyond the limit of a device is not mapped. The contents of the BO are moved
 * once to pages that both devices reach, and both use these. The other direction needs no
 * copy: the device with more address bits reaches the pages of the other.
 *
 * A device behind an IOMMU reaches every page. One with an offset does not.
 */

/*
 * Whether an IOMMU brings all memory within the reach of a device. DMA ops of an architecture
 * may remap pages, as those of AMD's GART do. Those of Xen do not: they know the bus address
 * of a page, and bounce the page if it is out of reach.
 */
static bool dma_remapped(struct device *dev)
{
	return (get_dma_ops(dev) && !xen_domain()) || ttm_behind_iommu(dev);
}

/**
 * ttm_dma_translated() - whether the addresses of a device are translated
 * @dev: device
 *
 * Return: true if an IOMMU or an offset is between the device and the bus, so that it
 * cannot use the bus addresses of other devices.
 */
bool ttm_dma_translated(struct device *dev)
{
	/* PowerPC and Loongson-3 have offsets of their own, which differ between devices. */
	return dev->dma_range_map || IS_ENABLED(CONFIG_ARCH_HAS_PHYS_TO_DMA) ||
		dma_remapped(dev);
}
EXPORT_SYMBOL(ttm_dma_translated);

/**
 * ttm_dma_limit() - the DMA limit of a device
 * @dev: device, its DMA mask set
 *
 * Return: highest bus address the device reaches without bouncing.
 */
u64 ttm_dma_limit(struct device *dev)
{
	if (dma_remapped(dev))
		return U64_MAX;
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}
EXPORT_SYMBOL(ttm_dma_limit);

/* The address of a page on the bus. */
static u64 page_bus(struct page *page)
{
#ifdef CONFIG_XEN_PV
	if (xen_pv_domain())
		return (u64)pfn_to_bfn(page_to_xen_pfn(page)) << XEN_PAGE_SHIFT;
#endif
	return page_to_phys(page);
}

/* The address of a page for a device that is not behind an IOMMU. */
static u64 page_bus_of(struct device *dev, struct page *page)
{
	if (dev->dma_range_map)
		return translate_phys_to_dma(dev, page_to_phys(page));
	return page_bus(page);
}

/**
 * ttm_dma_bounced() - whether mapping pages has bounced them
 * @dev: device that they were mapped for
 * @sgt: pages and the addresses that they were mapped to. If the exporter left out the
 *	pages it cannot be known, and the result is false.
 *
 * Return: true if a page is mapped to another address than its own.
 */
bool ttm_dma_bounced(struct device *dev, struct sg_table *sgt)
{
	struct sg_dma_page_iter dma;
	struct sg_page_iter cpu;

	if (dma_remapped(dev))
		return false;

	__sg_page_iter_start(&cpu, sgt->sgl, sgt->orig_nents, 0);
	for_each_sgtable_dma_page(sgt, &dma, 0) {
		if (!__sg_page_iter_next(&cpu) || !sg_page(cpu.sg))
			return false;
		/* The address of an encrypted page differs by one bit. */
		if (__sme_clr(sg_page_iter_dma_address(&dma)) !=
		    page_bus_of(dev, sg_page_iter_page(&cpu)))
			return true;
	}
	return false;
}
EXPORT_SYMBOL(ttm_dma_bounced);

/**
 * ttm_tt_within_limit() - whether a device reaches all pages of another device's tt
 * @tt: populated tt
 * @last: highest bus address that the device reaches
 *
 * Return: true if so.
 */
bool ttm_tt_within_limit(const struct ttm_tt *tt, u64 last)
{
	bool translated;
	u64 bus;
	u32 i;

	if (last == U64_MAX)
		return true;
	/* A tt of an AGP bridge has no addresses. */
	translated = !tt->dma_address || ttm_dma_translated(tt->dma_dev);
	for (i = 0; i < tt->num_pages; i++) {
		bus = translated ? page_bus(tt->pages[i]) : tt->dma_address[i];
		if (bus + PAGE_SIZE - 1 > last)
			return false;
	}
	return true;
}
EXPORT_SYMBOL(ttm_tt_within_limit);

/**
 * ttm_tt_is_private() - whether coherent pages have bus addresses for one device only
 * @bdev: the tt's device
 * @tt: populated tt
 *
 * Return: true if a pool device says so, or said so when the pages were allocated.
 */
bool ttm_tt_is_private(const struct ttm_device *bdev, const struct ttm_tt *tt)
{
	return bdev->pool.backing.private || (tt->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
}
EXPORT_SYMBOL(ttm_tt_is_private);

/* Initialize a tt for the new pages, with arrays of its own. */
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

/* Whether the new pages have to be coherent memory: that of no GPU. */
static bool needs_coherent(const struct ttm_device *bdev, const struct ttm_tt *tt)
{
	return ttm_tt_is_coherent(tt) || bdev->pool.backing.single ||
	       bdev->pool.backing.coherent32;
}

/**
 * ttm_tt_move_below() - move the contents of a tt to pages that another device reaches
 * @bdev: the tt's device
 * @tt: populated tt of a BO that the caller has reserved. No device uses its pages, and
 *	they are not mapped.
 * @last: highest bus address that the device reaches, at least that of 32 bits
 * @ctx: how to allocate
 *
 * Afterwards the tt has other pages with the same contents and caching. May sleep.
 *
 * Return: 0; -EOPNOTSUPP if no memory is certain to be within @last, or none that both
 * devices see at the same address; -ENOMEM. On failure nothing has changed.
 */
int ttm_tt_move_below(struct ttm_device *bdev, struct ttm_tt *tt, u64 last,
		      struct ttm_operation_ctx *ctx)
{
	const u32 kind = TTM_TT_FLAG_PRIV_COHERENT | TTM_TT_FLAG_PRIV_PRIVATE;
	unsigned int bits = last == U64_MAX ? 64 : ilog2(last + 1);
	bool coherent = needs_coherent(bdev, tt);
	struct ttm_tt dst;
	u32 i;
	int ret;

	if (bits < TTM_GLOBAL_DMA_WIDTH_MIN || !tt->dma_address)
		return -EOPNOTSUPP;
	if (coherent && !ttm_global_dma_pool_coherent())
		return -EOPNOTSUPP;
	/* The tt's device has to use the bus addresses of coherent memory of no GPU. */
	if (coherent && (ttm_tt_is_private(bdev, tt) || ttm_dma_translated(tt->dma_dev)))
		return -EOPNOTSUPP;

	ret = dst_tt_init(&dst, tt);
	if (ret)
		return ret;

	if (coherent) {
		ret = ttm_global_dma_pool_alloc_below(bits, dst.caching, dst.pages,
						      dst.dma_address, dst.num_pages,
						      GFP_USER | __GFP_RETRY_MAYFAIL |
						      __GFP_NOWARN);
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
	/* Writes to pages that are not cached may not have arrived yet. */
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
 * ttm_tt_unmap_dma() - unmap the pages of a tt for its own device, which goes away
 * @bdev: the tt's device
 * @tt: populated tt of a BO that the caller has reserved. Its device no longer uses its
 *	pages; other devices may.
 *
 * The tt keeps its pages and loses its DMA addresses, so behind an IOMMU its device no longer
 * reaches them. Coherent pages are not mapped, and stay as they are. May sleep.
 */
void ttm_tt_unmap_dma(struct ttm_device *bdev, struct ttm_tt *tt)
{
	if (!tt->dma_address || ttm_tt_is_coherent(tt))
		return;
	ttm_pool_unmap_tt(&bdev->pool, tt);
	/* The array is in the same allocation as that of the pages. */
	tt->dma_address = NULL;
	tt->dma_dev = NULL;
}
EXPORT_SYMBOL(ttm_tt_unmap_dma);
