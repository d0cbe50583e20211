/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_DMA_POOL_H_
#define _TTM_DMA_POOL_H_

#include <linux/list.h>
#include <linux/types.h>

#include <drm/ttm/ttm_caching.h>

#include "ttm_chunk.h"

struct device;
struct seq_file;

/**
 * struct ttm_dma_pool - coherent pages of a device
 * @link: in the list of all such pools
 * @source: where the chunks are allocated
 * @modes: allocators by the caching mode of their pages
 */
struct ttm_dma_pool {
	struct list_head link;
	struct ttm_chunk_source source;
	struct ttm_chunk_allocator modes[TTM_NUM_CACHING_TYPES];
};

struct ttm_dma_pool *ttm_dma_pool_create(struct device *dev, bool scattered);
bool ttm_dma_pool_destroy(struct ttm_dma_pool *pool);

void ttm_dma_pool_open(struct ttm_dma_pool *pool, bool scattered);
void ttm_dma_pool_close(struct ttm_dma_pool *pool);

unsigned long ttm_dma_pools_reclaimable(int nid);
unsigned long ttm_dma_pools_shrink(int nid, unsigned long count);
unsigned long ttm_dma_pools_trim(unsigned long limit);

const char *ttm_dma_pool_shape(const struct ttm_dma_pool *pool);
void ttm_dma_pool_show(struct ttm_dma_pool *const *pools, unsigned int count,
		       struct seq_file *m);

#endif
