// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Tests of the chunk allocator on a mock source. The source makes up bus addresses, can run
 * out of memory, and records the caching of each page.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "../ttm_chunk.h"
#include "../ttm_chunk_cpu.h"

#define CHUNK_PAGES	((unsigned int)BIT(TTM_CHUNK_ORDER))
#define PATTERN		0xa5

/**
 * struct mock_source - a source that records how it is used
 * @base: the source that the allocator gets
 * @lock: protects @pieces and the counters of memory
 * @pieces: struct mock_piece by frame number of the first page
 * @cached: by frame number, an enum ttm_caching + 1 for pages that are not cached
 * @live: number of allocated pages
 * @calls: number of allocations, failed ones included
 * @largest: the highest order that can be allocated
 * @left: number of pieces that can still be allocated
 * @caching_calls: number of caching changes
 * @caching_fails: the change with this number fails after half of the pages
 * @wrong: number of errors: freed twice, freed with the wrong order or address, or freed
 *	without restoring the caching
 * @remap: map pieces outside of the linear mapping
 */
struct mock_source {
	struct ttm_chunk_source base;
	/* Some tests allocate and free from several threads. */
	struct mutex lock;
	struct xarray pieces;
	struct xarray cached;
	unsigned long live;
	unsigned int calls;
	unsigned int largest;
	unsigned int left;
	unsigned int caching_calls;
	unsigned int caching_fails;
	unsigned int wrong;
	bool remap;
};

struct mock_piece {
	struct page *page;
	dma_addr_t bus;
	unsigned int order;
};

static struct mock_source *to_mock(struct ttm_chunk_source *source)
{
	return container_of(source, struct mock_source, base);
}

static struct mock_piece *mock_piece_new(unsigned int order)
{
	struct mock_piece *piece = kzalloc(sizeof(*piece), GFP_KERNEL);

	if (!piece)
		return NULL;
	piece->order = order;
	piece->page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN, order);
	if (piece->page)
		return piece;
	kfree(piece);
	return NULL;
}

static void *mock_map(struct mock_piece *piece)
{
	unsigned int i, count = 1u << piece->order;
	struct page **pages = kmalloc_array(count, sizeof(*pages), GFP_KERNEL);
	void *vaddr;

	if (!pages)
		return NULL;
	for (i = 0; i < count; i++)
		pages[i] = piece->page + i;
	vaddr = vmap(pages, count, VM_MAP, PAGE_KERNEL);
	kfree(pages);
	return vaddr;
}

static void *mock_alloc(struct ttm_chunk_source *base, unsigned int order,
			dma_addr_t *bus, gfp_t gfp)
{
	struct mock_source *source = to_mock(base);
	struct mock_piece *piece;
	void *vaddr = NULL;

	mutex_lock(&source->lock);
	source->calls++;
	if (order > source->largest || !source->left)
		goto out;
	piece = mock_piece_new(order);
	if (!piece)
		goto out;
	/* Far from the frame number, and neighbours far from each other. */
	piece->bus = *bus = (0x9000000000ull + (dma_addr_t)source->calls * SZ_16M) |
			    (source->calls % 7 * PAGE_SIZE << order);
	vaddr = source->remap ? mock_map(piece) : page_address(piece->page);
	WARN_ON(!vaddr);
	WARN_ON(xa_err(xa_store(&source->pieces, page_to_pfn(piece->page), piece,
				GFP_KERNEL)));
	source->live += 1ul << order;
	source->left--;
out:
	mutex_unlock(&source->lock);
	return vaddr;
}

