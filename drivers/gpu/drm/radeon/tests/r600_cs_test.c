// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * KUnit tests of the command stream checkers of R600 and R700.
 */

#include "radeon_cs_test.h"

#include "../radeon_asic.h"
#include "../r600d.h"

#define CTX(reg, value)							\
	PACKET3(PACKET3_SET_CONTEXT_REG, 1),				\
	((reg) - PACKET3_SET_CONTEXT_REG_OFFSET) >> 2, (value)
#define RELOC_CTX(reg, value)	CTX(reg, value), RELOC

#define DRAW			PACKET3(PACKET3_DRAW_INDEX_AUTO, 1), 3, 2

/* no depth, one sample */
#define STATE			CTX(R_028800_DB_DEPTH_CONTROL, 0), CTX(R_028C04_PA_SC_AA_CONFIG, 0)

/* a color buffer of 4 bytes for each pixel */
#define CB_SIZE(pitch_tiles, tiles)						\
	CTX(R_028060_CB_COLOR0_SIZE, S_028060_PITCH_TILE_MAX((pitch_tiles) - 1) |	\
	    S_028060_SLICE_TILE_MAX((tiles) - 1))
#define CB(info, last_slice)						\
	CTX(R_028238_CB_TARGET_MASK, 0xf),				\
	RELOC_CTX(CB_COLOR0_BASE, 0),					\
	CTX(R_028080_CB_COLOR0_VIEW, (last_slice) << 13),		\
	CTX(R_0280A0_CB_COLOR0_INFO, V_0280A0_COLOR_8_8_8_8 << 2 | (info))
#define LINEAR_GENERAL		(V_0280A0_ARRAY_LINEAR_GENERAL << 8)
#define LINEAR			(V_0280A0_ARRAY_LINEAR_ALIGNED << 8)
#define TILED			(V_0280A0_ARRAY_1D_TILED_THIN1 << 8)

/* a tiled depth buffer of 4 bytes for each pixel, with rows of 64 pixels */
#define DB(tiles, view, info)						\
	CTX(R_028000_DB_DEPTH_SIZE, S_028000_PITCH_TILE_MAX(7) |	\
	    ((tiles) - 1u) << 10),					\
	CTX(R_028800_DB_DEPTH_CONTROL, 2),				\
	RELOC_CTX(DB_DEPTH_BASE, 0),					\
	CTX(R_028004_DB_DEPTH_VIEW, (view)),				\
	CTX(R_028010_DB_DEPTH_INFO, V_028010_DEPTH_8_24 | (info) |	\
	    S_028010_ARRAY_MODE(V_028010_ARRAY_1D_TILED_THIN1))
#define HTILE			S_028010_TILE_SURFACE_ENABLE(1)
#define UNKNOWN_HEIGHT		0x400000

/* a texture of 1 byte for each texel, with rows of 256 bytes or more */
#define TX_WORDS(dim, pitch_tiles, width, height, depth, offset, mips, word4, word5)	\
	S_038000_DIM(dim) | S_038000_PITCH((pitch_tiles) - 1) |		\
		S_038000_TEX_WIDTH((width) - 1) |			\
		S_038000_TILE_MODE(V_038000_ARRAY_LINEAR_ALIGNED),	\
	S_038004_TEX_HEIGHT((height) - 1) | S_038004_TEX_DEPTH((depth) - 1) |	\
		S_038004_DATA_FORMAT((u32)V_038004_COLOR_8),		\
	(offset), (mips), (word4), (word5), (u32)SQ_TEX_VTX_VALID_TEXTURE << 30
#define TX_MIPS(...)							\
	PACKET3(PACKET3_SET_RESOURCE, 7), 0, TX_WORDS(__VA_ARGS__), RELOC, RELOC
#define TX(dim, pitch_tiles, width, height, depth, offset, word4, word5)		\
	TX_MIPS(dim, pitch_tiles, width, height, depth, offset, 0, word4, word5)

#define RELOC_CONFIG(reg, value)					\
	PACKET3(PACKET3_SET_CONFIG_REG, 1),				\
	((reg) - PACKET3_SET_CONFIG_REG_OFFSET) >> 2, (value), RELOC
#define NO_DX9								\
	PACKET3(PACKET3_SET_CONFIG_REG, 1),				\
	(SQ_CONFIG - PACKET3_SET_CONFIG_REG_OFFSET) >> 2, 0

