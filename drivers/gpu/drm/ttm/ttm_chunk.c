// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Allocates pages for BOs from chunks of coherent memory.
 */

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/vmstat.h>

#include <drm/drm_util.h>

#include "ttm_chunk.h"
#include "ttm_chunk_cpu.h"

#define CREATE_TRACE_POINTS
#include "ttm_chunk_trace.h"

/**
 * DOC: Chunks
 *
 * Allocating coherent memory and changing its caching are slow: the first can be a
 * hypercall, the second interrupts every CPU. Both take about as long for 2 MiB as for a
 * page. So the allocator gets chunks of 2 MiB, sets the caching of a whole chunk once, and
 * hands out pages and power-of-two runs of pages:
 *
 * .. code-block:: c
 *
 *	struct ttm_chunk_source source = { .ops = &ops, .dev = dev };
 *	struct ttm_chunk_allocator alloc;
 *	struct page *pages[17];
 *	dma_addr_t bus[17];
 *
 *	ret = ttm_chunk_allocator_init(&alloc, &source, ttm_write_combined);
 *	if (ret)
 *		return ret;
 *	ret = ttm_chunk_alloc_pages(&alloc, pages, bus, 17, GFP_USER);
 *	if (!ret) {
 *		// The device uses pages[] at the addresses bus[].
 *		ttm_chunk_free_pages(pages, 17);
 *	}
 *	ttm_chunk_shrink(&alloc, NUMA_NO_NODE, ULONG_MAX);
 *	ttm_chunk_allocator_fini(&alloc);
 *
 * A chunk consists of pieces. A piece is contiguous on the bus, and all pieces of a chunk
 * have the same order: one piece of 2 MiB if the source has it, else two of 1 MiB, and so
 * on down to single pages. A scattered source allocates only single pages. If memory
 * is short a chunk has fewer pages.
 *
 * The bookkeeping of a chunk is its struct ttm_chunk: a bit for each page and 12 bytes for
 * each piece. A page's private field points back to it. So nothing is allocated for a page
 * or a run, and a chunk of 2 MiB needs at most 16 bytes for each page. On machines where
 * coherent memory is outside of the linear mapping (32-bit ones), a pointer for each piece
 * is added.
 *
 * Pages are taken from the fullest chunk that has them, so that other chunks become empty.
 * An empty chunk is kept until the shrinker or the limit of the pool frees it. Larger runs
 * are tried first, but no chunk is allocated while there are free pages.
 *
 * Free pages are always zeroed: the source allocates zeroed memory, and pages are cleared
 * when a BO frees them.
 *
 * Pages of BOs are counted as NR_GPU_ACTIVE, free ones as NR_GPU_RECLAIM.
 *
 * ttm_chunk_free_pages() finds the allocator of each page by itself, so a BO may have
 * pages of several allocators.
 */

/* A page's private field is a pointer to its chunk, with the page's index in the low bits. */
#define CHUNK_ALIGN		512

/**
 * struct ttm_chunk_piece - contiguous memory in a chunk
 * @bus: bus address; the bits below a page are bits 32 to 43 of the frame number
 * @pfn: bits 0 to 31 of the frame number of the first page
 */
struct ttm_chunk_piece {
	u64 bus;
	u32 pfn;
} __packed __aligned(4);

/**
 * struct ttm_chunk - memory that is allocated and freed together
 * @link: in one of the allocator's lists
 * @alloc: the allocator
 * @remapped: virtual addresses of the pieces if they are outside of the linear mapping,
 *	else NULL
 * @used: a bit for each page, set if the page is not free
 * @pages: number of pages
 * @free: number of free pages
 * @nid: NUMA node of the first page
 * @order: the order of the pieces
 * @run_order: upper bound of the order of the largest free run; -1 if no page is free
 * @pieces: the pieces
 */
struct ttm_chunk {
	struct list_head link;
	struct ttm_chunk_allocator *alloc;
	void **remapped;
	DECLARE_BITMAP(used, TTM_CHUNK_MAX_PAGES);
	u16 pages;
	u16 free;
	s16 nid;
	s8 order;
	s8 run_order;
	struct ttm_chunk_piece pieces[];
};

