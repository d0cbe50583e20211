// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Pages for BOs out of chunks of coherent memory.
 */

#include <linux/bitmap.h>
#include <linux/device.h>
#include <linux/highmem.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include <drm/drm_util.h>

#include "ttm_chunk.h"

#define CREATE_TRACE_POINTS
#include "ttm_chunk_trace.h"

/**
 * DOC: Chunks
 *
 * To get coherent memory is slow, and so is changing its caching: a hypercall, or an
 * interrupt to every CPU. Both cost about as much for 2 MiB as for a page. So the
 * pool gets chunks of 2 MiB, sets the caching of all of it once, and hands out pages
 * and power-of-two runs of pages.
 *
 * A chunk is made of pieces which are contiguous on the bus, all of the same order:
 * one piece of 2 MiB where the source has it, else two of 1 MiB, and so on down to
 * single pages, which are also what a scattered source is asked for. If memory is
 * short a chunk may have fewer pages.
 *
 * All that is known of a chunk is in its struct ttm_chunk: a bit for each page, and
 * 12 bytes for each piece. The way back from a page is its private field. So there is no
 * allocation for a page or a run, and 16 bytes for a page are never exceeded in a
 * chunk of 2 MiB. Where the CPU does not see coherent memory in its linear mapping, as on
 * 32-bit machines, a pointer for each piece is added.
 *
 * Pages come from the fullest chunk that has them, so that others become empty. An
 * empty chunk stays until the shrinker or the limit of the pool takes it. Larger runs
 * are tried first, but no chunk is made while there are free pages.
 *
 * Free pages are always clean: coherent memory comes zeroed, and pages are cleared
 * when a BO gives them back.
 *
 * Each CPU keeps a few pages at hand, for BOs of one page, and for those of a few where
 * runs are of no use. These count as used in their chunk. Before a chunk is made or given
 * back, all CPUs' pages go home.
 *
 * A page that is given back finds its way home by itself: whoever has it need not know
 * which allocator it is from, and a BO may have pages of several.
 */

/* The page's index is in the low bits of a pointer to its chunk. */
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
 * struct ttm_chunk - memory that was got at once
 * @link: in one of the allocator's lists
 * @alloc: the allocator that made it
 * @remapped: where the CPU sees the pieces, if not in the linear mapping; else NULL
 * @used: a bit for each page that is not free
 * @pages: number of pages
 * @free: number of free pages
 * @nid: NUMA node of the first page
 * @order: the order of the pieces
 * @run_order: no free run is of a higher order than this; -1 if nothing is free.
 *	There may be none of this order either.
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

/**
 * struct ttm_chunk_cpu - free pages that a CPU has at hand
 * @lock: nearly always taken by its own CPU alone; outside of the allocator's
 * @count: number of pages
 * @pages: the pages, all clean
 */
struct ttm_chunk_cpu {
	/* Held for a few pages' copying. */
	spinlock_t lock;
	unsigned int count;
	struct page *pages[TTM_CHUNK_CPU_PAGES];
};

/* chunk_size: a power of two, as only then kmalloc() aligns. */
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

/*
 * Put the chunk where it belongs by its number of free pages.
 */
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

/*
 * The chunk with the fewest free pages that may have a free run of the order.
 */
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

/*
 * As many runs of the order as are wanted and as the chunk has. Returns the number
 * of pages.
 */
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
			/* All of it was looked at. */
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

/* The order of the runs that a request of so many pages is best served with. */
static unsigned int best_order(const struct ttm_chunk_allocator *alloc, unsigned int count)
{
	if (READ_ONCE(alloc->source->scattered))
		return 0;
	return min_t(unsigned int, ilog2(count), TTM_CHUNK_ORDER);
}

/*
 * Free pages out of chunks, in runs of the order or, if there are none, of a lower one.
 * Takes them from one chunk, so that the lock is not held for long. Returns how many, 0
 * if there are none.
 */
