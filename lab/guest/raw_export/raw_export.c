// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Exports dma-bufs without regard to what importers reach.
 *
 * An importer gets the pages' own bus addresses, in its reach or not, or, on request, too few or
 * too many of them, some that are not aligned, or what the DMA API makes of the pages, which may
 * be bounced. An importer that does not check them, or truncates them, would have its device read
 * and write other memory.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/version.h>
#include <xen/xen.h>
#ifdef CONFIG_XEN_PV
#include <xen/page.h>
#endif

#include "raw_export.h"

static unsigned int bounced;
module_param(bounced, uint, 0444);
MODULE_PARM_DESC(bounced, "Pages that the DMA API bounced for the last importer of a buffer that is mapped by it");

/**
 * struct raw_buffer - a buffer.
 * @count: its size in pages
 * @kind: the mappings that importers get
 * @pages: its contents
 */
struct raw_buffer {
	unsigned int count;
	enum raw_export_kind kind;
	struct page **pages;
};

static unsigned int mapped_count(const struct raw_buffer *buffer)
{
	switch (buffer->kind) {
	case RAW_EXPORT_SHORT:
		return buffer->count - 1;
	case RAW_EXPORT_LONG:
		return buffer->count + 1;
	default:
		return buffer->count;
	}
}

static dma_addr_t bus_address(struct page *page)
{
#ifdef CONFIG_XEN_PV
	if (xen_pv_domain())
		return (dma_addr_t)pfn_to_bfn(page_to_xen_pfn(page)) << XEN_PAGE_SHIFT;
#endif
	return page_to_phys(page);
}

/* The pages' own addresses, or wrong ones. */
static int map_raw(struct sg_table *sgt, const struct raw_buffer *buffer)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	ret = sg_alloc_table(sgt, mapped_count(buffer), GFP_KERNEL);
	if (ret)
		return ret;
	for_each_sgtable_sg(sgt, sg, i) {
		struct page *page = buffer->pages[i % buffer->count];

		sg_set_page(sg, page, PAGE_SIZE, 0);
		sg_dma_address(sg) = bus_address(page);
		sg_dma_len(sg) = PAGE_SIZE;
	}
	if (buffer->kind == RAW_EXPORT_UNALIGNED)
		sg_dma_address(sgt->sgl) += 512;
	return 0;
}

/* Like exporters that rely on the DMA API for the importer's reach. */
static int map_by_dma_api(struct sg_table *sgt, const struct raw_buffer *buffer,
			  struct device *importer, enum dma_data_direction dir)
{
	struct sg_dma_page_iter dma;
	unsigned int i = 0;
	int ret;

	ret = sg_alloc_table_from_pages(sgt, buffer->pages, buffer->count, 0,
					(size_t)buffer->count << PAGE_SHIFT, GFP_KERNEL);
	if (ret)
		return ret;
	ret = dma_map_sgtable(importer, sgt, dir, 0);
	if (ret) {
		sg_free_table(sgt);
		return ret;
	}
	bounced = 0;
	for_each_sgtable_dma_page(sgt, &dma, 0)
		bounced += sg_page_iter_dma_address(&dma) != bus_address(buffer->pages[i++]);
	return 0;
}

static struct sg_table *raw_map(struct dma_buf_attachment *attach, enum dma_data_direction dir)
{
	struct raw_buffer *buffer = attach->dmabuf->priv;
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	int ret;

	if (!sgt)
		return ERR_PTR(-ENOMEM);
	if (buffer->kind == RAW_EXPORT_MAPPED)
		ret = map_by_dma_api(sgt, buffer, attach->dev, dir);
	else
		ret = map_raw(sgt, buffer);
	if (ret) {
		kfree(sgt);
		return ERR_PTR(ret);
	}
	return sgt;
}

static void raw_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
		      enum dma_data_direction dir)
{
	struct raw_buffer *buffer = attach->dmabuf->priv;

