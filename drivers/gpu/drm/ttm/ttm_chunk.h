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
struct ttm_chunk_source;

/* A chunk is 2 MiB where that much can be had. */
#define TTM_CHUNK_ORDER		min_t(unsigned int, ilog2(SZ_2M) - PAGE_SHIFT, MAX_PAGE_ORDER)
#define TTM_CHUNK_MAX_PAGES	(SZ_2M >> PAGE_SHIFT)

/* Pages that a CPU keeps at hand for each caching mode, and how many at a time. */
#define TTM_CHUNK_CPU_PAGES	32
#define TTM_CHUNK_CPU_BATCH	(TTM_CHUNK_CPU_PAGES / 2)

/**
 * struct ttm_chunk_source_ops - how a source gets its memory
 *
 * All may sleep. @free, and @set_caching back to what it was, are called by reclaim and
 * with a lock that it takes: they must not wait for memory.
 */
struct ttm_chunk_source_ops {
	/**
	 * @alloc: get 1 << @order pages, contiguous on the bus and for the CPU,
	 * zeroed; sets the bus address of the first. Returns where the CPU
	 * sees them, or NULL.
	 */
	void *(*alloc)(struct ttm_chunk_source *source, unsigned int order,
		       dma_addr_t *bus, gfp_t gfp);
	/** @free: give back what @alloc has returned. */
	void (*free)(struct ttm_chunk_source *source, unsigned int order,
		     void *vaddr, dma_addr_t bus);
	/**
	 * @set_caching: change the caching of the kernel's mapping of @pages, in one
	 * go. Returns 0 or a negative errno; the pages may then have either.
	 */
	int (*set_caching)(struct ttm_chunk_source *source, struct page **pages,
			   unsigned int count, enum ttm_caching caching);
};

/**
 * struct ttm_chunk_source - where chunks come from
 * @ops: how
 * @dev: device that the memory is coherent for
 * @scattered: chunks are made of single pages instead of contiguous memory
 * @closed: there is no more memory to be had, and what comes back is not kept; see
 *	ttm_chunk_close()
 */
struct ttm_chunk_source {
	const struct ttm_chunk_source_ops *ops;
	struct device *dev;
	bool scattered;
	bool closed;
};

void ttm_chunk_source_init(struct ttm_chunk_source *source, struct device *dev,
			   bool scattered);

struct ttm_chunk_cpu;

/**
 * struct ttm_chunk_allocator - the chunks of one source in one caching mode
 * @source: where they come from
 * @caching: the caching of all of their pages
 * @grow_lock: held while a chunk is made, so that one shortage makes one chunk;
 *	protects @first_order
 * @first_order: the order of pieces that is tried first
 * @cpu: pages that each CPU has at hand
 * @lock: protects all below, and the chunks themselves; a leaf, never held while
 *	anything is allocated or freed
 * @partial: chunks with free pages and used ones, by ilog2 of their free pages
 * @full: chunks without a free page
 * @empty: chunks without a used page, the last used first
 * @empty_pages: pages of the empty chunks by NUMA node; read without @lock
 * @pages: pages of all chunks
 * @free_pages: pages that are free in them; those of @cpu are not
 * @bookkeeping: bytes that the chunks' own structures take
 * @chunks: number of chunks
 * @allocs: chunks made so far
 * @frees: chunks given back so far
 * @caching_changes: how often the caching of a chunk was changed so far
 */
struct ttm_chunk_allocator {
	struct ttm_chunk_source *source;
	enum ttm_caching caching;
	/* Held while memory is allocated; reclaim does not take it. */
	struct mutex grow_lock;
	unsigned int first_order;
	struct ttm_chunk_cpu __percpu *cpu;

	/* Nothing below is looked at without it but where it says so. */
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
 * struct ttm_chunk_stats - an allocator at one moment
 * @in_use: pages that BOs have
 * @free: pages that are free, those in the per-CPU caches included
 * @per_cpu: pages in the per-CPU caches
 * @chunks: chunks
 * @full: chunks without a free page
 * @partial: chunks with free pages and used ones
 * @empty: chunks without a used page
 * @allocs: chunks made so far
 * @frees: chunks given back so far
 * @caching_changes: caching changes so far
 * @bookkeeping: bytes of bookkeeping
 * @by_order: chunks by the order of their contiguous pieces
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

int ttm_chunk_allocator_init(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk_source *source,
			     enum ttm_caching caching);
bool ttm_chunk_allocator_fini(struct ttm_chunk_allocator *alloc);

int ttm_chunk_alloc_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			  dma_addr_t *bus, unsigned int count, gfp_t gfp);
unsigned int ttm_chunk_take_pages(struct ttm_chunk_allocator *alloc,
				  struct page **pages, dma_addr_t *bus,
				  unsigned int count);
void ttm_chunk_free_pages(struct page **pages, unsigned int count);
void ttm_chunk_close(struct ttm_chunk_allocator *alloc);

unsigned long ttm_chunk_reclaimable(struct ttm_chunk_allocator *alloc, int nid);
unsigned long ttm_chunk_shrink(struct ttm_chunk_allocator *alloc, int nid,
			       unsigned long count);
unsigned long ttm_chunk_free_count(struct ttm_chunk_allocator *alloc);
void ttm_chunk_stats_get(struct ttm_chunk_allocator *alloc,
			 struct ttm_chunk_stats *stats);

#endif
