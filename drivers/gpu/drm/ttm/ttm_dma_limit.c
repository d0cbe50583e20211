// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The DMA limit of a device: which pages it reaches, and moving the pages of a tt below it.
 */

#include <linux/device.h>
#include <linux/dma-direct.h>
#include <linux/dma-map-ops.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/export.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/swiotlb.h>

#include <xen/xen.h>
#ifdef CONFIG_XEN_PV
#include <xen/page.h>
#endif

#include <drm/ttm/ttm_backing.h>
#include <drm/ttm/ttm_device.h>
#include <drm/ttm/ttm_dma_limit.h>
#include <drm/ttm/ttm_pool.h>
#include <drm/ttm/ttm_tt.h>

#include "ttm_dma_pool.h"
#include "ttm_global_dma_pool.h"
#include "ttm_pool_move.h"

/**
 * DOC: DMA limit
 *
 * A BO of one device may be used by a second one that drives fewer address bits. If the second
 * device does not reach a page of the BO, the DMA API copies the page to a bounce buffer when
 * it is mapped. That is right for a disk, whose transfers end. A GPU may use the page until
 * the BO is freed: its writes to the bounce buffer would be lost, and there are few bounce
 * buffers.
 *
 * So a page beyond the limit of a device is not mapped. The contents of the BO are moved
 * once to pages that both devices reach, and both use these. The other direction needs no
 * copy: the device with more address bits reaches the pages of the other.
 *
 * A device behind an IOMMU reaches every page. One with an offset does not: its limit holds
 * for the addresses that it uses, which include the offset.
 */

/*
 * Whether an IOMMU brings all memory within the reach of a device. DMA ops of an architecture
 * may remap pages: AMD's GART does. Xen's DMA ops do not: they know the bus address of a page,
 * and bounce the page if it is out of reach.
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
	/* PowerPC and Loongson-3 have offsets that differ between devices. */
	return dev->dma_range_map || IS_ENABLED(CONFIG_ARCH_HAS_PHYS_TO_DMA) ||
		dma_remapped(dev);
}
EXPORT_SYMBOL(ttm_dma_translated);

/**
 * ttm_dma_limit() - the DMA limit of a device
 * @dev: device, its DMA mask set
 *
 * Return: highest address the device reaches without bouncing.
 */
u64 ttm_dma_limit(struct device *dev)
{
	if (dma_remapped(dev))
		return U64_MAX;
	return min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}
EXPORT_SYMBOL(ttm_dma_limit);

/* The address of a page for a device that is not behind an IOMMU. */
static u64 page_address_for(struct device *dev, struct page *page)
{
	phys_addr_t bus = page_to_phys(page);

#ifdef CONFIG_XEN_PV
	if (xen_pv_domain())
		bus = (phys_addr_t)pfn_to_bfn(page_to_xen_pfn(page)) << XEN_PAGE_SHIFT;
#endif
	return phys_to_dma_unencrypted(dev, bus);
}

/* Whether an address is in a bounce buffer. */
static bool in_bounce_buffer(struct device *dev, dma_addr_t addr)
{
#if defined(CONFIG_XEN_PV) && defined(CONFIG_SWIOTLB)
	/* Under Xen swiotlb has one buffer, which does not grow. */
	if (xen_pv_domain()) {
		unsigned long pfn = bfn_to_local_pfn(XEN_PFN_DOWN(dma_to_phys(dev, addr)));
		const struct io_tlb_mem *mem = dev->dma_io_tlb_mem;

		return mem && pfn >= PFN_DOWN(mem->defpool.start) &&
			pfn < PFN_DOWN(mem->defpool.end);
	}
#endif
	/* For a device that is not coherent, the answer is the same for all addresses. */
	return dev_is_dma_coherent(dev) && dma_need_sync(dev, addr);
}

/**
 * ttm_dma_bounced() - whether mapping pages has bounced them
 * @dev: device that they were mapped for
 * @sgt: the mapping, of which only the DMA addresses are used
 *
 * Always false for a device that is not DMA coherent: the DMA API does not report it there.
 *
 * Return: true if an address is that of a bounce buffer.
 */