static unsigned int chunks_take(struct ttm_chunk_allocator *alloc, int order,
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

/*
 * Clean pages go home to their chunks.
 */
static void chunks_give(struct ttm_chunk_allocator *alloc, struct page **pages,
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

/*
 * Are so many pages dealt with by each CPU for itself? Runs are not: a CPU has single
 * pages, of anywhere.
 */
static bool cpu_serves(const struct ttm_chunk_allocator *alloc, unsigned int count)
{
	return count == 1 || (count <= TTM_CHUNK_CPU_BATCH &&
			      READ_ONCE(alloc->source->scattered));
}

static unsigned int cpu_take(struct ttm_chunk_allocator *alloc, struct page **pages,
			     dma_addr_t *bus, unsigned int count)
{
	struct ttm_chunk_cpu *cpu = raw_cpu_ptr(alloc->cpu);
	unsigned int taken = 0, i;

	spin_lock(&cpu->lock);
	if (cpu->count < count)
		/* One by one: a run would be of no use here, and is for somebody else. */
		cpu->count += chunks_take(alloc, 0, cpu->pages + cpu->count, NULL,
					  TTM_CHUNK_CPU_BATCH);
	while (taken < count && cpu->count)
		pages[taken++] = cpu->pages[--cpu->count];
	spin_unlock(&cpu->lock);

	for (i = 0; bus && i < taken; i++)
		bus[i] = chunk_bus(page_chunk(pages[i]), page_index_in_chunk(pages[i]));
	return taken;
}

static void cpu_give(struct ttm_chunk_allocator *alloc, struct page **pages,
		     unsigned int count)
{
	struct ttm_chunk_cpu *cpu = raw_cpu_ptr(alloc->cpu);

	spin_lock(&cpu->lock);
	if (cpu->count + count > TTM_CHUNK_CPU_PAGES) {
		/* Those that were given back longest ago. */
		chunks_give(alloc, cpu->pages, TTM_CHUNK_CPU_BATCH);
		cpu->count -= TTM_CHUNK_CPU_BATCH;
		memmove(cpu->pages, cpu->pages + TTM_CHUNK_CPU_BATCH,
			cpu->count * sizeof(cpu->pages[0]));
	}
	memcpy(cpu->pages + cpu->count, pages, count * sizeof(pages[0]));
	cpu->count += count;
	spin_unlock(&cpu->lock);
}

static unsigned long cpu_count(struct ttm_chunk_allocator *alloc)
{
	unsigned long count = 0;
	int i;

	for_each_possible_cpu(i)
		count += READ_ONCE(per_cpu_ptr(alloc->cpu, i)->count);
	return count;
}

/* All CPUs' pages go home. */
static void cpu_drain(struct ttm_chunk_allocator *alloc)
{
	struct ttm_chunk_cpu *cpu;
	int i;

	for_each_possible_cpu(i) {
		cpu = per_cpu_ptr(alloc->cpu, i);
		spin_lock(&cpu->lock);
		if (cpu->count) {
			chunks_give(alloc, cpu->pages, cpu->count);
			cpu->count = 0;
		}
		spin_unlock(&cpu->lock);
	}
}

static unsigned int chunk_nr_pieces(const struct ttm_chunk *chunk)
{
	return chunk->pages >> chunk->order;
}

/*
 * Get the pieces, at most those of 2 MiB. Only for the first @need pages is memory
 * worth reclaiming.
 */
static void chunk_get_pieces(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk *chunk, unsigned int need, gfp_t gfp)
{
	const gfp_t no_effort = __GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC;
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
			flags |= no_effort;
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
		/* A chunk is all in the linear mapping or all outside of it. */
		if (WARN_ON_ONCE(!PAGE_ALIGNED(bus) ||
				 !is_vmalloc_addr(vaddr) != !chunk->remapped)) {
			source->ops->free(source, chunk->order, vaddr, bus);
			return;
		}
		/*
		 * DMA API: the pages of coherent memory are nobody's business. TTM
		 * maps them to user space by frame number all the same; that it
		 * may is what DMA_ATTR_FORCE_CONTIGUOUS and history say.
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

static void chunk_put_pieces(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk *chunk)
{
	struct ttm_chunk_source *source = alloc->source;
	unsigned int i;

	for (i = 0; i < chunk->pages; i++)
		chunk_page(chunk, i)->private = 0;
	for (i = 0; i < chunk_nr_pieces(chunk); i++)
		source->ops->free(source, chunk->order, piece_vaddr(chunk, i),
				  chunk->pieces[i].bus & PAGE_MASK);
}

/*
 * Change the caching of all of the chunk: by one call, or when there is no memory
 * for its arguments, which is no reason not to free memory, by several.
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

/*
 * Give the chunk's memory back. The chunk is in no list any more.
 */
static void chunk_destroy(struct ttm_chunk_allocator *alloc, struct ttm_chunk *chunk)
{
	if (alloc->caching != ttm_cached &&
	    chunk_set_caching(alloc, chunk, ttm_cached)) {
		/* Whoever got such a page would have two views of it that differ. */
		dev_err_once(alloc->source->dev,
			     "pages cannot be made cached again: %u of them are lost\n",
			     chunk->pages);
		return;
	}
	chunk_put_pieces(alloc, chunk);
	kfree(chunk->remapped);
	kfree(chunk);
}

/* A chunk of pieces of this order, of at least one. */
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
	if (chunk->pages)
		return chunk;
	kfree(chunk->remapped);
	kfree(chunk);
	return NULL;
}

/*
 * Make a chunk, of the largest pieces that can be had. It has at least one page.
 *
 * To try in vain costs time, under Xen a hypercall. So while memory is fragmented
 * each chunk begins with the order above that of the last one.
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
		/* Some of its pages may have changed, so all change back. */
		chunk_destroy(alloc, chunk);
		return NULL;
	}
	return chunk;
}

