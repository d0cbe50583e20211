/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_POOL_MOVE_H_
#define _TTM_POOL_MOVE_H_

#include <drm/ttm/ttm_pool.h>

struct ttm_operation_ctx;
struct ttm_tt;

/* Whether pages within a DMA limit have to be coherent memory, from a global DMA pool. */
static inline bool ttm_pool_moves_coherent(const struct ttm_pool *pool)
{
	return pool->backing.kind != TTM_BACKING_SHARED || pool->backing.single ||
		pool->backing.coherent32;
}

int ttm_pool_refresh(struct ttm_pool *pool);
int ttm_pool_alloc_dma32(struct ttm_pool *pool, struct ttm_tt *tt,
			 struct ttm_operation_ctx *ctx);

#endif
