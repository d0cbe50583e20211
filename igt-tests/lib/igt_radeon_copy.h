/* SPDX-License-Identifier: MIT */
#ifndef IGT_RADEON_COPY_H
#define IGT_RADEON_COPY_H

#include <stdint.h>

/**
 * enum igt_radeon_engine - what copies linear memory for a client
 * @IGT_RADEON_NO_ENGINE: nothing: the driver could not start the async DMA engine
 * @IGT_RADEON_2D: the 2D engine of R100 to R500
 * @IGT_RADEON_CP_DMA: the command processor of R600 to RS880, by CP_DMA
 * @IGT_RADEON_DMA: the async DMA engine of RV770 to Cayman
 * @IGT_RADEON_SI_DMA: the async DMA engine of GCN1
 * @IGT_RADEON_DMA_DATA: the command processor of GCN2, by DMA_DATA
 */
enum igt_radeon_engine {
	IGT_RADEON_NO_ENGINE,
	IGT_RADEON_2D,
	IGT_RADEON_CP_DMA,
	IGT_RADEON_DMA,
	IGT_RADEON_SI_DMA,
	IGT_RADEON_DMA_DATA,
};

unsigned int igt_radeon_copy_packets(enum igt_radeon_engine engine, uint64_t bytes);
unsigned int igt_radeon_copy_dwords(enum igt_radeon_engine engine, uint64_t bytes);
void igt_radeon_copy_encode(enum igt_radeon_engine engine, uint64_t to, uint64_t from,
			    uint64_t bytes, uint32_t *ib);

#endif /* IGT_RADEON_COPY_H */