#define EVENT(event, offset)	PACKET3(PACKET3_EVENT_WRITE, 2), (event), (offset), 0, RELOC
#define ZPASS_DONE		0x15
#define SAMPLE_PIPELINESTAT	0x1e
#define SAMPLE_STREAMOUTSTATS	0x20

#define BUFFER_WORDS(offset, size)					\
	(offset), (size) - 1, 0, 0, 0, 0, (u32)SQ_TEX_VTX_VALID_BUFFER << 30

static const struct cs_test_case r600_cs_cases[] = {
	{
		.name = "a color buffer that fits",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K,
		STREAM(STATE, CB(LINEAR, 0), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "a color buffer that is too small",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_8K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR, 0), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "a color buffer of 4 GiB",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(TILED, 2047), CB_SIZE(128, 8192), DRAW),
	}, {
		.name = "a linear color buffer past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR_GENERAL, 0), RELOC_CTX(CB_COLOR0_BASE, SZ_16K >> 8),
		       CB_SIZE(8, 64), DRAW),
	}, {
		.name = "linear slices",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_32K,
		STREAM(STATE, CB(LINEAR, 1), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "linear slices that do not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR, 1), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "a first slice that does not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR, 0), CTX(R_028080_CB_COLOR0_VIEW, 1), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "a slice shorter than a row",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR, 0), CB_SIZE(1024, 1), DRAW),
	}, {
		.name = "a color buffer without a size",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_NOP, 0), 0, STATE, CB(LINEAR, 0), DRAW),
	}, {
		.name = "a color buffer without CMASK",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, CB(LINEAR | V_0280A0_CLEAR_ENABLE << 18, 0), CB_SIZE(8, 64), DRAW),
	}, {
		.name = "an index type with a predicate",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K,
		STREAM(PACKET3(PACKET3_INDEX_TYPE, 0) | 1, 0),
	}, {
		.name = "a register with a predicate",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_SET_CONTEXT_REG, 1) | 1,
		       (CB_COLOR0_BASE - PACKET3_SET_CONTEXT_REG_OFFSET) >> 2, 0, RELOC),
	}, {
		.name = "a depth buffer after more samples",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, DB(64, 0, 0), DRAW, CTX(R_028C04_PA_SC_AA_CONFIG, 2), DRAW),
	}, {
		.name = "slices of a depth buffer of unknown height",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K, .ret = -EINVAL,
		STREAM(STATE, DB(UNKNOWN_HEIGHT, S_028004_SLICE_MAX(0x7ff), 0), DRAW),
	}, {
		.name = "HTILE of a slice",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_32K,
		STREAM(STATE, DB(64, 0, HTILE), RELOC_CTX(DB_HTILE_DATA_BASE, 28 * SZ_1K >> 8),
		       DRAW),
	}, {
		.name = "HTILE of slices that does not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_32K, .ret = -EINVAL,
		STREAM(STATE, DB(64, S_028004_SLICE_MAX(1), HTILE),
		       RELOC_CTX(DB_HTILE_DATA_BASE, 28 * SZ_1K >> 8), DRAW),
	}, {
		.name = "a texture that fits",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D, 32, 256, 256, 1, 0, 0, 0)),
	}, {
		.name = "other levels that fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_128K,
		STREAM(TX_MIPS(V_038000_SQ_TEX_DIM_2D, 32, 256, 256, 1, 0, SZ_64K >> 8, 0, 1)),
	}, {
		.name = "other levels past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_128K, .ret = -EINVAL,
		STREAM(TX_MIPS(V_038000_SQ_TEX_DIM_2D, 32, 256, 256, 1, 0, SZ_128K >> 8, 0, 1)),
	}, {
		.name = "a texture past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D, 32, 256, 256, 1, 0x1000000, 0, 0)),
	}, {
		.name = "a texture with long rows",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_256K,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D, 128, 256, 256, 1, 0, 0, 0)),
	}, {
		.name = "a texture with long rows that do not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_128K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D, 128, 256, 256, 1, 0, 0, 0)),
	}, {
		.name = "a volume that fits",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_1M,
		STREAM(TX(V_038000_SQ_TEX_DIM_3D, 32, 256, 256, 16, 0, 0, 0)),
	}, {
		.name = "a volume whose slices do not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_3D, 32, 256, 256, 16, 0, 0, 0)),
	}, {
		.name = "an array whose last layer does not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D_ARRAY, 32, 256, 256, 16, 0, 0,
			  15 << 17 | 15 << 4)),
	}, {
		.name = "an array of 4 GiB",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D_ARRAY, 128, 1024, 1024, 4096, 0, 0, 4095 << 17)),
	}, {
		.name = "a base level after the last level",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_64K, .ret = -EINVAL,
		STREAM(TX(V_038000_SQ_TEX_DIM_2D, 32, 256, 256, 1, 0x100, 1 << 28, 0)),
	}, {
		.name = "a streamout buffer that fits",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(STATE, CTX(R_028AB0_VGT_STRMOUT_EN, 1),
		       CTX(R_028B20_VGT_STRMOUT_BUFFER_EN, 1),
		       RELOC_CTX(VGT_STRMOUT_BUFFER_BASE_0, 0),
		       CTX(VGT_STRMOUT_BUFFER_SIZE_0, SZ_4K / 4), DRAW),
	}, {
		.name = "a streamout buffer of 4 GiB",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(STATE, CTX(R_028AB0_VGT_STRMOUT_EN, 1),
		       CTX(R_028B20_VGT_STRMOUT_BUFFER_EN, 1),
		       RELOC_CTX(VGT_STRMOUT_BUFFER_BASE_0, 0),
		       CTX(VGT_STRMOUT_BUFFER_SIZE_0, SZ_1G), DRAW),
	}, {
		.name = "a streamout buffer without a size",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(STATE, CTX(R_028AB0_VGT_STRMOUT_EN, 1),
		       CTX(R_028B20_VGT_STRMOUT_BUFFER_EN, 1),
		       RELOC_CTX(VGT_STRMOUT_BUFFER_BASE_0, 0), DRAW),
	}, {
		.name = "a fence in the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(PACKET3(PACKET3_EVENT_WRITE_EOP, 4), 0, SZ_4K - 4, 1 << 29, 0, 0, RELOC),
	}, {
		.name = "a fence past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_EVENT_WRITE_EOP, 4), 0, SZ_4K, 1 << 29, 0, 0, RELOC),
	}, {
		.name = "an event past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(PACKET3(PACKET3_EVENT_WRITE, 2), 0, SZ_4K, 0, RELOC),
	}, {
		.name = "a query of 4 backends",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(EVENT(ZPASS_DONE, SZ_4K - 56)),
	}, {
		.name = "a query whose last backend does not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(EVENT(ZPASS_DONE, SZ_4K - 48)),
	}, {
		.name = "pipeline statistics",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(EVENT(SAMPLE_PIPELINESTAT, SZ_4K - 64)),
	}, {
		.name = "pipeline statistics that do not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(EVENT(SAMPLE_PIPELINESTAT, SZ_4K - 56)),
	}, {
		.name = "streamout statistics",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(EVENT(SAMPLE_STREAMOUTSTATS, SZ_4K - 16)),
	}, {
		.name = "streamout statistics that do not fit",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(EVENT(SAMPLE_STREAMOUTSTATS, SZ_4K - 8)),
	}, {
		.name = "a shader in the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(RELOC_CTX(SQ_PGM_START_PS, (SZ_4K >> 8) - 1)),
	}, {
		.name = "a shader past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_CTX(SQ_PGM_START_PS, SZ_4K >> 8)),
	}, {
		.name = "memory exports in the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(RELOC_CONFIG(SX_MEMORY_EXPORT_BASE, (SZ_4K >> 8) - 1)),
	}, {
		.name = "memory exports past the end of the BO",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_CONFIG(SX_MEMORY_EXPORT_BASE, 0xffffff)),
	}, {
		.name = "a constant",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
		STREAM(NO_DX9, PACKET3(PACKET3_SET_ALU_CONST, 1), 0, 0),
	}, {
		.name = "a constant that is a resource",
		.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(NO_DX9, PACKET3(PACKET3_SET_ALU_CONST, 1),
		       (PACKET3_SET_RESOURCE_OFFSET - PACKET3_SET_ALU_CONST_OFFSET) >> 2, 0),
	}, {
		.name = "a DMA copy",
		.family = CHIP_RV770, .parse = r600_dma_cs_parse, .bo_size = SZ_4K,
		STREAM(0x30000000 | SZ_4K / 4, 0, 0, 0, 0),
	}, {
		.name = "a DMA copy that is not complete",
		.family = CHIP_RV770, .parse = r600_dma_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(0x30000000 | SZ_4K / 4),
	}, {
		.name = "a tiled DMA copy that is not complete",
		.family = CHIP_R600, .parse = r600_dma_cs_parse, .bo_size = SZ_4K,
		.ret = -EINVAL,
		STREAM(0x30800000 | SZ_4K / 4, 0),
	},
};

