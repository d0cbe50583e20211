/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_GLOBAL_DMA_POOL_H_
#define _TTM_GLOBAL_DMA_POOL_H_

#include <linux/kconfig.h>
#include <linux/types.h>

#include <drm/ttm/ttm_caching.h>

struct page;
struct seq_file;
struct ttm_dma_pool;
struct ttm_pool_cap;

/* The DMA widths that pools exist for, in bits. */
#define TTM_GLOBAL_DMA_WIDTH_MIN	32
#define TTM_GLOBAL_DMA_WIDTH_MAX	64

/*
 * Whether the devices of these pools are DMA coherent. No firmware describes them, so they are
 * what the architecture takes for the default. Most GPUs are coherent.
 */
static inline bool ttm_global_dma_pool_coherent(void)
{
	return IS_ENABLED(CONFIG_ARCH_DMA_DEFAULT_COHERENT) ||
		!(IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_DEVICE) ||
		  IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU) ||
		  IS_ENABLED(CONFIG_ARCH_HAS_SYNC_DMA_FOR_CPU_ALL));
}

/* The number of pools that ttm_global_dma_pool_list() can return. */
#define TTM_GLOBAL_DMA_POOLS	(TTM_GLOBAL_DMA_WIDTH_MAX - TTM_GLOBAL_DMA_WIDTH_MIN + 1)

void ttm_global_dma_pool_open(const struct ttm_pool_cap *cap);
void ttm_global_dma_pool_close(void);
void ttm_global_dma_pool_fini(void);

int ttm_global_dma_pool_alloc(unsigned int width, enum ttm_caching caching,
			      struct page **pages, dma_addr_t *bus, unsigned int count,
			      gfp_t gfp);
int ttm_global_dma_pool_alloc_below(unsigned int width, enum ttm_caching caching,
				    struct page **pages, dma_addr_t *bus,
				    unsigned int count, gfp_t gfp);
unsigned int ttm_global_dma_pool_list(unsigned int width, struct ttm_dma_pool **pools);
void ttm_global_dma_pool_show(struct seq_file *m);

#endif
