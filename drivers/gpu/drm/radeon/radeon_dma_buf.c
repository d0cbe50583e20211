// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * dma-buf export and import.
 */

#include <linux/debugfs.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <drm/drm_drv.h>
#include <drm/drm_prime.h>
#include <drm/ttm/ttm_dma_limit.h>
#include <drm/ttm/ttm_tt.h>

#include "radeon.h"
#include "radeon_dma_buf.h"
#include "radeon_trace.h"

/**
 * DOC: Sharing BOs between devices
 *
 * An exported BO is pinned in GTT while it is attached to another device. The importer may
 * drive fewer address bits than the exporter's GPU. The DMA API would bounce the pages that
 * it does not reach, and the importer's writes would never get to the BO.
 *
 * So a mapping first compares the BO's pages with the importer's DMA limit. If the importer
 * reaches all pages they are mapped as they are, in segments that are contiguous on the bus.
 * If not, the contents are moved once to pages that both devices reach, and the exporter's
 * GART and CPU mappings are changed to these. The move waits until the BO is idle. It is
 * refused if another importer has mapped the pages, because its mapping cannot be changed. If
 * no memory suits a device, the device is refused when it attaches.
 *
 * Coherent pages have bus addresses. Devices whose addresses are not translated get these
 * addresses, unless a pool device says that they are valid for one device only; the DMA API
 * maps the pages for all others.
 *
 * When the exporter's GPU is removed, importers that have attached a BO keep its pages. They
 * can map and unmap them, but the contents are not moved any more.
 *
 * An import is refused if the GPU does not drive an address of it, or if the exporter has
 * bounced its pages. An importer must not look at the pages of a dma-buf, so all checks are of
 * the DMA addresses.
 */

/**
 * struct radeon_dma_buf_table - a mapping for an importer
 * @base: the importer's part
 * @direct: the addresses are those of coherent pages and are not to be unmapped
 */
struct radeon_dma_buf_table {
	struct sg_table base;
	bool direct;
};

/* The length of the run at page @first that is contiguous for the CPU and on the bus. */
static unsigned int run_length(const struct ttm_tt *tt, unsigned int first, unsigned int max)
{
	unsigned int n = 1;

	while (n < max && first + n < tt->num_pages &&
	       tt->dma_address[first + n] == tt->dma_address[first] + n * PAGE_SIZE &&
	       page_to_pfn(tt->pages[first + n]) == page_to_pfn(tt->pages[first]) + n)
		n++;
	return n;
}

/* A table of the addresses that the exporter's GPU uses, too. */
static int table_of_bus_addresses(struct sg_table *sgt, const struct ttm_tt *tt,
				  struct device *importer)
{
	unsigned int max = max(dma_get_max_seg_size(importer) >> PAGE_SHIFT, 1u);
	unsigned int i, n, runs = 0;
	struct scatterlist *sg;
	int ret;

	for (i = 0; i < tt->num_pages; i += n, runs++)
		n = run_length(tt, i, max);
	ret = sg_alloc_table(sgt, runs, GFP_KERNEL);
	if (ret)
		return ret;
	sg = sgt->sgl;
	for (i = 0; i < tt->num_pages; i += n, sg = sg_next(sg)) {
		n = run_length(tt, i, max);
		sg_set_page(sg, tt->pages[i], n << PAGE_SHIFT, 0);
		sg_dma_address(sg) = tt->dma_address[i];
		sg_dma_len(sg) = n << PAGE_SHIFT;
	}
	return 0;
}

static const char no_memory[] = "there is no memory that both devices reach";
static const char gpu_removed[] = "the BO's GPU has been removed";

