// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * KUnit tests of the command stream checkers of evergreen to SI, and of VCE.
 */

#include "radeon_cs_test.h"

#include "../evergreend.h"
#include "../radeon_asic.h"

/* evergreend.h has all others; sid.h, which has this one, cannot be included beside it */
#define PACKET3_COPY_DATA	0x40

#define CTX(reg, value)							\
	PACKET3(PACKET3_SET_CONTEXT_REG, 1),				\
	((reg) - PACKET3_SET_CONTEXT_REG_START) >> 2, (value)
#define RELOC_CTX(reg, value)	CTX(reg, value), RELOC

#define DRAW			PACKET3(PACKET3_DRAW_INDEX_AUTO, 1), 3, 2
#define NO_DEPTH		CTX(DB_DEPTH_CONTROL, 0)

/* a color buffer of 16 bytes for each pixel */
#define CB(mode, attrib, pitch, slice)					\
	CTX(CB_TARGET_MASK, 0xf),					\
	RELOC_CTX(CB_COLOR0_BASE, 0),					\
	CTX(CB_COLOR0_PITCH, (pitch)),					\
	CTX(CB_COLOR0_SLICE, (slice)),					\
	CTX(CB_COLOR0_VIEW, 0),						\
	RELOC_CTX(CB_COLOR0_ATTRIB, (attrib)),				\
	CTX(CB_COLOR0_INFO, V_028C70_COLOR_32_32_32_32 << 2 | (mode) << 8)

/* color buffer 8, of 16 bytes for each pixel, and no other */
#define CB8(pitch, slice)						\
	CTX(CB_TARGET_MASK, 0),						\
	RELOC_CTX(CB_COLOR8_BASE, 0),					\
	CTX(CB_COLOR8_PITCH, (pitch)),					\
	CTX(CB_COLOR8_SLICE, (slice)),					\
	CTX(CB_COLOR8_VIEW, 0),						\
	RELOC_CTX(CB_COLOR8_ATTRIB, 0),					\
	CTX(CB_COLOR8_INFO, V_028C70_COLOR_32_32_32_32 << 2 | ARRAY_LINEAR_ALIGNED << 8)

/*
 * a tiled stencil buffer and no depth buffer; with rows of 8 pixels, which is less than
 * tiles of 1 byte for each pixel allow
 */
#define STENCIL(slice, view)						\
	CTX(DB_DEPTH_CONTROL, 1),					\
	CTX(DB_Z_INFO, Z_ARRAY_MODE(ARRAY_1D_TILED_THIN1)),		\
	CTX(DB_STENCIL_INFO, 1),					\
	CTX(DB_DEPTH_VIEW, (view)),					\
	CTX(DB_DEPTH_SIZE, 0),						\
	CTX(R_02805C_DB_DEPTH_SLICE, (slice)),				\
	RELOC_CTX(DB_STENCIL_READ_BASE, 0),				\
	RELOC_CTX(DB_STENCIL_WRITE_BASE, 0)

/* a tiled depth buffer with 64 rows of 64 pixels of 4 bytes, and its HTILE after 30 KiB */
#define DEPTH_HTILE(view)						\
	CTX(DB_DEPTH_CONTROL, 2),					\
	CTX(DB_Z_INFO, V_028040_Z_24 | Z_ARRAY_MODE(ARRAY_1D_TILED_THIN1) |	\
	    S_028040_TILE_SURFACE_ENABLE(1)),				\
	CTX(DB_DEPTH_VIEW, (view)),					\
	CTX(DB_DEPTH_SIZE, 7),						\
	CTX(R_02805C_DB_DEPTH_SLICE, 63),				\
	RELOC_CTX(DB_Z_READ_BASE, 0),					\
	RELOC_CTX(DB_Z_WRITE_BASE, 0),					\
	RELOC_CTX(DB_HTILE_DATA_BASE, 30 * SZ_1K >> 8)

/* a texture of 1 byte for each texel */
#define TX_MIPS(dim, pitch_tiles, width, height, depth, offset, mips, word5)	\
	PACKET3(PACKET3_SET_RESOURCE, 8), 0,				\
	S_030000_DIM(dim) | S_030000_PITCH((pitch_tiles) - 1) |	\
		S_030000_TEX_WIDTH((width) - 1),			\
	S_030004_TEX_HEIGHT((height) - 1) | S_030004_TEX_DEPTH((depth) - 1),	\
	(offset), (mips), 0, (word5), 0,					\
	S_03001C_DATA_FORMAT(V_028C70_COLOR_8) |			\
		S_03001C_TYPE((u32)SQ_TEX_VTX_VALID_TEXTURE),		\
	RELOC, RELOC
