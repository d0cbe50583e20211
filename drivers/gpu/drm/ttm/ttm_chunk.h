/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_CHUNK_H_
#define _TTM_CHUNK_H_

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mmzone.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <drm/ttm/ttm_caching.h>

struct device;
struct page;
struct ttm_chunk_cpu;
struct ttm_chunk_source;

/* A chunk is 2 MiB, or less if that is the page allocator's limit. */
#define TTM_CHUNK_ORDER		min_t(unsigned int, ilog2(SZ_2M) - PAGE_SHIFT, MAX_PAGE_ORDER)
#define TTM_CHUNK_MAX_PAGES	(SZ_2M >> PAGE_SHIFT)

/**
 * struct ttm_chunk_source_ops - how a source allocates its memory
 *
 * All may sleep. Reclaim calls @free, and @set_caching to restore the caching. These two
 * must not allocate memory that they wait for.
 */
struct ttm_chunk_source_ops {
	/**
	 * @alloc: allocate 1 << @order zeroed pages, contiguous for the CPU and on the
	 * bus. Sets the bus address of the first page. Returns the kernel's virtual
	 * address, or NULL.
	 */
	void *(*alloc)(struct ttm_chunk_source *source, unsigned int order,
		       dma_addr_t *bus, gfp_t gfp);
	/** @free: free what @alloc has returned. */
	void (*free)(struct ttm_chunk_source *source, unsigned int order,
		     void *vaddr, dma_addr_t bus);
	/**
	 * @set_caching: change the caching of the kernel's mapping of @pages. Returns 0
	 * or a negative errno; the pages may then have the old or the new caching.
	 */
	int (*set_caching)(struct ttm_chunk_source *source, struct page **pages,
			   unsigned int count, enum ttm_caching caching);
};

/**
 * struct ttm_chunk_source - where chunks are allocated
 * @ops: operations
 * @dev: device that the memory is coherent for
 * @scattered: chunks are made of single pages instead of contiguous memory
 * @closed: no more memory is allocated, and free pages are not kept; see ttm_chunk_close()
 */
struct ttm_chunk_source {
	const struct ttm_chunk_source_ops *ops;
	struct device *dev;
	bool scattered;
	bool closed;
};

/**
 * struct ttm_chunk_allocator - the chunks of one source in one caching mode
 * @source: where the chunks are allocated
 * @caching: the caching mode of all pages
 * @grow_lock: serializes the allocation of chunks, so that tasks which run out of pages
 *	at the same time allocate one chunk; protects @first_order. Reclaim does not take
 *	it.
 * @first_order: the order of pieces that is tried first
 * @cpu: per-CPU caches of free pages
 * @lock: protects everything below unless noted, and the chunks. Nothing is allocated
 *	or freed under it.
 * @partial: chunks with free and with used pages, indexed by ilog2 of the free pages
 * @full: chunks without a free page
 * @empty: chunks without a used page, the last used first
 * @empty_pages: pages of the empty chunks by NUMA node; read without @lock
 * @pages: pages of all chunks
 * @free_pages: free pages of all chunks, those of @cpu not included; read without @lock
 * @bookkeeping: bytes of the chunks' own structures
 * @chunks: number of chunks
 * @allocs: number of chunks allocated so far
 * @frees: number of chunks freed so far
 * @caching_changes: number of caching changes so far
 */
struct ttm_chunk_allocator {
	struct ttm_chunk_source *source;
	enum ttm_caching caching;
	/* Held while memory is allocated; reclaim does not take it. */
	struct mutex grow_lock;
	unsigned int first_order;
	struct ttm_chunk_cpu __percpu *cpu;

	/* Protects everything below unless noted. */
	spinlock_t lock;
	struct list_head partial[ilog2(TTM_CHUNK_MAX_PAGES) + 1];
	struct list_head full;
	struct list_head empty;
	unsigned long *empty_pages;
	unsigned long pages;
	unsigned long free_pages;
	unsigned long bookkeeping;
	unsigned long chunks;
	unsigned long allocs;
	unsigned long frees;
	unsigned long caching_changes;
};

/**
 * struct ttm_chunk_stats - counters of an allocator
 * @in_use: pages that BOs use
 * @free: free pages, those in the per-CPU caches included
 * @per_cpu: pages in the per-CPU caches
 * @chunks: chunks
 * @full: chunks without a free page
 * @partial: chunks with free and with used pages
 * @empty: chunks without a used page
 * @allocs: chunks allocated so far
 * @frees: chunks freed so far
 * @caching_changes: caching changes so far
 * @bookkeeping: bytes of bookkeeping
 * @by_order: chunks by the order of their pieces
 */
struct ttm_chunk_stats {
	unsigned long in_use;
	unsigned long free;
	unsigned long per_cpu;
	unsigned long chunks;
	unsigned long full;
	unsigned long partial;
	unsigned long empty;
	unsigned long allocs;
	unsigned long frees;
	unsigned long caching_changes;
	unsigned long bookkeeping;
	unsigned long by_order[ilog2(TTM_CHUNK_MAX_PAGES) + 1];
};

void ttm_chunk_source_init(struct ttm_chunk_source *source, struct device *dev,
			   bool scattered);

int ttm_chunk_allocator_init(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk_source *source,
			     enum ttm_caching caching);
bool ttm_chunk_allocator_fini(struct ttm_chunk_allocator *alloc);

int ttm_chunk_alloc_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			  dma_addr_t *bus, unsigned int count, gfp_t gfp);
void ttm_chunk_free_pages(struct page **pages, unsigned int count);
void ttm_chunk_close(struct ttm_chunk_allocator *alloc);
struct device *ttm_chunk_page_device(const struct page *page);

unsigned long ttm_chunk_reclaimable(struct ttm_chunk_allocator *alloc, int nid);
unsigned long ttm_chunk_shrink(struct ttm_chunk_allocator *alloc, int nid,
			       unsigned long count);
unsigned long ttm_chunk_free_count(struct ttm_chunk_allocator *alloc);
void ttm_chunk_stats_add(struct ttm_chunk_allocator *alloc,
			 struct ttm_chunk_stats *stats);

/* For the per-CPU caches. */
unsigned int ttm_chunk_take_runs(struct ttm_chunk_allocator *alloc, int order,
				 struct page **pages, dma_addr_t *bus,
				 unsigned int count);
void ttm_chunk_return_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			    unsigned int count);

#endif
