/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_CHUNK_CPU_H_
#define _TTM_CHUNK_CPU_H_

#include <linux/types.h>

struct page;
struct ttm_chunk_allocator;

/* Pages in a CPU's cache, and the number that is moved to or from the chunks at a time. */
#define TTM_CHUNK_CPU_PAGES	32
#define TTM_CHUNK_CPU_BATCH	(TTM_CHUNK_CPU_PAGES / 2)

int ttm_chunk_cpu_init(struct ttm_chunk_allocator *alloc);
void ttm_chunk_cpu_fini(struct ttm_chunk_allocator *alloc);

bool ttm_chunk_cpu_serves(const struct ttm_chunk_allocator *alloc, unsigned int count);
unsigned int ttm_chunk_cpu_take(struct ttm_chunk_allocator *alloc, struct page **pages,
				unsigned int count);
void ttm_chunk_cpu_return(struct ttm_chunk_allocator *alloc, struct page **pages,
			  unsigned int count);
unsigned long ttm_chunk_cpu_count(struct ttm_chunk_allocator *alloc);
void ttm_chunk_cpu_drain(struct ttm_chunk_allocator *alloc);

#endif
