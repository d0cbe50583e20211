/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_GLOBAL_DMA_POOL_H_
#define _TTM_GLOBAL_DMA_POOL_H_

#include <linux/types.h>

#include <drm/ttm/ttm_caching.h>

#include <uapi/drm/ttm_pool_device.h>

struct page;
struct seq_file;
struct ttm_dma_pool;
struct ttm_pool_cap;

/* How many pools ttm_global_dma_pool_list() may find. */
#define TTM_GLOBAL_DMA_POOLS		(TTM_POOL_WIDTH_MAX - TTM_POOL_WIDTH_MIN + 1)

#if IS_ENABLED(CONFIG_PCI)

void ttm_global_dma_pool_open(const struct ttm_pool_cap *cap);
void ttm_global_dma_pool_close(void);
void ttm_global_dma_pool_fini(void);

int ttm_global_dma_pool_alloc(unsigned int width, enum ttm_caching caching,
			 struct page **pages, dma_addr_t *bus, unsigned int count,
			 gfp_t gfp);
int ttm_global_dma_pool_alloc_any(unsigned int width, enum ttm_caching caching,
			     struct page **pages, dma_addr_t *bus, unsigned int count,
			     gfp_t gfp);
unsigned int ttm_global_dma_pool_list(unsigned int width, struct ttm_dma_pool **pools);
void ttm_global_dma_pool_show(struct seq_file *m);

#else

static inline int ttm_global_dma_pool_alloc(unsigned int width, enum ttm_caching caching,
				       struct page **pages, dma_addr_t *bus,
				       unsigned int count, gfp_t gfp)
{
	return -ENODEV;
}

static inline int ttm_global_dma_pool_alloc_any(unsigned int width, enum ttm_caching caching,
					   struct page **pages, dma_addr_t *bus,
					   unsigned int count, gfp_t gfp)
{
	return -EOPNOTSUPP;
}

static inline unsigned int ttm_global_dma_pool_list(unsigned int width,
					       struct ttm_dma_pool **pools)
{
	return 0;
}

static inline void ttm_global_dma_pool_show(struct seq_file *m)
{
}

#endif
#endif