	if (buffer->kind == RAW_EXPORT_MAPPED)
		dma_unmap_sgtable(attach->dev, sgt, dir, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static int raw_mmap(struct dma_buf *dma_buf, struct vm_area_struct *vma)
{
	struct raw_buffer *buffer = dma_buf->priv;

	return vm_map_pages(vma, buffer->pages, buffer->count);
}

static void free_pages_of(struct page **pages, unsigned int count)
{
	unsigned int i;

	for (i = 0; pages && i < count && pages[i]; i++)
		__free_page(pages[i]);
	kfree(pages);
}

static struct page **get_pages_for(unsigned int count, gfp_t gfp)
{
	struct page **pages = kcalloc(count, sizeof(*pages), GFP_KERNEL);
	unsigned int i;

	for (i = 0; pages && i < count; i++) {
		pages[i] = alloc_page(gfp | __GFP_ZERO);
		if (!pages[i]) {
			free_pages_of(pages, count);
			return NULL;
		}
	}
	return pages;
}

static void buffer_free(struct raw_buffer *buffer)
{
	free_pages_of(buffer->pages, buffer->count);
	kfree(buffer);
}

static void raw_release(struct dma_buf *dma_buf)
{
	buffer_free(dma_buf->priv);
}

static const struct dma_buf_ops raw_ops = {
	.map_dma_buf = raw_map,
	.unmap_dma_buf = raw_unmap,
	.mmap = raw_mmap,
	.release = raw_release,
};

static int raw_create(struct raw_export_create *create)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct raw_buffer *buffer;
	struct dma_buf *dma_buf;
	gfp_t gfp = GFP_KERNEL | GFP_DMA32;
	unsigned int i;
	int fd;

	if (create->pages < 2 || create->pages > RAW_EXPORT_PAGES_MAX ||
	    create->kind > RAW_EXPORT_MAPPED)
		return -EINVAL;
	/* These are about the importer's reach. */
	if (create->kind == RAW_EXPORT_AS_IT_IS || create->kind == RAW_EXPORT_MAPPED)
		gfp = GFP_HIGHUSER;
	buffer = kzalloc(sizeof(*buffer), GFP_KERNEL);
	if (!buffer)
		return -ENOMEM;
	buffer->count = create->pages;
	buffer->kind = create->kind;
	buffer->pages = get_pages_for(buffer->count, gfp);
	if (!buffer->pages) {
		buffer_free(buffer);
		return -ENOMEM;
	}
	create->last = 0;
	for (i = 0; i < buffer->count; i++)
		create->last = max_t(u64, create->last,
				     (u64)bus_address(buffer->pages[i]) + PAGE_SIZE - 1);

	info.ops = &raw_ops;
	info.size = buffer->kind == RAW_EXPORT_HUGE ? RAW_EXPORT_HUGE_SIZE :
						      (size_t)buffer->count << PAGE_SHIFT;
	info.flags = O_RDWR;
	info.priv = buffer;
	dma_buf = dma_buf_export(&info);
	if (IS_ERR(dma_buf)) {
		buffer_free(buffer);
		return PTR_ERR(dma_buf);
	}
	fd = dma_buf_fd(dma_buf, O_CLOEXEC);
	if (fd < 0) {
		dma_buf_put(dma_buf);
		return fd;
	}
	create->fd = fd;
	return 0;
}

static long raw_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	struct raw_export_create create;
	void __user *user = (void __user *)arg;
	int ret;

	if (cmd != RAW_EXPORT_CREATE)
		return -ENOTTY;
	if (copy_from_user(&create, user, sizeof(create)))
		return -EFAULT;
	ret = raw_create(&create);
	/* If the copy fails the file stays open until the caller ends. */
	if (!ret && copy_to_user(user, &create, sizeof(create)))
		ret = -EFAULT;
	return ret;
}

static const struct file_operations raw_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = raw_ioctl,
};

static struct miscdevice raw_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "raw-export",
	.fops = &raw_fops,
	.mode = 0600,
};
module_misc_device(raw_misc);

MODULE_DESCRIPTION("Exports dma-bufs by their pages' own bus addresses");
MODULE_LICENSE("Dual MIT/GPL");
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
MODULE_IMPORT_NS("DMA_BUF");
#else
MODULE_IMPORT_NS(DMA_BUF);
#endif