static void mock_free(struct ttm_chunk_source *base, unsigned int order,
		      void *vaddr, dma_addr_t bus)
{
	struct mock_source *source = to_mock(base);
	struct page *page = source->remap ? vmalloc_to_page(vaddr) : virt_to_page(vaddr);
	struct mock_piece *piece;
	unsigned int i;

	mutex_lock(&source->lock);
	piece = xa_erase(&source->pieces, page_to_pfn(page));
	if (!piece || piece->order != order || piece->bus != bus) {
		source->wrong++;
		goto out;
	}
	for (i = 0; i < 1u << order; i++)
		if (xa_load(&source->cached, page_to_pfn(page + i)) || page[i].private)
			source->wrong++;
	if (source->remap)
		vunmap(vaddr);
	source->live -= 1ul << order;
	__free_pages(page, order);
	kfree(piece);
out:
	mutex_unlock(&source->lock);
}

static int mock_set_caching(struct ttm_chunk_source *base, struct page **pages,
			    unsigned int count, enum ttm_caching caching)
{
	struct mock_source *source = to_mock(base);
	bool fail = ++source->caching_calls == source->caching_fails;
	unsigned int i;

	for (i = 0; i < (fail ? count / 2 : count); i++)
		xa_store(&source->cached, page_to_pfn(pages[i]),
			 caching == ttm_cached ? NULL : xa_mk_value(caching + 1),
			 GFP_KERNEL);
	return fail ? -ENOMEM : 0;
}

static const struct ttm_chunk_source_ops mock_ops = {
	.alloc = mock_alloc,
	.free = mock_free,
	.set_caching = mock_set_caching,
};

/* The expected bus address of a page; 0 if it is not a page of the source. */
static dma_addr_t mock_bus(struct mock_source *source, struct page *page)
{
	struct mock_piece *piece;
	unsigned long first;
	unsigned int order;

	for (order = 0; order <= TTM_CHUNK_ORDER; order++) {
		first = page_to_pfn(page) & ~((1ul << order) - 1);
		piece = xa_load(&source->pieces, first);
		if (piece && piece->order >= order)
			return piece->bus + ((page_to_pfn(page) - first) << PAGE_SHIFT);
	}
	return 0;
}

struct chunk_test {
	struct mock_source source;
	struct ttm_chunk_allocator alloc;
	struct page **pages;
	dma_addr_t *bus;
};

#define TEST_PAGES	(5 * TTM_CHUNK_MAX_PAGES)

static struct chunk_test *start(struct kunit *test, enum ttm_caching caching)
{
	struct chunk_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, t);
	mutex_init(&t->source.lock);
	xa_init(&t->source.pieces);
	xa_init(&t->source.cached);
	t->source.base.ops = &mock_ops;
	t->source.base.dev = test->priv;
	t->source.largest = UINT_MAX;
	t->source.left = UINT_MAX;
	t->pages = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->pages), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->pages);
	t->bus = kunit_kcalloc(test, TEST_PAGES, sizeof(*t->bus), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t->bus);
	KUNIT_ASSERT_EQ(test, ttm_chunk_allocator_init(&t->alloc, &t->source.base, caching),
			0);
	return t;
}

static void finish(struct kunit *test, struct chunk_test *t)
{
	ttm_chunk_allocator_fini(&t->alloc);
	KUNIT_EXPECT_EQ_MSG(test, t->source.live, 0, "pages were not freed");
	KUNIT_EXPECT_EQ_MSG(test, t->source.wrong, 0, "memory was freed in a wrong way");
	KUNIT_EXPECT_TRUE_MSG(test, xa_empty(&t->source.cached), "caching was not restored");
	xa_destroy(&t->source.pieces);
	xa_destroy(&t->source.cached);
}

static struct ttm_chunk_stats stats(struct chunk_test *t)
{
	struct ttm_chunk_stats stats = { };

	ttm_chunk_stats_add(&t->alloc, &stats);
	return stats;
}

static int get(struct chunk_test *t, unsigned int at, unsigned int count)
{
	return ttm_chunk_alloc_pages(&t->alloc, t->pages + at, t->bus + at, count,
				     GFP_KERNEL);
}

static void put(struct chunk_test *t, unsigned int at, unsigned int count)
{
	ttm_chunk_free_pages(t->pages + at, count);
}