#define TX(dim, pitch_tiles, width, height, depth, offset, word5)		\
	TX_MIPS(dim, pitch_tiles, width, height, depth, offset, 0, word5)

#define TX_3D(pitch_tiles, width, height, depth, offset)			\
	TX(SQ_TEX_DIM_3D, pitch_tiles, width, height, depth, offset, 0)

#define EVENT(event, offset)	PACKET3(PACKET3_EVENT_WRITE, 2), (event), (offset), 0, RELOC
#define EVENT_NO_ADDRESS	PACKET3(PACKET3_EVENT_WRITE, 0), 0
#define ZPASS_DONE		0x15
#define SAMPLE_PIPELINESTAT	0x1e

static const struct cs_test_case evergreen_cs_cases[] = {
	{
		.name = "a color buffer that fits",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 7, 63), DRAW),
	}, {
		.name = "a color buffer that is too small",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_32K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 7, 63), DRAW),
	}, {
		.name = "a color buffer of 4 GiB",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 0x7ff, 0x3fffff), DRAW),
	}, {
		.name = "a color buffer with a pitch that wraps to 0",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 0x1fffffff, 0x3fffff), DRAW),
	}, {
		.name = "a first slice that does not fit",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 7, 63), CTX(CB_COLOR0_VIEW, 1), DRAW),
	}, {
		.name = "a slice shorter than a row",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 127, 0), DRAW),
	}, {
		.name = "a RAT of a buffer longer than its slice",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(NO_DEPTH, CB(ARRAY_LINEAR_ALIGNED, 0, 127, 0),
		       CTX(CB_COLOR0_INFO, V_028C70_COLOR_32_32_32_32 << 2 |
			   ARRAY_LINEAR_ALIGNED << 8 | S_028C70_RAT(1)), DRAW),
	}, {
		.name = "color buffer 8",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		STREAM(NO_DEPTH, CB8(7, 63), DRAW),
	}, {
		.name = "color buffer 8 that is too small",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_32K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB8(7, 63), DRAW),
	}, {
		.name = "a macro tile less than a tile high",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CB(ARRAY_2D_TILED_THIN1, CB_MACRO_TILE_ASPECT(3), 0x7ff, 0x3fffff),
		       DRAW),
	}, {
		.name = "a depth buffer without a BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(CTX(DB_DEPTH_CONTROL, 2), CTX(DB_Z_INFO, 3), DRAW),
	}, {
		.name = "a narrow stencil buffer that fits",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_512,
		STREAM(STENCIL(7, 0), DRAW),
	}, {
		.name = "a narrow stencil buffer of 256 MiB",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(STENCIL(0x3fffff, 0), DRAW),
	}, {
		.name = "a narrow stencil buffer past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(STENCIL(7, 0), RELOC_CTX(DB_STENCIL_WRITE_BASE, SZ_4K >> 8), DRAW),
	}, {
		.name = "HTILE of a slice",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_32K,
		STREAM(DEPTH_HTILE(0), DRAW),
	}, {
		.name = "HTILE of slices that does not fit",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_32K,
		.ret = -EINVAL,
		STREAM(DEPTH_HTILE(S_028008_SLICE_MAX(1)), DRAW),
	}, {
		.name = "a volume that fits",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_1M,
		STREAM(TX_3D(32, 256, 256, 16, 0)),
	}, {
		.name = "a volume of 4 GiB",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(TX_3D(256, 2048, 2048, 1024, 0)),
	}, {
		.name = "an array that fits",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		STREAM(TX(SQ_TEX_DIM_2D_ARRAY, 32, 256, 256, 1, 0, 0)),
	}, {
		.name = "an array whose first layer does not fit",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(TX(SQ_TEX_DIM_2D_ARRAY, 32, 256, 256, 1, 0, S_030014_BASE_ARRAY(1))),
	}, {
		.name = "a cube map that fits",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = 6 * SZ_64K,
		STREAM(TX(SQ_TEX_DIM_CUBEMAP, 32, 256, 256, 1, 0, 0)),
	}, {
		.name = "a cube map of a layer",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(TX(SQ_TEX_DIM_CUBEMAP, 32, 256, 256, 1, 0, 0)),
	}, {
		.name = "FMASK in the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_128K,
		STREAM(TX_MIPS(SQ_TEX_DIM_2D_MSAA, 32, 256, 256, 1, 0, (SZ_128K >> 8) - 1, 1)),
	}, {
		.name = "FMASK past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_128K,
		.ret = -EINVAL,
		STREAM(TX_MIPS(SQ_TEX_DIM_2D_MSAA, 32, 256, 256, 1, 0, SZ_128K >> 8, 1)),
	}, {
		.name = "a texture past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_64K,
		.ret = -EINVAL,
		STREAM(TX_3D(8, 64, 64, 1, 0x1000000)),
	}, {
		.name = "a streamout buffer of 4 GiB",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, CTX(VGT_STRMOUT_CONFIG, 1), CTX(VGT_STRMOUT_BUFFER_CONFIG, 1),
		       RELOC_CTX(VGT_STRMOUT_BUFFER_BASE_0, 0),
		       CTX(VGT_STRMOUT_BUFFER_SIZE_0, SZ_1G), DRAW),
	}, {
		.name = "a fence in the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(PACKET3(PACKET3_EVENT_WRITE_EOP, 4), 0, SZ_4K - 8, 2 << 29, 0, 0, RELOC),
	}, {
		.name = "a fence past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_EVENT_WRITE_EOP, 4), 0, SZ_4K - 4, 2 << 29, 0, 0, RELOC),
	}, {
		.name = "a query of 8 backends",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(EVENT(ZPASS_DONE, SZ_4K - 120)),
	}, {
		.name = "a query whose last backend does not fit",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(EVENT(ZPASS_DONE, SZ_4K - 112)),
	}, {
		.name = "pipeline statistics",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(EVENT(SAMPLE_PIPELINESTAT, SZ_4K - 88)),
	}, {
		.name = "pipeline statistics that do not fit",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(EVENT(SAMPLE_PIPELINESTAT, SZ_4K - 80)),
	}, {
		.name = "an immediate buffer in the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(RELOC_CTX(CB_IMMED0_BASE, (SZ_4K >> 8) - 1)),
	}, {
		.name = "an immediate buffer past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(RELOC_CTX(CB_IMMED0_BASE, SZ_4K >> 8)),
	}, {
		.name = "CMASK past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(RELOC_CTX(CB_COLOR0_CMASK, 0xffffff)),
	}, {
		.name = "an end of shader past the end of the BO",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_EVENT_WRITE_EOS, 3), 0, SZ_4K, 0, 0, RELOC),
	}, {
		.name = "a constant",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_SET_ALU_CONST, 1), 0, 0),
	}, {
		.name = "a packet that is skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 4, RELOC, EVENT_NO_ADDRESS),
	}, {
		.name = "a part of a packet that is skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 3, RELOC, EVENT_NO_ADDRESS),
	}, {
		.name = "a relocation that is executed",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 1, RELOC),
	}, {
		.name = "more than the stream that is skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 6, RELOC, EVENT_NO_ADDRESS),
	}, {
		.name = "a skip that is skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 8, RELOC,
		       PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 2, RELOC),
	}, {
		.name = "a register that is skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 5, RELOC, CTX(CB_COLOR0_PITCH, 0)),
	}, {
		.name = "an indirect draw that is skipped with its base",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(NO_DEPTH, PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 11, RELOC,
		       PACKET3(PACKET3_SET_BASE, 2), 1, 0, 0, RELOC,
		       PACKET3(PACKET3_DRAW_INDIRECT, 1), 0, 2),
	}, {
		.name = "an indirect draw whose base may be skipped",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(NO_DEPTH, PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 8, RELOC,
		       PACKET3(PACKET3_SET_BASE, 2), 1, 0, 0, RELOC,
		       PACKET3(PACKET3_DRAW_INDIRECT, 1), 0, 2),
	}, {
		.name = "a draw with a predicate",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		STREAM(NO_DEPTH, PACKET3(PACKET3_DRAW_INDEX_AUTO, 1) | 1, 3, 2),
	}, {
		.name = "a register with a predicate",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_SET_CONTEXT_REG, 1) | 1,
		       (CB_COLOR0_PITCH - PACKET3_SET_CONTEXT_REG_START) >> 2, 0),
	}, {
		.name = "the base of an indirect draw with a predicate",
		.family = CHIP_CEDAR, .parse = evergreen_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(PACKET3(PACKET3_SET_BASE, 2) | 1, 1, 0, 0, RELOC),
	}, {
		.name = "a DMA copy",
		.family = CHIP_CEDAR, .parse = evergreen_dma_cs_parse, .bo_size = SZ_4K,
		STREAM(0x30000000 | SZ_4K / 4, 0, 0, 0, 0),
	}, {
		.name = "a DMA copy that is not complete",
		.family = CHIP_CEDAR, .parse = evergreen_dma_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(0x30800000 | SZ_4K / 4, 0, 0),
	}, {
		.name = "a partial DMA copy",
		.family = CHIP_CAYMAN, .parse = evergreen_dma_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(0x34100000, SZ_1M, 0, 0, 0, 0, 0, 0, 0),
	}, {
		.name = "VM: a copy to a context register",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x28b2c >> 2, 0),
	}, {
		.name = "VM: a copy to memory",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 3, 0, 0, 0, 0),
	}, {
		.name = "VM: a copy to another register",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x2000 >> 2, 0),
	}, {
		.name = "VM: a copy to a constant",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, PACKET3_SET_CTL_CONST_START >> 2, 0),
	}, {
		.name = "VM: a copy past the last register",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x42000 >> 2, 0),
	}, {
		.name = "VM: a padding NOP",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse,
		STREAM(PACKET3(PACKET3_NOP, 0), 0, 0xffff1000),
	}, {
		.name = "VM: a packet that is not complete",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_CP_DMA, 4)),
	}, {
		.name = "VM of SI: a copy to another register",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x2000 >> 2, 0),
	}, {
		.name = "VM of SI: a copy to a context register",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x28b2c >> 2, 0),
	}, {
		.name = "VM of SI: a copy past the last register",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COPY_DW, 4), 1, 0, 0, 0x42000 >> 2, 0),
	}, {
		.name = "VM of SI: a 64-bit copy to two context registers",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse,
		STREAM(PACKET3(PACKET3_COPY_DATA, 4), 1 << 16, 0, 0, 0x28ff8 >> 2, 0),
	}, {
		.name = "VM of SI: a 64-bit copy to a context register and another one",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COPY_DATA, 4), 1 << 16, 0, 0, 0x28ffc >> 2, 0),
	}, {
		.name = "VM of SI: a packet that is not complete",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_CP_DMA, 4)),
	}, {
		.name = "VM: a packet that is skipped",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 2, EVENT_NO_ADDRESS),
	}, {
		.name = "VM: a part of a packet that is skipped",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 1, EVENT_NO_ADDRESS),
	}, {
		.name = "VM: a part of a packet that a device skips",
		.family = CHIP_CAYMAN, .ib_parse = evergreen_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_PRED_EXEC, 0), 1 << 24 | 1, EVENT_NO_ADDRESS),
	}, {
		.name = "VM of SI: a packet that is skipped",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 2, EVENT_NO_ADDRESS),
	}, {
		.name = "VM of SI: a part of a packet that is skipped",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 1, EVENT_NO_ADDRESS),
	}, {
		.name = "VM of SI: a part of a packet that a device skips",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_PRED_EXEC, 0), 1 << 24 | 1, EVENT_NO_ADDRESS),
	}, {
		.name = "VM of SI: more than the stream that is skipped",
		.family = CHIP_TAHITI, .ib_parse = si_ib_parse, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_COND_EXEC, 2), 0, 0, 4, EVENT_NO_ADDRESS),
	}, {
		.name = "VCE: a command that is not complete",
		.family = CHIP_TAHITI, .parse = radeon_vce_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(12, 1, 1, 8, 0x03000001),
	}, {
		.name = "VCE: an image whose size wraps",
		.family = CHIP_TAHITI, .parse = radeon_vce_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(12, 1, 1, 44, 0x01000001, 0, 0, 0, 0, 0, 0, SZ_64K, 0, SZ_64K),
	},
};

KUNIT_ARRAY_PARAM(evergreen_cs, evergreen_cs_cases, cs_test_case_desc);

static struct kunit_case evergreen_cs_tests[] = {
	KUNIT_CASE_PARAM(cs_test_check, evergreen_cs_gen_params),
	{}
};

static struct kunit_suite evergreen_cs_suite = {
	.name = "evergreen_cs",
	.test_cases = evergreen_cs_tests,
};

kunit_test_suite(evergreen_cs_suite);

MODULE_DESCRIPTION("KUnit tests of the command stream checkers of evergreen to SI, and of VCE");
MODULE_LICENSE("Dual MIT/GPL");
