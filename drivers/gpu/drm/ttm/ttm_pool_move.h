/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_POOL_MOVE_H_
#define _TTM_POOL_MOVE_H_

struct ttm_operation_ctx;
struct ttm_pool;
struct ttm_tt;

int ttm_pool_alloc_dma32(struct ttm_pool *pool, struct ttm_tt *tt,
			 struct ttm_operation_ctx *ctx);
void ttm_pool_unmap_tt(struct ttm_pool *pool, struct ttm_tt *tt);

#endif