/* A power of two: kmalloc() aligns only such sizes to the size. */
static size_t chunk_size(unsigned int order)
{
	struct ttm_chunk *chunk;

	BUILD_BUG_ON(TTM_CHUNK_MAX_PAGES > CHUNK_ALIGN);
	return max_t(size_t, CHUNK_ALIGN,
		     roundup_pow_of_two(struct_size(chunk, pieces,
						    TTM_CHUNK_MAX_PAGES >> order)));
}

static size_t chunk_bytes(const struct ttm_chunk *chunk)
{
	return chunk_size(chunk->order) + (chunk->remapped ?
		(TTM_CHUNK_MAX_PAGES >> chunk->order) * sizeof(*chunk->remapped) : 0);
}

static unsigned long piece_pfn(const struct ttm_chunk_piece *piece)
{
	return (u64)(piece->bus & ~PAGE_MASK) << 32 | piece->pfn;
}

static struct page *chunk_page(const struct ttm_chunk *chunk, unsigned int index)
{
	const struct ttm_chunk_piece *piece = &chunk->pieces[index >> chunk->order];

	return pfn_to_page(piece_pfn(piece) + (index & ((1u << chunk->order) - 1)));
}

static dma_addr_t chunk_bus(const struct ttm_chunk *chunk, unsigned int index)
{
	const struct ttm_chunk_piece *piece = &chunk->pieces[index >> chunk->order];

	return (piece->bus & PAGE_MASK) +
	       ((dma_addr_t)(index & ((1u << chunk->order) - 1)) << PAGE_SHIFT);
}

static struct ttm_chunk *page_chunk(const struct page *page)
{
	return (struct ttm_chunk *)(page->private & ~(CHUNK_ALIGN - 1UL));
}

/**
 * ttm_chunk_page_device() - the device that a page belongs to
 * @page: page in use
 *
 * Return: the device that the page is coherent memory of.
 */
struct device *ttm_chunk_page_device(const struct page *page)
{
	return page_chunk(page)->alloc->source->dev;
}

static unsigned int page_index_in_chunk(const struct page *page)
{
	return page->private & (CHUNK_ALIGN - 1);
}

static void *piece_vaddr(const struct ttm_chunk *chunk, unsigned int piece)
{
	if (chunk->remapped)
		return chunk->remapped[piece];
	return page_address(pfn_to_page(piece_pfn(&chunk->pieces[piece])));
}

static void *page_vaddr(const struct page *page)
{
	const struct ttm_chunk *chunk = page_chunk(page);
	unsigned int index = page_index_in_chunk(page);

	return piece_vaddr(chunk, index >> chunk->order) +
	       ((size_t)(index & ((1u << chunk->order) - 1)) << PAGE_SHIFT);
}

/* Move the chunk to the list for its number of free pages. */
static void chunk_file(struct ttm_chunk_allocator *alloc, struct ttm_chunk *chunk,
		       unsigned int old_free)
{
	bool was_empty = old_free == chunk->pages;
	bool is_empty = chunk->free == chunk->pages;
	unsigned long *empty_pages = &alloc->empty_pages[chunk->nid];

	lockdep_assert_held(&alloc->lock);

	alloc->free_pages += chunk->free;
	alloc->free_pages -= old_free;
	if (was_empty != is_empty)
		WRITE_ONCE(*empty_pages, is_empty ? *empty_pages + chunk->pages :
						    *empty_pages - chunk->pages);

	if (is_empty) {
		chunk->run_order = chunk->order;
		list_move(&chunk->link, &alloc->empty);
	} else if (!chunk->free) {
		chunk->run_order = -1;
		list_move(&chunk->link, &alloc->full);
	} else if (was_empty || !old_free || ilog2(old_free) != ilog2(chunk->free)) {
		list_move(&chunk->link, &alloc->partial[ilog2(chunk->free)]);
	}
}