/* Rate limited: user space can try again and again. */
static int refuse(struct radeon_bo *bo, struct device *importer, int ret, const char *why)
{
	struct radeon_device *rdev = bo->rdev;

	atomic_long_inc(&rdev->dma_buf_stats.refused);
	trace_radeon_dma_buf_refuse(rdev->dev, importer, radeon_bo_size(bo));
	dev_err_ratelimited(rdev->dev,
			    "a BO of %lu bytes cannot be shared with %s, which reaches bus addresses up to %#llx: %s\n",
			    radeon_bo_size(bo), dev_name(importer),
			    ttm_dma_limit(importer), why);
	return ret;
}

/*
 * A table of the pages, mapped for the importer. They are within its reach, and for some
 * devices the DMA API bounces all pages nevertheless.
 */
static int table_of_pages(struct sg_table *sgt, struct radeon_bo *bo,
			  struct device *importer, enum dma_data_direction dir)
{
	const struct ttm_tt *tt = bo->tbo.ttm;
	size_t max = PAGE_SIZE;
	int ret;

	if (!bo->tbo.bdev->pool.backing.single)
		max = clamp(dma_max_mapping_size(importer), PAGE_SIZE,
			    (size_t)dma_get_max_seg_size(importer));
	ret = sg_alloc_table_from_pages_segment(sgt, tt->pages, tt->num_pages, 0,
						(size_t)tt->num_pages << PAGE_SHIFT,
						ALIGN_DOWN(max, PAGE_SIZE), GFP_KERNEL);
	if (ret)
		return ret;
	ret = dma_map_sgtable(importer, sgt, dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (ret)
		goto free_table;
	if (ttm_pages_bounced(importer, sgt)) {
		dma_unmap_sgtable(importer, sgt, dir, DMA_ATTR_SKIP_CPU_SYNC);
		ret = refuse(bo, importer, -EOPNOTSUPP,
			     "the DMA API bounces all pages that are mapped for it");
		goto free_table;
	}
	return 0;

free_table:
	sg_free_table(sgt);
	return ret;
}

/*
 * Move the contents of a BO to pages that the importer reaches. The BO is reserved and
 * pinned in GTT. All that can fail comes before the pages are unmapped.
 */
static int move_within_limit(struct radeon_bo *bo, struct device *importer)
{
	struct ttm_operation_ctx ctx = { .interruptible = true };
	struct radeon_device *rdev = bo->rdev;
	struct ttm_tt *tt = bo->tbo.ttm, *dst;
	int ret;

	if (drm_dev_is_unplugged(bo->tbo.base.dev))
		return refuse(bo, importer, -ENODEV, gpu_removed);
	if (bo->dma_buf_maps)
		return refuse(bo, importer, -EBUSY, "another device has its pages mapped");
	if (bo->dma_buf_vmaps || bo->kptr)
		return refuse(bo, importer, -EBUSY, "the kernel has it mapped");

	/* The importers' fences are in the same reservation object. */
	ret = ttm_bo_wait_ctx(&bo->tbo, &ctx);
	if (ret == -EDEADLK) {
		/*
		 * The GPU hangs and the next ioctl resets it. For an importer -EDEADLK would
		 * mean something else.
		 */
		return -EBUSY;
	}
	if (ret)
		return ret;
	dst = ttm_tt_alloc_within(&rdev->mman.bdev, tt, importer, &ctx);
	if (IS_ERR(dst))
		return refuse(bo, importer, PTR_ERR(dst), PTR_ERR(dst) == -ENOMEM ?
			      "no memory is free that both devices reach" : no_memory);

	ttm_bo_unmap_virtual(&bo->tbo);
	radeon_ttm_tt_unbind(&rdev->mman.bdev, tt);
	ttm_tt_move_to(&rdev->mman.bdev, tt, dst);
	/* The GART has been ready for the old pages. */
	ret = radeon_ttm_tt_bind(&rdev->mman.bdev, tt, bo->tbo.resource);
	radeon_vm_bo_invalidate(rdev, bo);
	if (WARN_ON(ret))
		return ret;
	atomic_long_inc(&rdev->dma_buf_stats.copies);
	atomic_long_add(radeon_bo_size(bo), &rdev->dma_buf_stats.copied_bytes);
	trace_radeon_dma_buf_copy(rdev->dev, importer, radeon_bo_size(bo));
	return 0;
}

/**
 * radeon_dma_buf_attach() - &dma_buf_ops.attach
 * @dma_buf: dma-buf of a BO, which is pinned until the device detaches
 * @attach: attachment
 *
 * Refuses a device that reaches neither these pages nor any that they can be moved to. Whether
 * they have to be moved is known when they are mapped.
 *
 * Return: 0; -EOPNOTSUPP if there is no memory that both devices reach; -ENODEV if the GPU
 * has been removed and the device does not reach the pages; -ENOMEM; the errors of
 * drm_gem_map_attach(); -EINTR.
 */
static int radeon_dma_buf_attach(struct dma_buf *dma_buf, struct dma_buf_attachment *attach)
{
	struct drm_gem_object *gobj = dma_buf->priv;
	struct radeon_bo *bo = gem_to_radeon_bo(gobj);
	struct ttm_tt *tt;
	int ret;

	ret = drm_gem_map_attach(dma_buf, attach);
	if (ret)
		return ret;
	ret = dma_resv_lock_interruptible(gobj->resv, NULL);
	if (ret)
		goto detach;
	tt = bo->tbo.ttm;
	if (tt && ttm_tt_is_populated(tt) && !ttm_tt_within_limit(tt, attach->dev)) {
		if (drm_dev_is_unplugged(gobj->dev)) {
			ret = refuse(bo, attach->dev, -ENODEV, gpu_removed);
		} else {
			ret = ttm_tt_can_move(bo->tbo.bdev, tt, attach->dev);
			if (ret == -EOPNOTSUPP)
				refuse(bo, attach->dev, ret, no_memory);
		}
	}
	dma_resv_unlock(gobj->resv);
	if (!ret)
		return 0;
detach:
	drm_gem_map_detach(dma_buf, attach);
	return ret;
}

/**
 * radeon_dma_buf_map() - &dma_buf_ops.map_dma_buf
 * @attach: attachment, whose BO is pinned and reserved
 * @dir: direction of the importer's accesses
 *
 * Return: the mapping, or an error pointer:
 *
 * * -EBUSY if the contents have to be moved and the pages are mapped by another device or
 *   by the kernel, or the GPU uses them for more than 15 s or hangs;
 * * -ENODEV if the GPU has been removed;
 * * -EOPNOTSUPP if there is no memory that both devices reach, or the DMA API bounces the
 *   importer's pages;
 * * -ENOMEM;
 * * -ERESTARTSYS if a signal has ended the wait for the GPU.
 */
static struct sg_table *radeon_dma_buf_map(struct dma_buf_attachment *attach,
					   enum dma_data_direction dir)
{
	struct drm_gem_object *gobj = attach->dmabuf->priv;
	struct radeon_bo *bo = gem_to_radeon_bo(gobj);
	struct device *importer = attach->dev;
	struct radeon_dma_buf_table *table;
	struct ttm_tt *tt = bo->tbo.ttm;
	bool copied = false;
	int ret;