/*
 * Make a chunk, unless there are free pages after all: those of a chunk that somebody
 * else has just made.
 */
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

/**
 * ttm_chunk_take_pages() - get pages that are free, clean ones
 * @alloc: allocator
 * @pages: filled in
 * @bus: filled in with their bus addresses, or NULL
 * @count: how many
 *
 * Makes no chunk, and does not sleep.
 *
 * Return: how many there were, from 0 to @count.
 */
unsigned int ttm_chunk_take_pages(struct ttm_chunk_allocator *alloc,
				  struct page **pages, dma_addr_t *bus,
				  unsigned int count)
{
	unsigned int done = 0, taken;
	bool drained = false;

	if (READ_ONCE(alloc->source->closed))
		return 0;
	if (cpu_serves(alloc, count))
		done = cpu_take(alloc, pages, bus, count);
	while (done < count) {
		taken = chunks_take(alloc, best_order(alloc, count - done), pages + done,
				    bus ? bus + done : NULL, count - done);
		done += taken;
		if (taken)
			continue;
		if (drained || !cpu_count(alloc))
			break;
		cpu_drain(alloc);
		drained = true;
	}
	return done;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_take_pages);

/* Pages have come back. If the source is closed their chunks are not kept. */
static void shrink_if_closed(struct ttm_chunk_allocator *alloc)
{
	/* Pairs with ttm_chunk_close(): one of us sees that a chunk is empty. */
	smp_mb();
	if (READ_ONCE(alloc->source->closed))
		ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
}

/**
 * ttm_chunk_alloc_pages() - get pages, clean ones
 * @alloc: allocator
 * @pages: filled in
 * @bus: filled in with their bus addresses, or NULL
 * @count: how many
 * @gfp: for the memory of new chunks, may sleep; zone modifiers have no meaning
 *
 * May sleep and reclaim memory. There is no page in @pages that is not cached as the
 * allocator says.
 *
 * Return: 0; -ENOMEM; -ENODEV if its source is closed. On failure no page is kept.
 */
int ttm_chunk_alloc_pages(struct ttm_chunk_allocator *alloc, struct page **pages,
			  dma_addr_t *bus, unsigned int count, gfp_t gfp)
{
	unsigned int done = 0, n;
	int ret;

	for (;;) {
		done += ttm_chunk_take_pages(alloc, pages + done,
					     bus ? bus + done : NULL, count - done);
		if (done == count)
			return 0;
		ret = chunks_grow(alloc, count - done, gfp);
		if (ret)
			break;
	}
	/* They may be many, and others wait for the lock. */
	for (; done; done -= n) {
		n = min_t(unsigned int, done, TTM_CHUNK_MAX_PAGES);
		chunks_give(alloc, pages + done - n, n);
		cond_resched();
	}
	shrink_if_closed(alloc);
	return ret;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_alloc_pages);

/* How many of the pages, from the first on, come from the same allocator: at least one. */
static unsigned int same_chunk(struct page **pages, unsigned int count)
{
	const struct ttm_chunk_allocator *alloc = page_chunk(pages[0])->alloc;
	unsigned int n = 1;

	while (n < count && page_chunk(pages[n])->alloc == alloc)
		n++;
	return n;
}

/**
 * ttm_chunk_free_pages() - give pages back
 * @pages: pages of any allocators, in any order; they need not have come together
 * @count: how many
 *
 * Clears them: nobody sees what was in them. No device must use them any more. May
 * sleep.
 */
void ttm_chunk_free_pages(struct page **pages, unsigned int count)
{
	struct ttm_chunk_allocator *alloc;
	unsigned int i, n;

	for (i = 0; i < count; i++) {
		clear_page(page_vaddr(pages[i]));
		if (i % TTM_CHUNK_MAX_PAGES == TTM_CHUNK_MAX_PAGES - 1)
			cond_resched();
	}
	for (i = 0; i < count; i += n) {
		alloc = page_chunk(pages[i])->alloc;
		n = same_chunk(pages + i, min_t(unsigned int, count - i, TTM_CHUNK_MAX_PAGES));
		if (cpu_serves(alloc, count))
			cpu_give(alloc, pages + i, n);
		else
			chunks_give(alloc, pages + i, n);
		shrink_if_closed(alloc);
	}
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_free_pages);