/* Find the chunk with the fewest free pages that may have a free run of the order. */
static struct ttm_chunk *chunk_find(struct ttm_chunk_allocator *alloc, int order)
{
	struct ttm_chunk *chunk;
	unsigned int i;

	lockdep_assert_held(&alloc->lock);

	for (i = order; i < ARRAY_SIZE(alloc->partial); i++) {
		list_for_each_entry(chunk, &alloc->partial[i], link) {
			if (chunk->run_order >= order)
				return chunk;
		}
	}
	list_for_each_entry(chunk, &alloc->empty, link) {
		if (chunk->run_order >= order)
			return chunk;
	}
	return NULL;
}

/* Take as many runs of the order as fit into @count. Returns the number of pages. */
static unsigned int chunk_take(struct ttm_chunk_allocator *alloc,
			       struct ttm_chunk *chunk, unsigned int order,
			       struct page **pages, dma_addr_t *bus,
			       unsigned int count)
{
	unsigned int size = 1u << order, taken = 0, index = 0, i;
	unsigned int old_free = chunk->free;

	while (taken + size <= count) {
		index = bitmap_find_next_zero_area(chunk->used, chunk->pages, index,
						   size, size - 1);
		if (index >= chunk->pages) {
			/* The search covered the whole chunk. */
			chunk->run_order = (int)order - 1;
			break;
		}
		bitmap_set(chunk->used, index, size);
		for (i = 0; i < size; i++, index++, taken++) {
			pages[taken] = chunk_page(chunk, index);
			if (bus)
				bus[taken] = chunk_bus(chunk, index);
		}
	}
	chunk->free -= taken;
	if (taken)
		chunk_file(alloc, chunk, old_free);
	return taken;
}

/* The order of runs to try first for a request of @count pages. */
static unsigned int best_order(const struct ttm_chunk_allocator *alloc, unsigned int count)
{
	if (READ_ONCE(alloc->source->scattered))
		return 0;
	return min_t(unsigned int, ilog2(count), TTM_CHUNK_ORDER);
}

/*
 * Take free pages in runs of @order or, if there are none, of a lower order. Takes them
 * from one chunk, so that the lock is not held for long. Returns the number of
 * pages, 0 if there are none.
 */
unsigned int ttm_chunk_take_runs(struct ttm_chunk_allocator *alloc, int order,
				 struct page **pages, dma_addr_t *bus,
				 unsigned int count)
{
	struct ttm_chunk *chunk;
	unsigned int taken = 0;

	spin_lock(&alloc->lock);
	while (!taken && order >= 0) {
		chunk = chunk_find(alloc, order);
		if (chunk)
			taken = chunk_take(alloc, chunk, order, pages, bus, count);
		else
			order--;
	}
	spin_unlock(&alloc->lock);
	return taken;
}

/* Return zeroed pages to their chunks. */
void ttm_chunk_return_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			    unsigned int count)
{
	struct ttm_chunk *chunk;
	unsigned int i = 0, old_free, index;

	spin_lock(&alloc->lock);
	while (i < count) {
		chunk = page_chunk(pages[i]);
		old_free = chunk->free;
		do {
			index = page_index_in_chunk(pages[i]);
			if (WARN_ON_ONCE(!__test_and_clear_bit(index, chunk->used)))
				continue;
			chunk->free++;
		} while (++i < count && page_chunk(pages[i]) == chunk);
		chunk->run_order = chunk->order;
		chunk_file(alloc, chunk, old_free);
	}
	spin_unlock(&alloc->lock);
}

static unsigned int chunk_nr_pieces(const struct ttm_chunk *chunk)
{
	return chunk->pages >> chunk->order;
}

/*
 * Allocate the pieces of a chunk, up to 2 MiB. Memory is reclaimed for the first @need
 * pages only.
 */
