/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_DMA_LIMIT_H_
#define _TTM_DMA_LIMIT_H_

#include <linux/types.h>

struct device;
struct sg_table;
struct ttm_device;
struct ttm_operation_ctx;
struct ttm_tt;

bool ttm_dma_translated(struct device *dev);
u64 ttm_dma_limit(struct device *dev);
bool ttm_dma_bounced(struct device *dev, struct sg_table *sgt);
bool ttm_pages_bounced(struct device *dev, struct sg_table *sgt);

bool ttm_tt_is_private(const struct ttm_device *bdev, const struct ttm_tt *tt);
bool ttm_tt_within_limit(const struct ttm_tt *tt, struct device *dev);
int ttm_tt_can_move(struct ttm_device *bdev, const struct ttm_tt *tt, struct device *dev);
struct ttm_tt *ttm_tt_alloc_within(struct ttm_device *bdev, const struct ttm_tt *tt,
				   struct device *dev, struct ttm_operation_ctx *ctx);
void ttm_tt_move_to(struct ttm_device *bdev, struct ttm_tt *tt, struct ttm_tt *dst);

#endif