bool ttm_dma_bounced(struct device *dev, struct sg_table *sgt)
{
	struct scatterlist *sg;
	int i;

	if (dma_remapped(dev))
		return false;

	/* A segment is bounced as a whole. */
	for_each_sgtable_dma_sg(sgt, sg, i)
		if (in_bounce_buffer(dev, sg_dma_address(sg)))
			return true;
	return false;
}
EXPORT_SYMBOL(ttm_dma_bounced);

/**
 * ttm_pages_bounced() - whether mapping the caller's own pages has bounced them
 * @dev: device that they were mapped for
 * @sgt: the mapping, with the pages. An importer of a dma-buf has to call ttm_dma_bounced().
 *
 * Return: true if an address is not that of the page.
 */
bool ttm_pages_bounced(struct device *dev, struct sg_table *sgt)
{
	struct scatterlist *sg;
	int i;

	if (xen_pv_domain())
		return ttm_dma_bounced(dev, sgt);
	if (dma_remapped(dev))
		return false;

	/* Without an IOMMU each segment is mapped by itself. */
	for_each_sgtable_sg(sgt, sg, i)
		if (sg_dma_address(sg) != phys_to_dma(dev, sg_phys(sg)))
			return true;
	return false;
}
EXPORT_SYMBOL(ttm_pages_bounced);

/**
 * ttm_tt_within_limit() - whether a device reaches all pages of another device's tt
 * @tt: populated tt
 * @dev: device
 *
 * Return: true if so.
 */
