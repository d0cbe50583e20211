// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Coherent memory of a device, as a source of chunks.
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
 * A source gets coherent memory, and sets its caching, a chunk at a time. There are
 * two shapes. *Contiguous* memory is for a device that does not reach the pages
 * which the machine would give it: under Xen a hypercall exchanges their frames
 * for others, and one exchange for 2 MiB takes little longer than one for 4 KiB.
 * *Scattered* memory is made of single pages, for a device that reaches any page
 * and maps page by page: xen-swiotlb hands such pages out as they are, without a
 * hypercall, and without contiguous machine memory, of which there is little.
 */

/* What is freed has to be told the same. */
static unsigned long coherent_attrs(unsigned int order)
{
	/* Contiguous for the CPU too: pages are found by counting. */
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
	/* Elsewhere the kernel's own mapping stays as it is. */
	return 0;
}

static const struct ttm_chunk_source_ops coherent_ops = {
	.alloc = coherent_alloc,
	.free = coherent_free,
	.set_caching = coherent_set_caching,
};

/**
 * ttm_chunk_source_init() - coherent memory of a device as a source
 * @source: filled in
 * @dev: device, which has to outlive all memory that comes from @source
 * @scattered: single pages instead of contiguous memory: the device reaches every
 *	page of the machine, and gains nothing from neighbours
 */
void ttm_chunk_source_init(struct ttm_chunk_source *source, struct device *dev,
			   bool scattered)
{
	source->ops = &coherent_ops;
	source->dev = dev;
	source->scattered = scattered;
}