	dma_resv_assert_held(gobj->resv);
	if (WARN_ON(!tt || !ttm_tt_is_populated(tt)))
		return ERR_PTR(-EINVAL);

	if (!ttm_tt_within_limit(tt, importer)) {
		ret = move_within_limit(bo, importer);
		if (ret)
			return ERR_PTR(ret);
		copied = true;
	}

	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return ERR_PTR(-ENOMEM);
	table->direct = ttm_tt_is_coherent(tt) && tt->dma_address &&
		!ttm_tt_is_private(bo->tbo.bdev, tt) &&
		!ttm_dma_translated(importer) && !ttm_dma_translated(bo->rdev->dev);
	if (table->direct)
		ret = table_of_bus_addresses(&table->base, tt, importer);
	else
		ret = table_of_pages(&table->base, bo, importer, dir);
	if (ret) {
		kfree(table);
		return ERR_PTR(ret);
	}
	bo->dma_buf_maps++;
	if (!copied) {
		atomic_long_inc(&bo->rdev->dma_buf_stats.copies_avoided);
		trace_radeon_dma_buf_map(bo->rdev->dev, importer, radeon_bo_size(bo));
	}
	return &table->base;
}

static void radeon_dma_buf_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
				 enum dma_data_direction dir)
{
	struct radeon_dma_buf_table *table = container_of(sgt, typeof(*table), base);
	struct drm_gem_object *gobj = attach->dmabuf->priv;