static void chunk_get_pieces(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk *chunk, unsigned int need, gfp_t gfp)
{
	const gfp_t no_reclaim = __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC;
	struct ttm_chunk_source *source = alloc->source;
	unsigned int n = TTM_CHUNK_MAX_PAGES >> chunk->order;
	unsigned int size = 1u << chunk->order, i, j;
	struct ttm_chunk_piece *piece;
	unsigned long pfn;
	struct page *page;
	gfp_t flags;
	dma_addr_t bus;
	void *vaddr;

	for (i = 0; i < n; i++) {
		flags = gfp;
		if (chunk->order || i >= need) {
			flags &= ~__GFP_RETRY_MAYFAIL;
			flags |= no_reclaim;
		}
		vaddr = source->ops->alloc(source, chunk->order, &bus, flags);
		if (!vaddr)
			return;
		if (is_vmalloc_addr(vaddr) && !i) {
			chunk->remapped = kcalloc(n, sizeof(*chunk->remapped),
						  GFP_KERNEL | __GFP_NOWARN);
			if (!chunk->remapped) {
				source->ops->free(source, chunk->order, vaddr, bus);
				return;
			}
		}
		/* All pieces are in the linear mapping, or all are outside of it. */
		if (WARN_ON_ONCE(!PAGE_ALIGNED(bus) ||
				 !is_vmalloc_addr(vaddr) != !chunk->remapped)) {
			source->ops->free(source, chunk->order, vaddr, bus);
			return;
		}
		/*
		 * The DMA API does not promise that coherent memory has a struct page.
		 * TTM needs one to map it to user space, and asks for it by
		 * DMA_ATTR_FORCE_CONTIGUOUS, as ttm_pool.c always did.
		 */
		if (chunk->remapped) {
			chunk->remapped[i] = vaddr;
			page = vmalloc_to_page(vaddr);
		} else {
			page = virt_to_page(vaddr);
		}
		pfn = page_to_pfn(page);
		piece = &chunk->pieces[i];
		piece->bus = bus | (u64)pfn >> 32;
		piece->pfn = lower_32_bits(pfn);
		if (!i)
			chunk->nid = page_to_nid(page);
		for (j = 0; j < size; j++, page++)
			page->private = (unsigned long)chunk | chunk->pages++;
	}
}

/* Count the pages of a chunk as pages of a GPU pool. */
static void chunk_count(const struct ttm_chunk *chunk, int sign)
{
	const long n = 1L << chunk->order;
	unsigned int i;

	for (i = 0; i < chunk->pages; i += n)
		mod_node_page_state(page_pgdat(chunk_page(chunk, i)), NR_GPU_RECLAIM, sign * n);
}

static void chunk_put_pieces(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk *chunk)
{
	struct ttm_chunk_source *source = alloc->source;
	unsigned int i;

	chunk_count(chunk, -1);
	for (i = 0; i < chunk->pages; i++)
		chunk_page(chunk, i)->private = 0;
	for (i = 0; i < chunk_nr_pieces(chunk); i++)
		source->ops->free(source, chunk->order, piece_vaddr(chunk, i),
				  chunk->pieces[i].bus & PAGE_MASK);
}

/*
 * Change the caching of the whole chunk by one call. Without memory for the array of its
 * pages use several calls, because freeing a chunk must not fail.
 */
static int chunk_set_caching(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk *chunk, enum ttm_caching caching)
{
	struct ttm_chunk_source *source = alloc->source;
	struct page *few[16], **pages;
	unsigned int batch, i, n;
	int ret = 0;

	pages = kmalloc_array(chunk->pages, sizeof(*pages),
			      GFP_NOWAIT | __GFP_NOWARN | __GFP_NOMEMALLOC);
	batch = pages ? chunk->pages : ARRAY_SIZE(few);
	for (i = 0; i < chunk->pages && !ret; i += n) {
		for (n = 0; n < batch && i + n < chunk->pages; n++)
			(pages ?: few)[n] = chunk_page(chunk, i + n);
		ret = source->ops->set_caching(source, pages ?: few, n, caching);
		spin_lock(&alloc->lock);
		alloc->caching_changes++;
		spin_unlock(&alloc->lock);
	}
	kfree(pages);
	return ret;
}

