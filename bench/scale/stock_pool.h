/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef STOCK_POOL_H
#define STOCK_POOL_H

#include "kernel_stubs.h"

void stock_init(void);
int stock_alloc(enum ttm_caching caching, struct page **pages, dma_addr_t *bus,
		unsigned int count);
void stock_free(enum ttm_caching caching, struct page **pages, unsigned int count);
void stock_shrink(void);

#endif