KUNIT_ARRAY_PARAM(r600_cs, r600_cs_cases, cs_test_case_desc);

static const struct cs_test_case two_buffers = {
	.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
	STREAM(PACKET3(PACKET3_SET_RESOURCE, 14), 0,
	       BUFFER_WORDS(0, SZ_4K), BUFFER_WORDS(SZ_1K, SZ_1K), RELOC, RELOC),
};

/* Each buffer of a packet gets the address of its BO. */
static void r600_cs_two_buffers(struct kunit *test)
{
	const u32 *ib;

	KUNIT_ASSERT_EQ(test, cs_test_parse(test, &two_buffers, &ib), 0);
	KUNIT_EXPECT_EQ(test, ib[2], CS_TEST_GPU_OFFSET);
	KUNIT_EXPECT_EQ(test, ib[2 + 7], CS_TEST_GPU_OFFSET + SZ_1K);
	KUNIT_EXPECT_EQ(test, ib[2 + 7 + 1], SZ_1K - 1);
}

static const struct cs_test_case wrapping_buffer = {
	.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_4K,
	STREAM(PACKET3(PACKET3_SET_RESOURCE, 7), 0, BUFFER_WORDS(0xfffff000, SZ_8K), RELOC),
};

/* A buffer is forced to be in its BO. */
static void r600_cs_wrapping_buffer(struct kunit *test)
{
	const u32 *ib;

	KUNIT_ASSERT_EQ(test, cs_test_parse(test, &wrapping_buffer, &ib), 0);
	KUNIT_EXPECT_EQ(test, ib[2], CS_TEST_GPU_OFFSET);
	KUNIT_EXPECT_EQ(test, ib[3], SZ_4K - 1);
}