/* Count pages that go from the pool to BOs, or with a negative @sign come back. */
static void count_active(struct page **pages, unsigned int count, int sign)
{
	unsigned int i;
	long n;

	for (i = 0; i < count; i += n) {
		n = 1;
		while (i + n < count && page_to_nid(pages[i + n]) == page_to_nid(pages[i]))
			n++;
		mod_node_page_state(page_pgdat(pages[i]), NR_GPU_ACTIVE, sign * n);
		mod_node_page_state(page_pgdat(pages[i]), NR_GPU_RECLAIM, -sign * n);
	}
}

/* Free a chunk that is in no list. */
static void chunk_destroy(struct ttm_chunk_allocator *alloc, struct ttm_chunk *chunk)
{
	if (alloc->caching != ttm_cached &&
	    chunk_set_caching(alloc, chunk, ttm_cached)) {
		/* The next user would map it with another caching than the kernel does. */
		dev_err_once(alloc->source->dev,
			     "caching of %u pages could not be restored: they are not freed\n",
			     chunk->pages);
		chunk_count(chunk, -1);
		return;
	}
	chunk_put_pieces(alloc, chunk);
	kfree(chunk->remapped);
	kfree(chunk);
}

/* Allocate a chunk of at least one piece of this order. */
static struct ttm_chunk *chunk_of_order(struct ttm_chunk_allocator *alloc,
					unsigned int order, unsigned int need,
					gfp_t gfp)
{
	struct ttm_chunk *chunk;

	chunk = kzalloc(chunk_size(order), GFP_KERNEL |
			(gfp & (__GFP_NOWARN | __GFP_RETRY_MAYFAIL)));
	if (!chunk)
		return NULL;
	chunk->alloc = alloc;
	chunk->order = order;
	chunk_get_pieces(alloc, chunk, need, gfp);
	chunk_count(chunk, 1);
	if (chunk->pages)
		return chunk;
	kfree(chunk->remapped);
	kfree(chunk);
	return NULL;
}

/*
 * Allocate a chunk of the largest pieces that are available. It has at least one page.
 *
 * An attempt that fails costs time, under Xen a hypercall. So while memory is fragmented
 * each chunk starts with the order above that of the last chunk.
 */
static struct ttm_chunk *chunk_create(struct ttm_chunk_allocator *alloc,
				      unsigned int need, gfp_t gfp)
{
	unsigned int order = READ_ONCE(alloc->source->scattered) ? 0 : alloc->first_order;
	struct ttm_chunk *chunk;

	lockdep_assert_held(&alloc->grow_lock);

	do {
		chunk = chunk_of_order(alloc, order, need, gfp);
	} while (!chunk && order--);
	if (!chunk)
		return NULL;
	alloc->first_order = min_t(unsigned int, order + 1, TTM_CHUNK_ORDER);
	chunk->free = chunk->pages;
	chunk->run_order = order;

	if (alloc->caching != ttm_cached &&
	    chunk_set_caching(alloc, chunk, alloc->caching)) {
		/* Some pages may have changed: restore the caching of all. */
		chunk_destroy(alloc, chunk);
		return NULL;
	}
	return chunk;
}

/* Allocate a chunk, unless another task has just done so and there are free pages. */
static int chunks_grow(struct ttm_chunk_allocator *alloc, unsigned int need, gfp_t gfp)
{
	struct ttm_chunk *chunk;
	int ret = 0;

	mutex_lock(&alloc->grow_lock);
	if (READ_ONCE(alloc->source->closed)) {
		ret = -ENODEV;
		goto out;
	}
	if (ttm_chunk_free_count(alloc))
		goto out;

	chunk = chunk_create(alloc, need, gfp);
	if (!chunk) {
		ret = -ENOMEM;
		goto out;
	}
	trace_ttm_chunk_alloc(alloc->source->dev, alloc->caching, chunk->pages,
			      chunk->order, chunk->nid);

	spin_lock(&alloc->lock);
	list_add(&chunk->link, &alloc->empty);
	alloc->chunks++;
	alloc->allocs++;
	alloc->pages += chunk->pages;
	alloc->free_pages += chunk->free;
	alloc->bookkeeping += chunk_bytes(chunk);
	WRITE_ONCE(alloc->empty_pages[chunk->nid],
		   alloc->empty_pages[chunk->nid] + chunk->pages);
	spin_unlock(&alloc->lock);
out:
	mutex_unlock(&alloc->grow_lock);
	return ret;
}