	dma_resv_assert_held(gobj->resv);
	gem_to_radeon_bo(gobj)->dma_buf_maps--;
	if (!table->direct)
		dma_unmap_sgtable(attach->dev, sgt, dir, DMA_ATTR_SKIP_CPU_SYNC);
	sg_free_table(sgt);
	kfree(table);
}

/* Pages that the kernel has mapped for an importer must not move. */
static int radeon_dma_buf_vmap(struct dma_buf *dma_buf, struct iosys_map *map)
{
	struct drm_gem_object *gobj = dma_buf->priv;
	int ret = drm_gem_dmabuf_vmap(dma_buf, map);

	if (!ret)
		gem_to_radeon_bo(gobj)->dma_buf_vmaps++;
	return ret;
}

static void radeon_dma_buf_vunmap(struct dma_buf *dma_buf, struct iosys_map *map)
{
	struct drm_gem_object *gobj = dma_buf->priv;

	gem_to_radeon_bo(gobj)->dma_buf_vmaps--;
	drm_gem_dmabuf_vunmap(dma_buf, map);
}

static const struct dma_buf_ops radeon_dma_buf_ops = {
	.attach = radeon_dma_buf_attach,
	.detach = drm_gem_map_detach,
	.map_dma_buf = radeon_dma_buf_map,
	.unmap_dma_buf = radeon_dma_buf_unmap,
	.release = drm_gem_dmabuf_release,
	.mmap = drm_gem_dmabuf_mmap,
	.vmap = radeon_dma_buf_vmap,
	.vunmap = radeon_dma_buf_vunmap,
};

/**
 * radeon_dma_buf_export() - export a BO
 * @gobj: GEM object of the BO
 * @flags: flags of the file: DRM_CLOEXEC and DRM_RDWR
 *
 * Return: the dma-buf or an error pointer.
 */
struct dma_buf *radeon_dma_buf_export(struct drm_gem_object *gobj, int flags)
{
	struct dma_buf *dma_buf = drm_gem_prime_export(gobj, flags);

	if (!IS_ERR(dma_buf))
		dma_buf->ops = &radeon_dma_buf_ops;
	return dma_buf;
}

/* Rate limited, too. */
static __printf(4, 5) int refuse_import(struct radeon_device *rdev,
					const struct dma_buf *dma_buf, int ret,
					const char *why, ...)
{
	struct va_format text = { .fmt = why };
	va_list args;

	atomic_long_inc(&rdev->dma_buf_stats.refused);
	trace_radeon_dma_buf_refuse(NULL, rdev->dev, dma_buf->size);
	va_start(args, why);
	text.va = &args;
	dev_err_ratelimited(rdev->dev, "a buffer of %zu bytes of %s cannot be imported: %pV\n",
			    dma_buf->size, dma_buf->exp_name, &text);
	va_end(args);
	return ret;
}

/**
 * radeon_dma_buf_import() - import a dma-buf
 * @dev: DRM device
 * @dma_buf: dma-buf; if @dev has exported it, the result is the exported BO
 *
 * Return: a GEM object or an error pointer: -EINVAL if the dma-buf is empty, -ENOMEM if it is
 * larger than the GTT, the errors of radeon_dma_buf_check() and of the exporter.
 */