static void dirty(struct chunk_test *t, unsigned int at, unsigned int count)
{
	while (count--)
		memset(page_address(t->pages[at++]), PATTERN, PAGE_SIZE);
}

/* Check the bus address, the caching and, if @clean, the zeros of each page; no page twice. */
static void check(struct kunit *test, struct chunk_test *t, unsigned int at,
		  unsigned int count, bool clean)
{
	enum ttm_caching caching = t->alloc.caching;
	unsigned int i, dirty = 0, misplaced = 0, miscached = 0, twice = 0;
	void *expect = caching == ttm_cached ? NULL : xa_mk_value(caching + 1);
	struct xarray seen;

	xa_init(&seen);
	for (i = at; i < at + count; i++) {
		unsigned long pfn = page_to_pfn(t->pages[i]);

		misplaced += !t->bus[i] || t->bus[i] != mock_bus(&t->source, t->pages[i]);
		miscached += xa_load(&t->source.cached, pfn) != expect;
		twice += !!xa_load(&seen, pfn);
		xa_store(&seen, pfn, xa_mk_value(1), GFP_KERNEL);
		dirty += clean && memchr_inv(page_address(t->pages[i]), 0, PAGE_SIZE);
	}
	xa_destroy(&seen);
	KUNIT_EXPECT_EQ_MSG(test, misplaced, 0, "pages with a wrong bus address");
	KUNIT_EXPECT_EQ_MSG(test, miscached, 0, "pages with the wrong caching");
	KUNIT_EXPECT_EQ_MSG(test, twice, 0, "pages allocated twice");
	KUNIT_EXPECT_EQ_MSG(test, dirty, 0, "pages that are not zeroed");
}

static const enum ttm_caching modes[] = { ttm_cached, ttm_write_combined, ttm_uncached };

static void mode_name(const enum ttm_caching *mode, char *name)
{
	strscpy(name, *mode == ttm_cached ? "cached" :
		*mode == ttm_write_combined ? "wc" : "uc", KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(mode, modes, mode_name);

/* A run of each order from a new chunk is contiguous for the CPU and on the bus. */
static void ttm_chunk_orders(struct kunit *test)
{
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);
	unsigned int order, count, i, torn;

	for (order = 0; order <= TTM_CHUNK_ORDER; order++) {
		count = 1u << order;
		KUNIT_ASSERT_EQ(test, get(t, 0, count), 0);
		check(test, t, 0, count, true);
		for (i = 1, torn = 0; i < count; i++)
			torn += t->pages[i] != t->pages[i - 1] + 1 ||
				t->bus[i] != t->bus[i - 1] + PAGE_SIZE;
		KUNIT_EXPECT_EQ_MSG(test, torn, 0, "order %u", order);
		KUNIT_EXPECT_EQ(test, stats(t).in_use, count);
		KUNIT_EXPECT_EQ(test, stats(t).by_order[TTM_CHUNK_ORDER], 1);
		put(t, 0, count);
		KUNIT_EXPECT_EQ(test, stats(t).in_use, 0);
		KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, 1),
				CHUNK_PAGES);
	}
	finish(test, t);
}

/* Numbers of pages that are not a power of two, or are larger than a chunk. */
static void ttm_chunk_odd_counts(struct kunit *test)
{
	static const unsigned int counts[] = { 3, 15, 16, 17, 33, 255, 511, 513, 1000, 1537 };
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		KUNIT_ASSERT_EQ(test, get(t, 0, counts[i]), 0);
		check(test, t, 0, counts[i], true);
		dirty(t, 0, counts[i]);
		put(t, 0, counts[i]);
	}
	KUNIT_EXPECT_EQ(test, stats(t).allocs, DIV_ROUND_UP(1537, CHUNK_PAGES));
	finish(test, t);
}