/* Take up to @count pages that are free. Returns their number. */
static unsigned int chunks_take(struct ttm_chunk_allocator *alloc, struct page **pages,
				dma_addr_t *bus, unsigned int count)
{
	unsigned int done = 0, taken, i;
	bool drained = false;

	if (READ_ONCE(alloc->source->closed))
		return 0;
	if (ttm_chunk_cpu_serves(alloc, count))
		done = ttm_chunk_cpu_take(alloc, pages, count);
	for (i = 0; bus && i < done; i++)
		bus[i] = chunk_bus(page_chunk(pages[i]), page_index_in_chunk(pages[i]));
	while (done < count) {
		taken = ttm_chunk_take_runs(alloc, best_order(alloc, count - done),
					    pages + done, bus ? bus + done : NULL,
					    count - done);
		done += taken;
		if (taken)
			continue;
		if (drained || !ttm_chunk_cpu_count(alloc))
			break;
		ttm_chunk_cpu_drain(alloc);
		drained = true;
	}
	return done;
}

/*
 * Held by tasks that return pages. They use the allocator after the last page is back, when
 * another task may find it empty and free it.
 */
DEFINE_STATIC_SRCU(return_srcu);

/* Free the chunks of pages that were returned to a closed source. */
static void shrink_if_closed(struct ttm_chunk_allocator *alloc)
{
	/* Pairs with ttm_chunk_close(): one of the two finds the empty chunk. */
	smp_mb();
	if (READ_ONCE(alloc->source->closed))
		ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
}

/**
 * ttm_chunk_alloc_pages() - allocate pages
 * @alloc: allocator
 * @pages: set to the pages, which are zeroed
 * @bus: set to their bus addresses, or NULL
 * @count: number of pages
 * @gfp: flags for the memory of new chunks; zone modifiers are ignored
 *
 * May sleep and reclaim memory. All returned pages have the allocator's caching mode.
 *
 * Return: 0; -ENOMEM; -ENODEV if the source is closed. On failure no page is allocated.
 */
int ttm_chunk_alloc_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			  dma_addr_t *bus, unsigned int count, gfp_t gfp)
{
	unsigned int done = 0, n;
	int ret;

	for (;;) {
		done += chunks_take(alloc, pages + done, bus ? bus + done : NULL,
				    count - done);
		if (done == count) {
			count_active(pages, count, 1);
			return 0;
		}
		ret = chunks_grow(alloc, count - done, gfp);
		if (ret)
			break;
	}
	/* In batches: other tasks wait for the lock. */
	for (; done; done -= n) {
		n = min_t(unsigned int, done, TTM_CHUNK_MAX_PAGES);
		ttm_chunk_return_pages(alloc, pages + done - n, n);
		cond_resched();
	}
	shrink_if_closed(alloc);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_alloc_pages);

/* The number of pages at the start of @pages that have the same allocator, at least 1. */
static unsigned int same_allocator(struct page **pages, unsigned int count)
{
	const struct ttm_chunk_allocator *alloc = page_chunk(pages[0])->alloc;
	unsigned int n = 1;

	while (n < count && page_chunk(pages[n])->alloc == alloc)
		n++;
	return n;
}

/**
 * ttm_chunk_free_pages() - free pages
 * @pages: pages of any allocators, in any order; they need not have been allocated together
 * @count: number of pages
 *
 * Clears the pages. No device may use them any more. May sleep.
 */
