// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Per-CPU caches of the chunk allocator.
 */

#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "ttm_chunk.h"
#include "ttm_chunk_cpu.h"

/**
 * DOC: Per-CPU caches
 *
 * Each CPU caches some free pages of an allocator, for BOs of one page and, with scattered
 * chunks, for those of a few pages. They are taken and returned in batches, so that the
 * allocator's lock is seldom taken.
 *
 * Cached pages count as used in their chunk. Before a chunk is allocated, and before chunks
 * are freed, the caches of all CPUs are drained. A page leaves the count of the cache before
 * it returns to its chunk, so that no page is counted as free twice.
 */

/**
 * struct ttm_chunk_cpu - the cache of a CPU
 * @lock: protects the cache; taken before the allocator's lock, and nearly always by the
 *	CPU itself
 * @count: number of pages
 * @pages: the pages, all zeroed
 */
struct ttm_chunk_cpu {
	/* Protects the cache. */
	spinlock_t lock;
	unsigned int count;
	struct page *pages[TTM_CHUNK_CPU_PAGES];
};

/**
 * ttm_chunk_cpu_init() - allocate the caches
 * @alloc: allocator
 *
 * Return: 0 or -ENOMEM.
 */
int ttm_chunk_cpu_init(struct ttm_chunk_allocator *alloc)
{
	int i;

	alloc->cpu = alloc_percpu(struct ttm_chunk_cpu);
	if (!alloc->cpu)
		return -ENOMEM;
	for_each_possible_cpu(i)
		spin_lock_init(&per_cpu_ptr(alloc->cpu, i)->lock);
	return 0;
}

/**
 * ttm_chunk_cpu_fini() - free the caches, which are empty
 * @alloc: allocator
 */
void ttm_chunk_cpu_fini(struct ttm_chunk_allocator *alloc)
{
	free_percpu(alloc->cpu);
}

/**
 * ttm_chunk_cpu_serves() - whether a number of pages is allocated from the cache
 * @alloc: allocator
 * @count: number of pages
 *
 * The cache has single pages from anywhere, so it does not serve requests that can get
 * contiguous runs.
 *
 * Return: true if so.
 */
bool ttm_chunk_cpu_serves(const struct ttm_chunk_allocator *alloc, unsigned int count)
{
	return count == 1 || (count <= TTM_CHUNK_CPU_BATCH &&
			      READ_ONCE(alloc->source->scattered));
}

/**
 * ttm_chunk_cpu_take() - take pages from this CPU's cache
 * @alloc: allocator
 * @pages: set to the pages
 * @count: number of pages
 *
 * Refills the cache from chunks that exist.
 *
 * Return: the number of pages taken.
 */
unsigned int ttm_chunk_cpu_take(struct ttm_chunk_allocator *alloc, struct page **pages,
				unsigned int count)
{
	struct ttm_chunk_cpu *cpu = raw_cpu_ptr(alloc->cpu);
	unsigned int taken = 0;

	spin_lock(&cpu->lock);
	if (cpu->count < count)
		/* Take single pages: other requests can use larger runs. */
		cpu->count += ttm_chunk_take_runs(alloc, 0, cpu->pages + cpu->count, NULL,
						  TTM_CHUNK_CPU_BATCH);
	while (taken < count && cpu->count)
		pages[taken++] = cpu->pages[--cpu->count];
	spin_unlock(&cpu->lock);
	return taken;
}

/**
 * ttm_chunk_cpu_return() - return pages to this CPU's cache
 * @alloc: allocator
 * @pages: zeroed pages
 * @count: number of pages, at most TTM_CHUNK_CPU_BATCH
 */
void ttm_chunk_cpu_return(struct ttm_chunk_allocator *alloc, struct page **pages,
			  unsigned int count)
{
	struct ttm_chunk_cpu *cpu = raw_cpu_ptr(alloc->cpu);

	spin_lock(&cpu->lock);
	if (cpu->count + count > TTM_CHUNK_CPU_PAGES) {
		cpu->count -= TTM_CHUNK_CPU_BATCH;
		/* The oldest pages are first. */
		ttm_chunk_return_pages(alloc, cpu->pages, TTM_CHUNK_CPU_BATCH);
		memmove(cpu->pages, cpu->pages + TTM_CHUNK_CPU_BATCH,
			cpu->count * sizeof(cpu->pages[0]));
	}
	memcpy(cpu->pages + cpu->count, pages, count * sizeof(pages[0]));
	cpu->count += count;
	spin_unlock(&cpu->lock);
}

/**
 * ttm_chunk_cpu_count() - count the cached pages of all CPUs
 * @alloc: allocator
 *
 * Takes no lock.
 *
 * Return: the estimated number of pages.
 */
unsigned long ttm_chunk_cpu_count(struct ttm_chunk_allocator *alloc)
{
	unsigned long count = 0;
	int i;

	for_each_possible_cpu(i)
		count += READ_ONCE(per_cpu_ptr(alloc->cpu, i)->count);
	return count;
}

/**
 * ttm_chunk_cpu_drain() - return the cached pages of all CPUs to their chunks
 * @alloc: allocator
 */
void ttm_chunk_cpu_drain(struct ttm_chunk_allocator *alloc)
{
	struct ttm_chunk_cpu *cpu;
	unsigned int count;
	int i;

	for_each_possible_cpu(i) {
		cpu = per_cpu_ptr(alloc->cpu, i);
		spin_lock(&cpu->lock);
		count = cpu->count;
		cpu->count = 0;
		if (count)
			ttm_chunk_return_pages(alloc, cpu->pages, count);
		spin_unlock(&cpu->lock);
	}
}
