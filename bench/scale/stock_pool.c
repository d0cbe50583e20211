// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The algorithm of the page pool of mainline (ttm_pool.c) for coherent memory: a list of free runs
 * for each order and caching.
 */
#include "stock_pool.h"

struct stock_run {
	struct list_head link;
	struct page *page;
	dma_addr_t bus;
	unsigned int order;
};

struct stock_list {
	spinlock_t lock;
	struct list_head runs;
};

static struct stock_list lists[TTM_NUM_CACHING_TYPES][MAX_PAGE_ORDER + 1];
static spinlock_t shrinker_lock;
static struct rw_semaphore shrink_rwsem;
static unsigned int next_list;
static struct device device;

void stock_init(void)
{
	unsigned int i, order;

	for (i = 0; i < TTM_NUM_CACHING_TYPES; i++)
		for (order = 0; order <= MAX_PAGE_ORDER; order++)
			INIT_LIST_HEAD(&lists[i][order].runs);
}

static struct stock_run *list_take(struct stock_list *list)
{
	struct stock_run *run;

	spin_lock(&list->lock);
	run = list_first_entry_or_null(&list->runs, struct stock_run, link);
	if (run)
		list_del(&run->link);
	spin_unlock(&list->lock);
	return run;
}

static struct stock_run *run_alloc(unsigned int order, enum ttm_caching caching)
{
	struct stock_run *run = kmalloc(sizeof(*run), 0);
	void *vaddr = dma_alloc_attrs(&device, PAGE_SIZE << order, &run->bus, 0, 0);

	if (!vaddr) {
		kfree(run);
		return NULL;
	}
	run->order = order;
	run->page = virt_to_page(vaddr);
	run->page->private = (unsigned long)run;
	if (caching != ttm_cached)
		sim_set_caching(1 << order);
	return run;
}

static void run_free(struct stock_run *run, enum ttm_caching caching)
{
	if (caching != ttm_cached)
		sim_set_caching(1 << run->order);
	run->page->private = 0;
	dma_free_attrs(&device, PAGE_SIZE << run->order, page_address(run->page), run->bus, 0);
	kfree(run);
}

int stock_alloc(enum ttm_caching caching, struct page **pages, dma_addr_t *bus,
		unsigned int count)
{
	unsigned int done = 0, i;
	int order = min(ilog2(count), MAX_PAGE_ORDER);
	struct stock_run *run;

	while (done < count) {
		order = min(order, (int)ilog2(count - done));
		run = list_take(&lists[caching][order]);
		if (!run)
			run = run_alloc(order, caching);
		if (!run) {
			if (order--)
				continue;
			stock_free(caching, pages, done);
			return -ENOMEM;
		}
		for (i = 0; i < 1u << order; i++, done++) {
			pages[done] = run->page + i;
			bus[done] = run->bus + i * PAGE_SIZE;
		}
	}
	return 0;
}

void stock_free(enum ttm_caching caching, struct page **pages, unsigned int count)
{
	struct stock_list *list;
	struct stock_run *run;
	unsigned int i, n;

	for (i = 0; i < count; i += 1u << run->order) {
		run = (struct stock_run *)pages[i]->private;
		for (n = 0; n < 1u << run->order; n++)
			clear_page(page_address(pages[i + n]));
		list = &lists[caching][run->order];
		spin_lock(&list->lock);
		list_add(&run->link, &list->runs);
		spin_unlock(&list->lock);
	}
}

/* Free all free runs, as the shrinker does: one from each list in turn. */
void stock_shrink(void)
{
	unsigned int empty = 0, i;
	struct stock_run *run;

	while (empty < TTM_NUM_CACHING_TYPES * (MAX_PAGE_ORDER + 1)) {
		down_read(&shrink_rwsem);
		spin_lock(&shrinker_lock);
		i = next_list++ % (TTM_NUM_CACHING_TYPES * (MAX_PAGE_ORDER + 1));
		spin_unlock(&shrinker_lock);
		run = list_take(&lists[i % TTM_NUM_CACHING_TYPES][i / TTM_NUM_CACHING_TYPES]);
		if (run)
			run_free(run, i % TTM_NUM_CACHING_TYPES);
		empty = run ? 0 : empty + 1;
		up_read(&shrink_rwsem);
	}
}
