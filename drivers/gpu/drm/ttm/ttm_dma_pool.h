/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_DMA_POOL_H_
#define _TTM_DMA_POOL_H_

#include <linux/types.h>

#include <drm/ttm/ttm_caching.h>

struct device;
struct page;
struct seq_file;
struct ttm_chunk_stats;
struct ttm_dma_pool;

struct ttm_dma_pool *ttm_dma_pool_create(struct device *dev, bool scattered);
void ttm_dma_pool_destroy(struct ttm_dma_pool *pool);

int ttm_dma_pool_alloc(struct ttm_dma_pool *pool, enum ttm_caching caching,
		       struct page **pages, dma_addr_t *bus, unsigned int count,
		       gfp_t gfp);
unsigned int ttm_dma_pool_take(struct ttm_dma_pool *pool, enum ttm_caching caching,
			       struct page **pages, dma_addr_t *bus,
			       unsigned int count);
void ttm_dma_pool_free(struct page **pages, unsigned int count);

void ttm_dma_pool_open(struct ttm_dma_pool *pool, bool scattered);
void ttm_dma_pool_close(struct ttm_dma_pool *pool);

unsigned long ttm_dma_pools_reclaimable(int nid);
unsigned long ttm_dma_pools_shrink(int nid, unsigned long count);
void ttm_dma_pools_trim(unsigned long limit);

void ttm_dma_pool_stats(struct ttm_dma_pool *pool, enum ttm_caching caching,
			struct ttm_chunk_stats *stats);
const char *ttm_dma_pool_shape(const struct ttm_dma_pool *pool);
void ttm_dma_pool_show(struct ttm_dma_pool *const *pools, unsigned int count,
		       struct seq_file *m);

#endif