struct drm_gem_object *radeon_dma_buf_import(struct drm_device *dev,
					     struct dma_buf *dma_buf)
{
	struct drm_gem_object *gobj = dma_buf->priv;
	struct radeon_device *rdev = dev->dev_private;

	if (dma_buf->ops == &radeon_dma_buf_ops && gobj->dev == dev) {
		/* The dma-buf has a reference to the BO, so the BO exists. */
		drm_gem_object_get(gobj);
		return gobj;
	}
	if (!dma_buf->size)
		return ERR_PTR(refuse_import(rdev, dma_buf, -EINVAL, "it is empty"));
	if (dma_buf->size > rdev->mc.gtt_size)
		return ERR_PTR(refuse_import(rdev, dma_buf, -ENOMEM, "the GTT has %llu bytes",
					     rdev->mc.gtt_size));
	return drm_gem_prime_import(dev, dma_buf);
}

/**
 * radeon_dma_buf_check() - check whether the GPU can use a mapping of an import
 * @rdev: device
 * @attach: attachment
 * @sgt: mapping
 *
 * Return: 0; -EINVAL if the mapping has another size than the buffer or does not consist of
 * whole pages; -ERANGE if the GPU does not drive an address; -EOPNOTSUPP if the exporter has
 * bounced pages.
 */
int radeon_dma_buf_check(struct radeon_device *rdev, struct dma_buf_attachment *attach,
			 struct sg_table *sgt)
{
	const struct dma_buf *dma_buf = attach->dmabuf;
	u64 last = dma_get_mask(rdev->dev), size = 0, first, end;
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		first = sg_dma_address(sg);
		end = first + sg_dma_len(sg) - 1;
		if (!sg_dma_len(sg) || !PAGE_ALIGNED(first) || !PAGE_ALIGNED(sg_dma_len(sg)))
			return refuse_import(rdev, dma_buf, -EINVAL,
					     "its mapping has %u bytes at %#llx, which are not whole pages",
					     sg_dma_len(sg), first);
		if (end > last || end < first)
			return refuse_import(rdev, dma_buf, -ERANGE,
					     "it has addresses up to %#llx, this GPU drives addresses up to %#llx",
					     end, last);
		size += sg_dma_len(sg);
	}
	if (size < dma_buf->size || size - dma_buf->size >= PAGE_SIZE)
		return refuse_import(rdev, dma_buf, -EINVAL, "its mapping has %llu bytes", size);
	if (ttm_dma_bounced(rdev->dev, sgt))
		return refuse_import(rdev, dma_buf, -EOPNOTSUPP,
				     "its pages were bounced, this GPU reaches addresses up to %#llx",
				     ttm_dma_limit(rdev->dev));
	return 0;
}

static int radeon_dma_buf_show(struct seq_file *m, void *data)
{
	struct radeon_device *rdev = m->private;
	struct radeon_dma_buf_stats *stats = &rdev->dma_buf_stats;

	seq_printf(m, "%-15s %ld\n", "copies", atomic_long_read(&stats->copies));
	seq_printf(m, "%-15s %ld\n", "copied_bytes", atomic_long_read(&stats->copied_bytes));
	seq_printf(m, "%-15s %ld\n", "copies_avoided", atomic_long_read(&stats->copies_avoided));
	seq_printf(m, "%-15s %ld\n", "refused", atomic_long_read(&stats->refused));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(radeon_dma_buf);

/**
 * radeon_dma_buf_debugfs_init() - create the debugfs file "radeon_dma_buf"
 * @rdev: device
 * @root: its directory in debugfs
 */
void radeon_dma_buf_debugfs_init(struct radeon_device *rdev, struct dentry *root)
{
	debugfs_create_file("radeon_dma_buf", 0444, root, rdev, &radeon_dma_buf_fops);
}
