/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_GLOBAL_DMA_POOL_H_
#define _TTM_GLOBAL_DMA_POOL_H_

#include <linux/kconfig.h>
#include <linux/types.h>

struct seq_file;
struct ttm_dma_pool;
struct ttm_pool_cap;

/* The DMA widths that pools exist for, in bits. */
#define TTM_GLOBAL_DMA_WIDTH_MIN	32
#define TTM_GLOBAL_DMA_WIDTH_MAX	64

/*
 * Whether the devices of these pools are DMA coherent. No firmware describes them, so they have the
 * architecture's default. Most GPUs are coherent.
 */
static inline bool ttm_global_dma_pool_coherent(void)
{
	return IS_ENABLED(CONFIG_ARCH_DMA_DEFAULT_COHERENT) ||
		!(IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) ||
		  IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) ||
		  IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL));
}

int ttm_global_dma_pool_get(unsigned int width);
void ttm_global_dma_pool_put(unsigned int width);
int ttm_global_dma_pool_add_gpu(unsigned int width);
void ttm_global_dma_pool_remove_gpu(unsigned int width);
int ttm_global_dma_pool_open(const struct ttm_pool_cap *cap);
void ttm_global_dma_pool_close(void);
struct ttm_dma_pool *ttm_global_dma_pool_at(unsigned int width);
void ttm_global_dma_pool_fini(void);
void ttm_global_dma_pool_show(struct seq_file *m);

#endif