/* The single pages of a chunk need one allocation and one caching change. */
static void ttm_chunk_single_pages(struct kunit *test)
{
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);
	unsigned int i;

	for (i = 0; i < CHUNK_PAGES; i++)
		KUNIT_ASSERT_EQ(test, get(t, i, 1), 0);
	check(test, t, 0, CHUNK_PAGES, true);
	KUNIT_EXPECT_EQ(test, t->source.calls, 1);
	KUNIT_EXPECT_EQ(test, t->source.caching_calls, t->alloc.caching != ttm_cached);
	KUNIT_EXPECT_EQ(test, stats(t).full, 1);
	KUNIT_EXPECT_EQ(test, stats(t).free, 0);
	for (i = 0; i < CHUNK_PAGES; i++)
		put(t, i, 1);
	KUNIT_EXPECT_EQ(test, stats(t).free, CHUNK_PAGES);
	/* Some pages are in the CPU's cache, so the chunk is not empty yet. */
	KUNIT_EXPECT_GT(test, stats(t).per_cpu, 0);
	finish(test, t);
}

/* A scattered source allocates only single pages. */
static void ttm_chunk_scattered(struct kunit *test)
{
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);

	t->source.base.scattered = true;
	/* Larger pieces fail, and would be counted in @calls. */
	t->source.largest = 0;
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES + 1), 0);
	check(test, t, 0, CHUNK_PAGES + 1, true);
	KUNIT_EXPECT_EQ(test, t->source.calls, 2 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(t).by_order[0], 2);
	KUNIT_EXPECT_EQ(test, t->source.caching_calls, t->alloc.caching == ttm_cached ? 0 : 2);
	KUNIT_EXPECT_LE(test, stats(t).bookkeeping, 2 * CHUNK_PAGES * 16);
	dirty(t, 0, CHUNK_PAGES + 1);
	put(t, 0, CHUNK_PAGES + 1);
	KUNIT_ASSERT_EQ(test, get(t, 0, 2 * CHUNK_PAGES), 0);
	check(test, t, 0, 2 * CHUNK_PAGES, true);
	put(t, 0, 2 * CHUNK_PAGES);
	finish(test, t);
}

/* A chunk consists of the largest pieces that are available. */
static void ttm_chunk_fragmented(struct kunit *test)
{
	struct chunk_test *t;
	int order;

	for (order = TTM_CHUNK_ORDER; order >= 0; order--) {
		t = start(test, ttm_write_combined);
		t->source.largest = order;
		KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
		check(test, t, 0, CHUNK_PAGES, true);
		KUNIT_EXPECT_EQ(test, stats(t).allocs, 1);
		KUNIT_EXPECT_EQ(test, stats(t).by_order[order], 1);
		KUNIT_EXPECT_EQ(test, t->source.caching_calls, 1);
		KUNIT_EXPECT_LE_MSG(test, stats(t).bookkeeping, CHUNK_PAGES * 16,
				    "pieces of order %d", order);
		dirty(t, 0, CHUNK_PAGES);
		put(t, 0, CHUNK_PAGES);
		KUNIT_ASSERT_EQ(test, get(t, 0, 100), 0);
		check(test, t, 0, 100, true);
		put(t, 0, 100);
		finish(test, t);
	}
}

/* The allocator remembers that memory is fragmented, and notices when it no longer is. */
static void ttm_chunk_fragmentation_ends(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_cached);
	unsigned int calls, order;

	t->source.largest = 3;
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	calls = t->source.calls;
	KUNIT_ASSERT_EQ(test, get(t, CHUNK_PAGES, CHUNK_PAGES), 0);
	KUNIT_EXPECT_EQ(test, t->source.calls - calls, 1 + (CHUNK_PAGES >> 3));
	put(t, 0, 2 * CHUNK_PAGES);

	t->source.largest = TTM_CHUNK_ORDER;
	for (order = 4; order <= TTM_CHUNK_ORDER; order++) {
		ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, ULONG_MAX);
		KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
		KUNIT_EXPECT_EQ(test, stats(t).by_order[order], 1);
		put(t, 0, CHUNK_PAGES);
	}
	finish(test, t);
}