void ttm_chunk_free_pages(struct page **pages, unsigned int count)
{
	struct ttm_chunk_allocator *alloc;
	unsigned int i, n;
	int idx;

	idx = srcu_read_lock(&return_srcu);
	for (i = 0; i < count; i++) {
		clear_page(page_vaddr(pages[i]));
		if (i % TTM_CHUNK_MAX_PAGES == TTM_CHUNK_MAX_PAGES - 1)
			cond_resched();
	}
	count_active(pages, count, -1);
	for (i = 0; i < count; i += n) {
		alloc = page_chunk(pages[i])->alloc;
		n = same_allocator(pages + i,
				   min_t(unsigned int, count - i, TTM_CHUNK_MAX_PAGES));
		if (ttm_chunk_cpu_serves(alloc, count))
			ttm_chunk_cpu_return(alloc, pages + i, n);
		else
			ttm_chunk_return_pages(alloc, pages + i, n);
		shrink_if_closed(alloc);
	}
	srcu_read_unlock(&return_srcu, idx);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_free_pages);

/**
 * ttm_chunk_close() - free the chunks of a source that has been closed
 * @alloc: one of the source's allocators
 *
 * To be called after &ttm_chunk_source.closed was set. Afterwards no chunk is allocated, and
 * each chunk has a page in use and is freed with its last one. May sleep.
 */
void ttm_chunk_close(struct ttm_chunk_allocator *alloc)
{
	/* Wait for tasks that allocate a chunk and have not seen that the source is closed. */
	mutex_lock(&alloc->grow_lock);
	mutex_unlock(&alloc->grow_lock);
	/* Pairs with shrink_if_closed(). */
	smp_mb();
	ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
}

/**
 * ttm_chunk_free_count() - count the free pages of the chunks
 * @alloc: allocator
 *
 * Return: the number of pages, without those in the per-CPU caches.
 */
unsigned long ttm_chunk_free_count(struct ttm_chunk_allocator *alloc)
{
	return READ_ONCE(alloc->free_pages);
}

/**
 * ttm_chunk_reclaimable() - estimate the pages that ttm_chunk_shrink() can free
 * @alloc: allocator
 * @nid: NUMA node, or NUMA_NO_NODE for all
 *
 * Takes no lock. Includes pages in the per-CPU caches: when these are drained, their chunks
 * may be empty.
 *
 * Return: the estimated number of pages.
 */
unsigned long ttm_chunk_reclaimable(struct ttm_chunk_allocator *alloc, int nid)
{
	unsigned long count = 0;
	int i;

	if (nid != NUMA_NO_NODE)
		count = READ_ONCE(alloc->empty_pages[nid]);
	else
		for_each_node(i)
			count += READ_ONCE(alloc->empty_pages[i]);
	return count + ttm_chunk_cpu_count(alloc);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_reclaimable);

/**
 * ttm_chunk_shrink() - free empty chunks
 * @alloc: allocator
 * @nid: NUMA node that needs the memory, or NUMA_NO_NODE for any
 * @count: number of pages to free
 *
 * May be called from reclaim.
 *
 * Return: the number of pages freed: at least @count unless there are no more empty
 * chunks, and less than @count plus a chunk.
 */
unsigned long ttm_chunk_shrink(struct ttm_chunk_allocator *alloc, int nid,
			       unsigned long count)
{
	struct ttm_chunk *chunk, *found;
	unsigned long freed = 0;

	ttm_chunk_cpu_drain(alloc);
	while (freed < count) {
		found = NULL;
		spin_lock(&alloc->lock);
		list_for_each_entry_reverse(chunk, &alloc->empty, link) {
			if (nid == NUMA_NO_NODE || nid == chunk->nid) {
				found = chunk;
				break;
			}
		}
		if (!found) {
			spin_unlock(&alloc->lock);
			break;
		}
		list_del(&found->link);
		alloc->chunks--;
		alloc->frees++;
		alloc->pages -= found->pages;
		alloc->free_pages -= found->free;
		alloc->bookkeeping -= chunk_bytes(found);
		WRITE_ONCE(alloc->empty_pages[found->nid],
			   alloc->empty_pages[found->nid] - found->pages);
		spin_unlock(&alloc->lock);

		freed += found->pages;
		trace_ttm_chunk_free(alloc->source->dev, alloc->caching, found->pages,
				     found->order, found->nid);
		chunk_destroy(alloc, found);
	}
	return freed;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_shrink);

