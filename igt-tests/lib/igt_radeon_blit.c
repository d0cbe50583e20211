// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "drmtest.h"
#include "igt_core.h"
#include "igt_radeon_blit.h"
#include "igt_radeon_copy.h"

/**
 * SECTION:igt_radeon_blit
 * @short_description: Copies by command streams
 * @title: Radeon blits
 * @include: igt_radeon_blit.h
 *
 * The kernel does not move a BO that is shared with another device, so tests of shared BOs need
 * streams with copy commands. R100 to R500 have a 2D engine for that. Later GPUs copy by
 * the packets of lib/igt_radeon_copy.c. From Cayman on each client has a virtual address space,
 * and these copies use its page table.
 */

#define PACKET0(reg, count)	((uint32_t)((count) - 1) << 16 | (reg) >> 2)
#define PACKET2			0x80000000u
/* A NOP whose dword is the index of the relocation for the packet before it. */
#define PACKET3_NOP		0xc0001000u
#define RELOC_DWORDS		4

#define SRC_PITCH_OFFSET	0x1428
#define DST_PITCH_OFFSET	0x142c
#define SRC_Y_X			0x1434	/* followed by DST_Y_X and DST_HEIGHT_WIDTH, which draws */
#define DP_GUI_MASTER_CNTL	0x146c
#define  SRC_PITCH_OFFSET_CNTL	(1u << 0)
#define  DST_PITCH_OFFSET_CNTL	(1u << 1)
#define  BRUSH_NONE		(15u << 4)
#define  DST_32BPP		(6u << 8)
#define  SRC_DATATYPE_COLOR	(3u << 12)
#define  ROP3_S			(0xccu << 16)
#define  SRC_SOURCE_MEMORY	(2u << 24)
#define  CLR_CMP_CNTL_DIS	(1u << 28)
#define  WR_MSK_DIS		(1u << 30)
#define DP_CNTL			0x16c0
#define  LEFT_TO_RIGHT		(1u << 0)
#define  TOP_TO_BOTTOM		(1u << 1)
#define DEFAULT_SC_BOTTOM_RIGHT	0x16e8
#define  SC_MAX			0x1fffu

/* One line of 32-bit pixels is one page; the unit of pitches is 64 bytes. */
#define PITCH			((IGT_RADEON_PAGE_SIZE / 64) << 22)
#define WIDTH			(IGT_RADEON_PAGE_SIZE / 4)
#define IB_DWORDS		32

/* The order of a copy's relocations. */
enum { FROM, TO };

/* The driver has no query for the family. Its answers to other queries show which one it is. */
static enum igt_radeon_engine engine_of(int fd)
{
	uint32_t ring = RADEON_CS_RING_DMA, answer[32];

	/* R600 and later have a tiling configuration. */
	if (__igt_radeon_info(fd, RADEON_INFO_TILING_CONFIG, answer) == -EINVAL)
		return IGT_RADEON_2D;
	if (igt_radeon_is_gcn2(fd))
		return IGT_RADEON_DMA_DATA;
	/* The driver does not use the async DMA engine of R600 to RS880. */
	if (__igt_radeon_info(fd, RADEON_INFO_RING_WORKING, &ring) || !ring)
		return __igt_radeon_info(fd, RADEON_INFO_VA_START, answer) ?
			IGT_RADEON_CP_DMA : IGT_RADEON_NO_ENGINE;
	return __igt_radeon_info(fd, RADEON_INFO_SI_TILE_MODE_ARRAY, answer) ?
		IGT_RADEON_DMA : IGT_RADEON_SI_DMA;
}

/**
 * igt_radeon_has_blit:
 * @fd: DRM device
 *
 * Returns: whether igt_radeon_blit() supports this GPU.
 */
bool igt_radeon_has_blit(int fd)
{
	return engine_of(fd) != IGT_RADEON_NO_ENGINE;
}

/**
 * igt_require_radeon_blit:
 * @fd: DRM device
 *
 * Skips unless igt_radeon_blit() supports this GPU.
 */
void igt_require_radeon_blit(int fd)
{
	igt_require_f(igt_radeon_has_blit(fd),
		      "the async DMA engine does not work: see the kernel log\n");
}

static uint32_t domain_of(int fd, const struct igt_radeon_bo *bo)
{
	uint32_t domain = igt_radeon_bo_domain(fd, bo) & RADEON_GEM_DOMAIN_VRAM;

	return domain ? domain : RADEON_GEM_DOMAIN_GTT;
}