/* If memory is short a chunk has fewer pages, down to one. */
static void ttm_chunk_short_memory(struct kunit *test)
{
	static const unsigned int left[] = { 1, 2, 3, 100, 511 };
	struct chunk_test *t;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(left); i++) {
		t = start(test, ttm_uncached);
		t->source.largest = 0;
		t->source.left = left[i];
		KUNIT_ASSERT_EQ(test, get(t, 0, left[i]), 0);
		check(test, t, 0, left[i], true);
		KUNIT_EXPECT_EQ(test, stats(t).full, 1);
		KUNIT_EXPECT_EQ(test, get(t, left[i], 1), -ENOMEM);
		put(t, 0, left[i]);
		KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, 1), left[i]);
		finish(test, t);
	}
}

static void ttm_chunk_fullest_first(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_cached);
	const unsigned int more = CHUNK_PAGES - 100, less = 100, n = 20;
	unsigned int i;

	/* Two full chunks, then one of them with few free pages and one with many. */
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	KUNIT_ASSERT_EQ(test, get(t, CHUNK_PAGES, CHUNK_PAGES), 0);
	put(t, 0, more);
	put(t, CHUNK_PAGES, less);
	KUNIT_EXPECT_EQ(test, stats(t).partial, 2);
	for (i = 0; i < less / n; i++) {
		KUNIT_ASSERT_EQ(test, get(t, CHUNK_PAGES + i * n, n), 0);
		check(test, t, CHUNK_PAGES + i * n, n, true);
	}
	/* All free pages of the fuller chunk are used, none of the other's. */
	KUNIT_EXPECT_EQ(test, stats(t).full, 1);
	KUNIT_EXPECT_EQ(test, stats(t).free, more);
	put(t, more, CHUNK_PAGES - more);
	put(t, CHUNK_PAGES, CHUNK_PAGES);
	finish(test, t);
}

static void ttm_chunk_clears(struct kunit *test)
{
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);
	struct page *page;

	/* From the CPU's cache, then from the chunk. */
	KUNIT_ASSERT_EQ(test, get(t, 0, 1), 0);
	dirty(t, 0, 1);
	put(t, 0, 1);
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	check(test, t, 0, CHUNK_PAGES, true);
	dirty(t, 0, CHUNK_PAGES);
	put(t, 0, CHUNK_PAGES);
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	check(test, t, 0, CHUNK_PAGES, true);
	put(t, 0, CHUNK_PAGES);

	/* Pages are cleared only once: what the test writes to a free page is still there. */
	page = t->pages[0];
	memset(page_address(page), PATTERN, PAGE_SIZE);
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(page_address(page), PATTERN, PAGE_SIZE));
	put(t, 0, CHUNK_PAGES);
	finish(test, t);
}

/* Memory runs out after each number of pieces: nothing is leaked, and the next try works. */
static void ttm_chunk_unwind(struct kunit *test)
{
	/* Pieces of an eighth of a chunk. The first chunk has some of the wanted pages. */
	const unsigned int held = 40, wanted = 3 * CHUNK_PAGES, piece = CHUNK_PAGES / 8;
	const unsigned int enough = DIV_ROUND_UP(wanted - (CHUNK_PAGES - held), piece);
	struct chunk_test *t;
	unsigned int left;

	for (left = 0; left <= enough; left++) {
		t = start(test, ttm_write_combined);
		t->source.largest = ilog2(piece);
		KUNIT_ASSERT_EQ(test, get(t, 0, held), 0);
		dirty(t, 0, held);

		t->source.left = left;
		KUNIT_ASSERT_EQ_MSG(test, get(t, held, wanted), left < enough ? -ENOMEM : 0,
				    "%u pieces", left);
		if (left == enough)
			put(t, held, wanted);
		KUNIT_EXPECT_EQ(test, stats(t).in_use, held);

		t->source.left = UINT_MAX;
		KUNIT_ASSERT_EQ(test, get(t, held, wanted), 0);
		check(test, t, held, wanted, true);
		put(t, 0, held + wanted);
		finish(test, t);
	}
}