/**
 * ttm_chunk_stats_add() - add the counters of an allocator to others
 * @alloc: allocator
 * @stats: counters
 */
void ttm_chunk_stats_add(struct ttm_chunk_allocator *alloc,
			 struct ttm_chunk_stats *stats)
{
	unsigned long per_cpu;
	struct ttm_chunk *chunk;
	unsigned int i;

	spin_lock(&alloc->lock);
	stats->chunks += alloc->chunks;
	stats->allocs += alloc->allocs;
	stats->frees += alloc->frees;
	stats->caching_changes += alloc->caching_changes;
	stats->bookkeeping += alloc->bookkeeping;
	for (i = 0; i < ARRAY_SIZE(alloc->partial); i++) {
		list_for_each_entry(chunk, &alloc->partial[i], link) {
			stats->partial++;
			stats->by_order[chunk->order]++;
		}
	}
	list_for_each_entry(chunk, &alloc->full, link) {
		stats->full++;
		stats->by_order[chunk->order]++;
	}
	list_for_each_entry(chunk, &alloc->empty, link) {
		stats->empty++;
		stats->by_order[chunk->order]++;
	}
	per_cpu = min(ttm_chunk_cpu_count(alloc), alloc->pages - alloc->free_pages);
	stats->per_cpu += per_cpu;
	stats->free += alloc->free_pages + per_cpu;
	stats->in_use += alloc->pages - alloc->free_pages - per_cpu;
	spin_unlock(&alloc->lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_stats_add);

/**
 * ttm_chunk_allocator_init() - initialize an allocator, which has no chunks yet
 * @alloc: allocator
 * @source: where its chunks are allocated; has to outlive it
 * @caching: the caching mode of its pages
 *
 * Return: 0 or -ENOMEM.
 */
int ttm_chunk_allocator_init(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk_source *source,
			     enum ttm_caching caching)
{
	unsigned int i;

	memset(alloc, 0, sizeof(*alloc));
	alloc->source = source;
	alloc->caching = caching;
	alloc->first_order = TTM_CHUNK_ORDER;
	mutex_init(&alloc->grow_lock);
	spin_lock_init(&alloc->lock);
	for (i = 0; i < ARRAY_SIZE(alloc->partial); i++)
		INIT_LIST_HEAD(&alloc->partial[i]);
	INIT_LIST_HEAD(&alloc->full);
	INIT_LIST_HEAD(&alloc->empty);

	alloc->empty_pages = kcalloc(nr_node_ids, sizeof(*alloc->empty_pages), GFP_KERNEL);
	if (!alloc->empty_pages)
		return -ENOMEM;
	if (ttm_chunk_cpu_init(alloc)) {
		kfree(alloc->empty_pages);
		return -ENOMEM;
	}
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_allocator_init);

/**
 * ttm_chunk_allocator_fini() - free all memory of an allocator
 * @alloc: allocator without pages in use
 *
 * If pages are in use nevertheless, their chunks are not freed: a device may write to
 * them, and their user may free them later.
 *
 * Return: true on success; false if pages are in use. @alloc must not be freed then.
 */
bool ttm_chunk_allocator_fini(struct ttm_chunk_allocator *alloc)
{
	ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
	if (alloc->pages) {
		dev_err(alloc->source->dev, "%lu pages of %lu chunks are still in use: they stay in memory\n",
			alloc->pages - alloc->free_pages, alloc->chunks);
		return false;
	}
	/* Tasks that have returned the last pages still use the allocator. */
	synchronize_srcu(&return_srcu);
	ttm_chunk_cpu_fini(alloc);
	kfree(alloc->empty_pages);
	return true;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_allocator_fini);