static int copy_2d(int fd, const struct drm_radeon_cs_reloc relocs[2], uint64_t first,
		   uint64_t count)
{
	uint32_t line = (uint32_t)first << 16;
	uint32_t ib[IB_DWORDS] = {
		PACKET0(DEFAULT_SC_BOTTOM_RIGHT, 1), SC_MAX << 16 | SC_MAX,
		PACKET0(DP_GUI_MASTER_CNTL, 1),
		SRC_PITCH_OFFSET_CNTL | DST_PITCH_OFFSET_CNTL | BRUSH_NONE | DST_32BPP |
			SRC_DATATYPE_COLOR | ROP3_S | SRC_SOURCE_MEMORY | CLR_CMP_CNTL_DIS |
			WR_MSK_DIS,
		PACKET0(DP_CNTL, 1), LEFT_TO_RIGHT | TOP_TO_BOTTOM,
		PACKET0(SRC_PITCH_OFFSET, 1), PITCH, PACKET3_NOP, FROM * RELOC_DWORDS,
		PACKET0(DST_PITCH_OFFSET, 1), PITCH, PACKET3_NOP, TO * RELOC_DWORDS,
		PACKET0(SRC_Y_X, 3), line, line, (uint32_t)count << 16 | WIDTH,
	};

	igt_assert(first + count <= SC_MAX);
	/* Pad the rest: no packet begins with zero. */
	for (int i = IB_DWORDS - 1; !ib[i]; i--)
		ib[i] = PACKET2;
	return __igt_radeon_submit(fd, ib, IB_DWORDS, relocs, 2, false);
}

static int copy_linear(int fd, enum igt_radeon_engine engine, const struct igt_radeon_bo *to,
		       const struct igt_radeon_bo *from,
		       const struct drm_radeon_cs_reloc relocs[2], uint64_t offset,
		       uint64_t bytes)
{
	bool dma = engine == IGT_RADEON_DMA || engine == IGT_RADEON_SI_DMA;
	unsigned int dwords = igt_radeon_copy_dwords(engine, bytes), pairs = 1;
	struct drm_radeon_cs_reloc *all;
	uint32_t *ib;
	int ret;

	/* Without a virtual address space each packet of the DMA engine takes two relocations. */
	if (dma && !to->va)
		pairs = igt_radeon_copy_packets(engine, bytes);
	ib = calloc(dwords, sizeof(*ib));
	all = calloc(2 * pairs, sizeof(*all));
	igt_assert(ib && all);
	for (unsigned int i = 0; i < 2 * pairs; i++)
		all[i] = relocs[i % 2];
	/* BOs without a virtual address have 0 there. */
	igt_radeon_copy_encode(engine, to->va + offset, from->va + offset, bytes, ib);
	ret = __igt_radeon_submit_to(fd, dma ? RADEON_CS_RING_DMA : RADEON_CS_RING_GFX, ib,
				     dwords, all, 2 * pairs, to->va);
	free(all);
	free(ib);
	return ret;
}

/**
 * __igt_radeon_blit:
 * @fd: DRM device
 * @to: BO that is written
 * @from: BO that is read
 * @first: first page
 * @count: number of pages
 *
 * Makes the GPU copy pages from one BO to the same pages of another and does not wait. The BOs
 * stay in their domains.
 *
 * Returns: 0 or a negative errno.
 */
int __igt_radeon_blit(int fd, const struct igt_radeon_bo *to, const struct igt_radeon_bo *from,
		      uint64_t first, uint64_t count)
{
	struct drm_radeon_cs_reloc relocs[2] = {
		[FROM] = { .handle = from->handle, .read_domains = domain_of(fd, from) },
		[TO] = { .handle = to->handle, .read_domains = domain_of(fd, to) },
	};
	enum igt_radeon_engine engine = engine_of(fd);

	igt_assert(count > 0 && engine != IGT_RADEON_NO_ENGINE);
	igt_assert((first + count) * IGT_RADEON_PAGE_SIZE <= to->size);
	igt_assert((first + count) * IGT_RADEON_PAGE_SIZE <= from->size);
	relocs[TO].write_domain = relocs[TO].read_domains;
	if (engine == IGT_RADEON_2D)
		return copy_2d(fd, relocs, first, count);
	return copy_linear(fd, engine, to, from, relocs, first * IGT_RADEON_PAGE_SIZE,
			   count * IGT_RADEON_PAGE_SIZE);
}

/**
 * igt_radeon_blit:
 * @fd: DRM device
 * @to: BO that is written
 * @from: BO that is read, of the same size
 *
 * Makes the GPU copy a whole BO and does not wait. The BOs stay in their domains.
 */
void igt_radeon_blit(int fd, const struct igt_radeon_bo *to, const struct igt_radeon_bo *from)
{
	int ret = __igt_radeon_blit(fd, to, from, 0, from->size / IGT_RADEON_PAGE_SIZE);

	igt_assert_f(ret == 0, "cannot copy a BO of %" PRIu64 " bytes: %s\n", from->size,
		     strerror(-ret));
}