static void ttm_chunk_caching_fails(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_write_combined);

	/* Half of the pages have changed when it fails: their caching is restored. */
	t->source.caching_fails = 1;
	KUNIT_EXPECT_EQ(test, get(t, 0, 20), -ENOMEM);
	KUNIT_EXPECT_EQ(test, t->source.live, 0);
	KUNIT_EXPECT_EQ(test, stats(t).chunks, 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&t->source.cached));

	t->source.caching_fails = 0;
	KUNIT_ASSERT_EQ(test, get(t, 0, 20), 0);
	check(test, t, 0, 20, true);
	put(t, 0, 20);
	finish(test, t);
}

/* Pages whose caching could not be restored are not freed. */
static void ttm_chunk_caching_not_restored(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_uncached);
	struct mock_piece *piece;
	unsigned long pfn;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, get(t, 0, 20), 0);
	put(t, 0, 20);
	t->source.caching_fails = t->source.caching_calls + 1;
	ttm_chunk_allocator_fini(&t->alloc);
	KUNIT_EXPECT_EQ(test, t->source.live, CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, t->source.wrong, 0);

	/* The mock source did not really change the caching, so the test can free them. */
	xa_for_each(&t->source.pieces, pfn, piece) {
		kfree((void *)(piece->page->private & ~511ul));
		for (i = 0; i < 1u << piece->order; i++)
			piece->page[i].private = 0;
		__free_pages(piece->page, piece->order);
		kfree(piece);
	}
	xa_destroy(&t->source.pieces);
	xa_destroy(&t->source.cached);
}

static void ttm_chunk_shrinks(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_write_combined);
	int nid;

	KUNIT_ASSERT_EQ(test, get(t, 0, 3 * CHUNK_PAGES), 0);
	nid = page_to_nid(t->pages[0]);
	KUNIT_EXPECT_EQ(test, ttm_chunk_reclaimable(&t->alloc, NUMA_NO_NODE), 0);
	KUNIT_ASSERT_EQ_MSG(test, ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, ULONG_MAX), 0,
			    "chunks were freed while pages of them are in use");

	/* One used page keeps the second chunk from being freed. */
	put(t, 0, CHUNK_PAGES);
	put(t, CHUNK_PAGES + 1, 2 * CHUNK_PAGES - 1);
	KUNIT_ASSERT_EQ(test, stats(t).empty, 2);
	KUNIT_EXPECT_EQ(test, ttm_chunk_reclaimable(&t->alloc, NUMA_NO_NODE), 2 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, ttm_chunk_reclaimable(&t->alloc, nid), 2 * CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, nid, 1), CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(t).empty, 1);
	KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, ULONG_MAX),
			CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(t).chunks, 1);
	KUNIT_EXPECT_EQ(test, t->source.live, CHUNK_PAGES);
	check(test, t, CHUNK_PAGES, 1, true);

	put(t, CHUNK_PAGES, 1);
	KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, nid, ULONG_MAX), CHUNK_PAGES);
	KUNIT_EXPECT_EQ(test, stats(t).frees, 3);
	KUNIT_EXPECT_EQ(test, stats(t).bookkeeping, 0);
	finish(test, t);
}

static int get_one(void *data)
{
	struct chunk_test *t = data;

	return get(t, smp_processor_id(), 1);
}

static int put_one(void *data)
{
	struct chunk_test *t = data;

	put(t, smp_processor_id(), 1);
	return 0;
}