/**
 * ttm_chunk_close() - the source has been closed
 * @alloc: one of its allocators
 *
 * For whoever has set &ttm_chunk_source.closed. When it returns, no chunk is being made,
 * and none is left that has no page in use; each of the others goes with its last page.
 * May sleep.
 */
void ttm_chunk_close(struct ttm_chunk_allocator *alloc)
{
	/* Who is making a chunk may not have seen that it is closed. */
	mutex_lock(&alloc->grow_lock);
	mutex_unlock(&alloc->grow_lock);
	/* Pairs with shrink_if_closed(). */
	smp_mb();
	ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_close);

/**
 * ttm_chunk_free_count() - pages that are free in chunks
 * @alloc: allocator
 *
 * Return: their number, without those in the per-CPU caches.
 */
unsigned long ttm_chunk_free_count(struct ttm_chunk_allocator *alloc)
{
	return READ_ONCE(alloc->free_pages);
}

/**
 * ttm_chunk_reclaimable() - pages that ttm_chunk_shrink() may be able to free
 * @alloc: allocator
 * @nid: NUMA node, or NUMA_NO_NODE for all
 *
 * Takes no lock. Pages that CPUs have at hand may be all that keeps a chunk from
 * being empty, so they count.
 *
 * Return: an estimate of their number.
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
	return count + cpu_count(alloc);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_reclaimable);

/**
 * ttm_chunk_shrink() - free empty chunks
 * @alloc: allocator
 * @nid: NUMA node that needs the memory, or NUMA_NO_NODE for any
 * @count: how many pages are wanted
 *
 * May be called from reclaim.
 *
 * Return: number of pages freed; more than @count by less than a chunk, or fewer if
 * there are no more empty chunks.
 */
unsigned long ttm_chunk_shrink(struct ttm_chunk_allocator *alloc, int nid,
			       unsigned long count)
{
	struct ttm_chunk *chunk, *found;
	unsigned long freed = 0;

	cpu_drain(alloc);
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
 * ttm_chunk_stats_get() - what an allocator has and has done
 * @alloc: allocator
 * @stats: filled in
 */
void ttm_chunk_stats_get(struct ttm_chunk_allocator *alloc,
			 struct ttm_chunk_stats *stats)
{
	struct ttm_chunk *chunk;
	unsigned int i;

	memset(stats, 0, sizeof(*stats));
	spin_lock(&alloc->lock);
	stats->chunks = alloc->chunks;
	stats->allocs = alloc->allocs;
	stats->frees = alloc->frees;
	stats->caching_changes = alloc->caching_changes;
	stats->bookkeeping = alloc->bookkeeping;
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
	stats->per_cpu = min(cpu_count(alloc), alloc->pages - alloc->free_pages);
	stats->free = alloc->free_pages + stats->per_cpu;
	stats->in_use = alloc->pages - stats->free;
	spin_unlock(&alloc->lock);
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_stats_get);

/**
 * ttm_chunk_allocator_init() - an allocator without chunks
 * @alloc: allocator
 * @source: where its chunks will come from; has to outlive it
 * @caching: the caching of its pages
 *
 * Return: 0 or -ENOMEM.
 */
int ttm_chunk_allocator_init(struct ttm_chunk_allocator *alloc,
			     struct ttm_chunk_source *source,
			     enum ttm_caching caching)
{
	unsigned int i;
	int cpu;

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
	alloc->cpu = alloc_percpu(struct ttm_chunk_cpu);
	if (!alloc->cpu) {
		kfree(alloc->empty_pages);
		return -ENOMEM;
	}
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(alloc->cpu, cpu)->lock);
	return 0;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_allocator_init);

/**
 * ttm_chunk_allocator_fini() - give all memory back
 * @alloc: allocator, of which no page is in use and which nobody else uses
 *
 * Pages that are still in use are not freed, as a device may write to them, and whoever
 * has them may give them back yet.
 *
 * Return: whether there are none. If there are, the allocator has to stay for good.
 */
bool ttm_chunk_allocator_fini(struct ttm_chunk_allocator *alloc)
{
	ttm_chunk_shrink(alloc, NUMA_NO_NODE, ULONG_MAX);
	if (alloc->pages) {
		dev_err(alloc->source->dev, "%lu pages of %lu chunks are still in use: they stay in memory\n",
			alloc->pages - alloc->free_pages, alloc->chunks);
		return false;
	}
	free_percpu(alloc->cpu);
	kfree(alloc->empty_pages);
	return true;
}
EXPORT_SYMBOL_FOR_TESTS_ONLY(ttm_chunk_allocator_fini);
