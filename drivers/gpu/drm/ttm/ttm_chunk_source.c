// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A chunk source that allocates coherent memory of a device.
 */

#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#ifdef CONFIG_X86
#include <asm/set_memory.h>
#endif

#include "ttm_chunk.h"

/**
 * DOC: Chunk sources
 *
 * The source allocates coherent memory and sets its caching. Chunks have one of two shapes.
 *
 * *Contiguous* chunks are for a device that does not reach all memory of the machine. Under
 * Xen a hypercall exchanges their machine frames for others, and one exchange of 2 MiB
 * takes little longer than one of 4 KiB.
 *
 * *Scattered* chunks are made of single pages. They are for a device that reaches all memory
 * and maps page by page: xen-swiotlb allocates such pages without a hypercall and without
 * contiguous machine memory, which is scarce.
 */

/* Alloc and free must pass the same attributes. */
static unsigned long coherent_attrs(unsigned int order)
{
	/* Contiguous for the CPU too: a page is found by its index in the piece. */
	return DMA_ATTR_FORCE_CONTIGUOUS | (order ? DMA_ATTR_NO_WARN : 0);
}

static void *coherent_alloc(struct ttm_chunk_source *source, unsigned int order,
			    dma_addr_t *bus, gfp_t gfp)
{
	return dma_alloc_attrs(source->dev, PAGE_SIZE << order, bus, gfp,
			       coherent_attrs(order));
}

static void coherent_free(struct ttm_chunk_source *source, unsigned int order,
			  void *vaddr, dma_addr_t bus)
{
	dma_free_attrs(source->dev, PAGE_SIZE << order, vaddr, bus,
		       coherent_attrs(order));
}

static int coherent_set_caching(struct ttm_chunk_source *source,
				struct page **pages, unsigned int count,
				enum ttm_caching caching)
{
#ifdef CONFIG_X86
	switch (caching) {
	case ttm_cached:
		return set_pages_array_wb(pages, count);
	case ttm_write_combined:
		return set_pages_array_wc(pages, count);
	case ttm_uncached:
		return set_pages_array_uc(pages, count);
	}
#endif
	/* Other architectures do not change the kernel's mapping. */
	return 0;
}

static const struct ttm_chunk_source_ops coherent_ops = {
	.alloc = coherent_alloc,
	.free = coherent_free,
	.set_caching = coherent_set_caching,
};

/**
 * ttm_chunk_source_init() - initialize a source of a device's coherent memory
 * @source: source
 * @dev: device, which has to outlive all memory from @source
 * @scattered: allocate single pages instead of contiguous memory, for a device that
 *	reaches all memory and maps page by page
 */
void ttm_chunk_source_init(struct ttm_chunk_source *source, struct device *dev,
			   bool scattered)
{
	source->ops = &coherent_ops;
	source->dev = dev;
	source->scattered = scattered;
}