bool ttm_tt_within_limit(const struct ttm_tt *tt, struct device *dev)
{
	const u64 last = ttm_dma_limit(dev);
	bool known;
	u64 addr;
	u32 i;

	if (last == U64_MAX)
		return true;
	/* A tt of an AGP bridge has no addresses. */
	known = tt->dma_address && !ttm_dma_translated(tt->dma_dev) && !ttm_dma_translated(dev);
	for (i = 0; i < tt->num_pages; i++) {
		addr = known ? tt->dma_address[i] : page_address_for(dev, tt->pages[i]);
		if (addr > last || last - addr < PAGE_SIZE - 1)
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
 * Return: true if a pool device says so now, or if one did when the pages were allocated.
 */
bool ttm_tt_is_private(const struct ttm_device *bdev, const struct ttm_tt *tt)
{
	return bdev->pool.backing.private || (tt->page_flags & TTM_TT_FLAG_PRIV_PRIVATE);
}
EXPORT_SYMBOL(ttm_tt_is_private);

/**
 * ttm_tt_can_move() - whether there is memory for a tt that another device reaches
 * @bdev: the tt's device
 * @tt: populated tt
 * @dev: the other device
 *
 * Return: 0; -EOPNOTSUPP if no memory is certain to be within the limit of @dev, or none
 * that both devices see at the same address; -ENOMEM if the pool could not choose its backing
 * again.
 */
int ttm_tt_can_move(struct ttm_device *bdev, const struct ttm_tt *tt, struct device *dev)
{
	int ret = ttm_pool_refresh(&bdev->pool);

	if (ret)
		return ret;
	/* A page below 4 GiB has to be within the reach of both devices. */
	if (!tt->dma_address || min(ttm_dma_limit(dev), ttm_dma_limit(tt->dma_dev)) <
				DMA_BIT_MASK(TTM_GLOBAL_DMA_WIDTH_MIN))
		return -EOPNOTSUPP;
	/*
	 * The new pages come from a global DMA pool, whose bus addresses the tt's device has to
	 * use. There is no pool for a device that reached all pages when it was bound.
	 */
	if (ttm_pool_moves_coherent(&bdev->pool) &&
	    (!ttm_global_dma_pool_at(TTM_GLOBAL_DMA_WIDTH_MIN) ||
	     ttm_tt_is_private(bdev, tt) || ttm_dma_translated(tt->dma_dev)))
		return -EOPNOTSUPP;
	return 0;
}
EXPORT_SYMBOL(ttm_tt_can_move);

static void dst_free(struct ttm_tt *dst)
{
	kvfree(dst->pages);
	kvfree(dst->dma_address);
	kfree(dst);
}

/* A tt for the new pages, with separate arrays. */
static struct ttm_tt *dst_alloc(const struct ttm_tt *tt)
{
	struct ttm_tt *dst = kmemdup(tt, sizeof(*tt), GFP_KERNEL);

	if (!dst)
		return NULL;
	dst->page_flags &= TTM_TT_FLAG_DECRYPTED;
	dst->pages = kvcalloc(tt->num_pages, sizeof(*dst->pages), GFP_KERNEL);
	dst->dma_address = kvcalloc(tt->num_pages, sizeof(*dst->dma_address), GFP_KERNEL);
	if (dst->pages && dst->dma_address)
		return dst;
	dst_free(dst);
	return NULL;
}

static int dst_alloc_coherent(struct ttm_tt *dst)
{
	struct ttm_dma_pool *pool = ttm_global_dma_pool_at(TTM_GLOBAL_DMA_WIDTH_MIN);
	int ret;

	if (!pool)
		return -EOPNOTSUPP;
	ret = ttm_chunk_alloc_pages(&pool->modes[dst->caching], dst->pages, dst->dma_address,
				    dst->num_pages,
				    GFP_USER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!ret)
		dst->page_flags |= TTM_TT_FLAG_PRIV_COHERENT;
	/* The pool device is being unbound. */
	return ret == -ENODEV ? -EOPNOTSUPP : ret;
}

/**
 * ttm_tt_alloc_within() - allocate pages for a tt that another device reaches
 * @bdev: the tt's device
 * @tt: populated tt of a BO that the caller has reserved
 * @dev: the other device
 * @ctx: how to allocate
 *
 * A move can fail in this step only. May sleep.
 *
 * Return: the new pages, for ttm_tt_move_to(); or an error pointer: the error of
 * ttm_tt_can_move(), or -ENOMEM.
 */
struct ttm_tt *ttm_tt_alloc_within(struct ttm_device *bdev, const struct ttm_tt *tt,
				   struct device *dev, struct ttm_operation_ctx *ctx)
{
	struct ttm_tt *dst;
	int ret;

	ret = ttm_tt_can_move(bdev, tt, dev);
	if (ret)
		return ERR_PTR(ret);
	dst = dst_alloc(tt);
	if (!dst)
		return ERR_PTR(-ENOMEM);

	if (ttm_pool_moves_coherent(&bdev->pool))
		ret = dst_alloc_coherent(dst);
	else
		ret = ttm_pool_alloc_dma32(&bdev->pool, dst, ctx);
	if (ret)
		goto error;
	if (ttm_tt_within_limit(dst, dev) && ttm_tt_within_limit(dst, tt->dma_dev))
		return dst;
	/* One of the devices has an offset. */
	ttm_pool_free(&bdev->pool, dst);
	ret = -EOPNOTSUPP;
error:
	dst_free(dst);
	return ERR_PTR(ret);
}
EXPORT_SYMBOL(ttm_tt_alloc_within);

/**
 * ttm_tt_move_to() - move the contents of a tt to new pages
 * @bdev: the tt's device
 * @tt: the tt of ttm_tt_alloc_within(). No device uses its pages, and they are not mapped.
 * @dst: the new pages; freed
 *
 * Afterwards the tt has the new pages with the same contents and caching. May sleep.
 */
void ttm_tt_move_to(struct ttm_device *bdev, struct ttm_tt *tt, struct ttm_tt *dst)
{
	const u32 kind = TTM_TT_FLAG_PRIV_COHERENT | TTM_TT_FLAG_PRIV_PRIVATE;
	u32 i;

	for (i = 0; i < tt->num_pages; i++) {
		copy_highpage(dst->pages[i], tt->pages[i]);
		swap(dst->pages[i], tt->pages[i]);
		swap(dst->dma_address[i], tt->dma_address[i]);
		if (i % 512 == 511)
			cond_resched();
	}
	/* Writes to pages that are not cached may not have arrived yet. */
	wmb();
	i = tt->page_flags & kind;
	tt->page_flags = (tt->page_flags & ~kind) | (dst->page_flags & kind);
	dst->page_flags = (dst->page_flags & ~kind) | i;
	ttm_pool_free(&bdev->pool, dst);
	dst_free(dst);
}
EXPORT_SYMBOL(ttm_tt_move_to);