#define TALL_STATE	STATE, CB(LINEAR_GENERAL, 0)

static const struct cs_test_case tall_buffer = {
	.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_8K,
	STREAM(TALL_STATE, CB_SIZE(8, 64), DRAW),
};

/* The height of a linear color buffer is reduced to what its BO holds. */
static void r600_cs_tall_buffer(struct kunit *test)
{
	const unsigned int idx = sizeof((const u32[]){ TALL_STATE }) / sizeof(u32) + 2;
	const u32 *ib;

	KUNIT_ASSERT_EQ(test, cs_test_parse(test, &tall_buffer, &ib), 0);
	KUNIT_EXPECT_EQ(test, ib[idx], S_028060_PITCH_TILE_MAX(7) | S_028060_SLICE_TILE_MAX(31));
}

static const struct cs_test_case tall_depth_buffer = {
	.family = CHIP_RV770, .parse = r600_cs_parse, .bo_size = SZ_16K,
	STREAM(STATE, DB(UNKNOWN_HEIGHT, S_028004_SLICE_MAX(1), 0), DRAW),
};

/* A depth buffer of unknown height is as high as its BO allows, for each slice. */
static void r600_cs_tall_depth_buffer(struct kunit *test)
{
	const unsigned int idx = sizeof((const u32[]){ STATE }) / sizeof(u32) + 2;
	const u32 *ib;

	KUNIT_ASSERT_EQ(test, cs_test_parse(test, &tall_depth_buffer, &ib), 0);
	KUNIT_EXPECT_EQ(test, ib[idx], S_028000_PITCH_TILE_MAX(7) | S_028000_SLICE_TILE_MAX(31));
}

static struct kunit_case r600_cs_tests[] = {
	KUNIT_CASE_PARAM(cs_test_check, r600_cs_gen_params),
	KUNIT_CASE(r600_cs_two_buffers),
	KUNIT_CASE(r600_cs_wrapping_buffer),
	KUNIT_CASE(r600_cs_tall_buffer),
	KUNIT_CASE(r600_cs_tall_depth_buffer),
	{}
};

static struct kunit_suite r600_cs_suite = {
	.name = "r600_cs",
	.test_cases = r600_cs_tests,
};

kunit_test_suite(r600_cs_suite);

MODULE_DESCRIPTION("KUnit tests of the command stream checkers of R600 and R700");
MODULE_LICENSE("Dual MIT/GPL");
