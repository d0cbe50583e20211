// SPDX-License-Identifier: MIT

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "drmtest.h"
#include "igt_core.h"
#include "igt_radeon_blit.h"

/**
 * SECTION:igt_radeon_blit
 * @short_description: Copies by command streams
 * @title: Radeon blits
 * @include: igt_radeon_blit.h
 *
 * The kernel does not move a BO that is shared with another device, so tests of shared BOs need
 * streams with copy commands. R100 to R500 have the same 2D engine;
 * igt_require_radeon_blit() skips for later families.
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

/**
 * igt_radeon_has_blit:
 * @fd: DRM device
 *
 * Returns: whether igt_radeon_blit() supports this GPU.
 */
bool igt_radeon_has_blit(int fd)
{
	uint32_t config;

	/* The driver has a tiling configuration from R600 on; those have no 2D engine. */
	return __igt_radeon_info(fd, RADEON_INFO_TILING_CONFIG, &config) == -EINVAL;
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
		      "the GPU is R600 or later: blits support R100 to R500\n");
}

static void domain_of(int fd, const struct igt_radeon_bo *bo, uint32_t *domain)
{
	*domain = igt_radeon_bo_domain(fd, bo) & RADEON_GEM_DOMAIN_VRAM;
	if (!*domain)
		*domain = RADEON_GEM_DOMAIN_GTT;
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
	enum { FROM, TO };
	struct drm_radeon_cs_reloc relocs[2] = {
		[FROM] = { .handle = from->handle },
		[TO] = { .handle = to->handle },
	};
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

	igt_assert(count > 0 && first + count <= SC_MAX);
	igt_assert((first + count) * IGT_RADEON_PAGE_SIZE <= to->size);
	igt_assert((first + count) * IGT_RADEON_PAGE_SIZE <= from->size);
	domain_of(fd, from, &relocs[FROM].read_domains);
	domain_of(fd, to, &relocs[TO].read_domains);
	relocs[TO].write_domain = relocs[TO].read_domains;
	/* Pad the rest: no packet begins with zero. */
	for (int i = IB_DWORDS - 1; !ib[i]; i--)
		ib[i] = PACKET2;
	return __igt_radeon_submit(fd, ib, IB_DWORDS, relocs, ARRAY_SIZE(relocs), false);
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