/* Pages in a CPU's cache are available to other CPUs, and their chunks can be freed. */
static void ttm_chunk_per_cpu(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_cached);
	unsigned int i;
	int cpu;

	for_each_online_cpu(cpu) {
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, get_one, t, false), 0);
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, put_one, t, false), 0);
	}
	KUNIT_EXPECT_EQ(test, stats(t).allocs, 1);
	KUNIT_EXPECT_GE(test, stats(t).per_cpu, num_online_cpus());

	/* The whole chunk at once: the caches are drained first. */
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES), 0);
	KUNIT_EXPECT_EQ(test, stats(t).allocs, 1);
	check(test, t, 0, CHUNK_PAGES, true);
	put(t, 0, CHUNK_PAGES);

	/* More single pages than a cache has. */
	for (i = 0; i < 4 * TTM_CHUNK_CPU_PAGES; i++)
		KUNIT_ASSERT_EQ(test, get(t, i, 1), 0);
	check(test, t, 0, 4 * TTM_CHUNK_CPU_PAGES, true);
	dirty(t, 0, 4 * TTM_CHUNK_CPU_PAGES);
	for (i = 0; i < 4 * TTM_CHUNK_CPU_PAGES; i++)
		put(t, i, 1);
	KUNIT_EXPECT_LE(test, stats(t).per_cpu, num_possible_cpus() * TTM_CHUNK_CPU_PAGES);
	for (i = 0; i < 4 * TTM_CHUNK_CPU_PAGES; i++)
		KUNIT_ASSERT_EQ(test, get(t, i, 1), 0);
	check(test, t, 0, 4 * TTM_CHUNK_CPU_PAGES, true);
	put(t, 0, 4 * TTM_CHUNK_CPU_PAGES);

	for_each_online_cpu(cpu) {
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, get_one, t, false), 0);
		KUNIT_ASSERT_EQ(test, smp_call_on_cpu(cpu, put_one, t, false), 0);
	}
	KUNIT_EXPECT_EQ(test, ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, ULONG_MAX), CHUNK_PAGES);
	finish(test, t);
}

/* Pieces outside of the linear mapping. */
static void ttm_chunk_remapped(struct kunit *test)
{
	struct chunk_test *t = start(test, ttm_cached);

	t->source.remap = true;
	t->source.largest = 4;
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES + 5), 0);
	check(test, t, 0, CHUNK_PAGES + 5, true);
	dirty(t, 0, CHUNK_PAGES + 5);
	put(t, 0, CHUNK_PAGES + 5);
	KUNIT_ASSERT_EQ(test, get(t, 0, CHUNK_PAGES + 5), 0);
	check(test, t, 0, CHUNK_PAGES + 5, true);
	put(t, 0, CHUNK_PAGES + 5);
	finish(test, t);
}

struct churner {
	struct chunk_test *t;
	struct task_struct *task;
	struct completion done;
	unsigned int seed;
	unsigned int bad;
};

#define CHURN_SLOTS	12
#define CHURN_PAGES	90
#define CHURN_ROUNDS	600

/* Allocates and frees at random; each page has a tag of its owner while it is allocated. */
static int churn(void *data)
{
	struct churner *c = data;
	struct page **slots[CHURN_SLOTS] = { };
	unsigned int counts[CHURN_SLOTS] = { }, i, s, round;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, c->seed);
	for (round = 0; round < CHURN_ROUNDS; round++) {
		s = prandom_u32_state(&rnd) % CHURN_SLOTS;
		if (slots[s]) {
			for (i = 0; i < counts[s]; i++) {
				unsigned long *word = page_address(slots[s][i]);

				c->bad += *word != (unsigned long)&slots[s][i];
			}
			ttm_chunk_free_pages(slots[s], counts[s]);
			kfree(slots[s]);
			slots[s] = NULL;
			continue;
		}
		counts[s] = 1 + prandom_u32_state(&rnd) % (round % 2 ? 4 : CHURN_PAGES);
		slots[s] = kmalloc_array(counts[s], sizeof(*slots[s]), GFP_KERNEL);
		if (!slots[s] || ttm_chunk_alloc_pages(&c->t->alloc, slots[s], NULL, counts[s],
						       GFP_KERNEL)) {
			c->bad++;
			kfree(slots[s]);
			slots[s] = NULL;
			continue;
		}
		for (i = 0; i < counts[s]; i++) {
			unsigned long *word = page_address(slots[s][i]);

			c->bad += *word != 0;
			*word = (unsigned long)&slots[s][i];
		}
		if (round % 16 == 0)
			schedule();
	}
	for (s = 0; s < CHURN_SLOTS; s++) {
		if (slots[s])
			ttm_chunk_free_pages(slots[s], counts[s]);
		kfree(slots[s]);
	}
	kthread_complete_and_exit(&c->done, 0);
	return 0;
}

static void ttm_chunk_churn(struct kunit *test)
{
	struct chunk_test *t = start(test, *(const enum ttm_caching *)test->param_value);
	struct churner *c = kunit_kcalloc(test, 4, sizeof(*c), GFP_KERNEL);
	unsigned int i, freed = 0;

	KUNIT_ASSERT_NOT_NULL(test, c);
	for (i = 0; i < 4; i++) {
		c[i].t = t;
		c[i].seed = i + 1;
		init_completion(&c[i].done);
		c[i].task = kthread_run(churn, &c[i], "churn/%u", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(c[i].task));
	}
	for (i = 0; i < 4; i++) {
		while (!wait_for_completion_timeout(&c[i].done, 1))
			freed += ttm_chunk_shrink(&t->alloc, NUMA_NO_NODE, CHUNK_PAGES);
		KUNIT_EXPECT_EQ_MSG(test, c[i].bad, 0, "pages not zeroed, or allocated twice");
	}
	KUNIT_EXPECT_EQ(test, stats(t).in_use, 0);
	kunit_info(test, "%lu chunks allocated, %u pages freed by shrinking meanwhile\n",
		   stats(t).allocs, freed);
	finish(test, t);
}

static struct kunit_case ttm_chunk_tests[] = {
	KUNIT_CASE_PARAM(ttm_chunk_orders, mode_gen_params),
	KUNIT_CASE_PARAM(ttm_chunk_odd_counts, mode_gen_params),
	KUNIT_CASE_PARAM(ttm_chunk_single_pages, mode_gen_params),
	KUNIT_CASE_PARAM(ttm_chunk_scattered, mode_gen_params),
	KUNIT_CASE(ttm_chunk_fragmented),
	KUNIT_CASE(ttm_chunk_fragmentation_ends),
	KUNIT_CASE(ttm_chunk_short_memory),
	KUNIT_CASE(ttm_chunk_fullest_first),
	KUNIT_CASE_PARAM(ttm_chunk_clears, mode_gen_params),
	KUNIT_CASE(ttm_chunk_unwind),
	KUNIT_CASE(ttm_chunk_caching_fails),
	KUNIT_CASE(ttm_chunk_caching_not_restored),
	KUNIT_CASE(ttm_chunk_shrinks),
	KUNIT_CASE(ttm_chunk_per_cpu),
	KUNIT_CASE(ttm_chunk_remapped),
	KUNIT_CASE_PARAM(ttm_chunk_churn, mode_gen_params),
	{}
};

static int ttm_chunk_test_init(struct kunit *test)
{
	test->priv = kunit_device_register(test, "ttm_chunk_test");
	return PTR_ERR_OR_ZERO(test->priv);
}

static struct kunit_suite ttm_chunk_suite = {
	.name = "ttm_chunk",
	.init = ttm_chunk_test_init,
	.test_cases = ttm_chunk_tests,
};

kunit_test_suites(&ttm_chunk_suite);

MODULE_DESCRIPTION("KUnit tests of the chunk allocator");
MODULE_LICENSE("Dual MIT/GPL");
