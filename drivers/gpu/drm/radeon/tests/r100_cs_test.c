// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * KUnit tests of the command stream checkers of R100 to R500.
 */

#include "radeon_cs_test.h"

#include "../radeon_asic.h"
#include "../radeon_reg.h"
#include "../r300_reg.h"

#define REG(reg, value)		(reg) >> 2, (value)
#define RELOC_REG(reg, value)	REG(reg, value), RELOC

/* a vertex of two dwords in the stream */
#define DRAW			0xc0023500, 3 << 4 | 1 << 16, 0, 0

/*
 * R100 and R200: a color buffer with rows of 64 pixels of 4 bytes, no depth. Lines 0 to 15 fit in
 * 4 KiB.
 */
#define R100_CB(last_line)						\
	REG(RADEON_RB3D_CNTL, 6 << RADEON_RB3D_COLOR_FORMAT_SHIFT),	\
	RELOC_REG(RADEON_RB3D_COLOROFFSET, 0),				\
	RELOC_REG(RADEON_RB3D_COLORPITCH, 64),				\
	REG(RADEON_RE_WIDTH_HEIGHT, (last_line) << 16 | 63)
#define CB_LINE(offset, line)						\
	RELOC_REG(RADEON_RB3D_COLOROFFSET, (offset)),			\
	REG(RADEON_RE_WIDTH_HEIGHT, (line) << 16 | 63)
#define R100_STATE		R100_CB(15), REG(0x2080, 0)	/* SE_VTX_FMT: 2 dwords */
#define R200_STATE		R100_CB(15), REG(0x2088, 0)	/* SE_VTX_FMT_0: 2 dwords */
/* no depth, but a stencil */
#define STENCIL								\
	REG(RADEON_RB3D_CNTL, RADEON_STENCIL_ENABLE | 6 << RADEON_RB3D_COLOR_FORMAT_SHIFT)

#define R100_TXFORMAT(format, log2w, log2h)				\
	((format) | (log2w) << RADEON_TXFORMAT_WIDTH_SHIFT |		\
	 (log2h) << RADEON_TXFORMAT_HEIGHT_SHIFT)
#define R100_TX(txformat, levels, offset)				\
	REG(RADEON_PP_CNTL, 1 << 4),					\
	REG(RADEON_PP_TXFILTER_0, (levels) << 16),			\
	REG(RADEON_PP_TXFORMAT_0, (txformat)),				\
	RELOC_REG(RADEON_PP_TXOFFSET_0, (offset))

/* R100: a cube map of 1 byte for each texel with faces of 32x32, one after the other */
#define R100_CUBE(levels)						\
	R100_TX(RADEON_TXFORMAT_I8 | RADEON_TXFORMAT_CUBIC_MAP_ENABLE |	\
		5 << RADEON_TXFORMAT_WIDTH_SHIFT | 5 << RADEON_TXFORMAT_HEIGHT_SHIFT |	\
		0x55 << RADEON_TXFORMAT_F5_WIDTH_SHIFT, (levels), 0),	\
	REG(RADEON_PP_CUBIC_FACES_0, 0x55555555),			\
	RELOC_REG(RADEON_PP_CUBIC_OFFSET_T0_0, 1 * SZ_1K),		\
	RELOC_REG(RADEON_PP_CUBIC_OFFSET_T0_1, 2 * SZ_1K),		\
	RELOC_REG(RADEON_PP_CUBIC_OFFSET_T0_2, 3 * SZ_1K),		\
	RELOC_REG(RADEON_PP_CUBIC_OFFSET_T0_3, 4 * SZ_1K),		\
	RELOC_REG(RADEON_PP_CUBIC_OFFSET_T0_4, 5 * SZ_1K)

#define R200_TX(txformat, txformat_x)					\
	REG(RADEON_PP_CNTL, 1 << 4),					\
	REG(R200_PP_TXFILTER_0, 0),					\
	REG(R200_PP_TXFORMAT_0, (txformat)),				\
	REG(R200_PP_TXFORMAT_X_0, (txformat_x)),			\
	RELOC_REG(R200_PP_TXOFFSET_0, 0)

/* R300: no color channel is written, no depth, vertices of 2 dwords */
#define R300_STATE		REG(0x4e0c, 0), REG(0x4f00, 0), REG(0x20b4, 2)

/* R300: a color buffer with 16 rows of 64 pixels of 4 bytes */
#define R300_CB(aa_config)						\
	REG(0x4e00, 0),							\
	REG(0x4e0c, 0xf),						\
	RELOC_REG(R300_RB3D_COLOROFFSET0, 0),				\
	REG(0x4e38, 64 | 6 << 21),					\
	REG(0x43e4, (15 + 1440) << 13),					\
	REG(R300_GB_AA_CONFIG, (aa_config))
#define SAMPLES_4		(1 | 2 << 1)

/* textures of 1 byte for each texel; log2 of the depth, the highest level */
#define R300_TX(width, height, depth, levels, coord, format2, offset)	\
	REG(0x4104, 1),							\
	REG(0x4400, 0),							\
	REG(0x4480, ((width) - 1) | ((height) - 1) << 11 |		\
		    (depth) << 22 | (levels) << 26),			\
	REG(0x44c0, (coord) << 25),					\
	REG(0x4500, (format2)),						\
	RELOC_REG(R300_TX_OFFSET_0, (offset))
#define TX_2D			0
#define TX_3D			1

/* to the port for indices */
#define INDICES(offset, dwords)						\
	0xc0023300, 1u << 31 | 0x2040 >> 2, (offset), (dwords), RELOC

#define EIGHT_RELOCS		RELOC, RELOC, RELOC, RELOC, RELOC, RELOC, RELOC, RELOC

static const struct cs_test_case r100_cs_cases[] = {
	{
		.name = "R100: a color buffer that fits",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R100_STATE, DRAW),
	}, {
		.name = "R100: a color buffer that is too small",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE, R100_CB(63), DRAW),
	}, {
		.name = "R100: a texture that fits",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R100_STATE, R100_TX(R100_TXFORMAT(RADEON_TXFORMAT_ARGB8888, 5, 5), 0, 0),
		       DRAW),
	}, {
		.name = "R100: a texture of 1x1 with 8 levels",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R100_STATE, R100_TX(R100_TXFORMAT(RADEON_TXFORMAT_ARGB8888, 0, 0), 8, 0),
		       DRAW),
	}, {
		.name = "R100: a pitch that wraps",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE,
		       R100_TX(RADEON_TXFORMAT_ARGB8888 | RADEON_TXFORMAT_NON_POWER2, 0, 0),
		       REG(RADEON_PP_TEX_SIZE_0, 63 << 16 | 63),
		       REG(RADEON_PP_TEX_PITCH_0, 0xffffffe0), DRAW),
	}, {
		.name = "R100: the size of a texture with powers of two",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE,
		       R100_TX(R100_TXFORMAT(RADEON_TXFORMAT_ARGB8888, 11, 11), 0, 0),
		       REG(RADEON_PP_TEX_SIZE_0, 0), DRAW),
	}, {
		.name = "R100: a texture past the end of the BO",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE,
		       R100_TX(R100_TXFORMAT(RADEON_TXFORMAT_ARGB8888, 2, 2), 0, SZ_1M), DRAW),
	}, {
		.name = "R100: a cube map without faces",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE,
		       R100_TX(R100_TXFORMAT(RADEON_TXFORMAT_ARGB8888, 2, 2) |
			       RADEON_TXFORMAT_CUBIC_MAP_ENABLE, 0, 0), DRAW),
	}, {
		.name = "R100: the faces of a cube map that fit",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = 6 * SZ_1K,
		STREAM(R100_STATE, R100_CUBE(0), DRAW),
	}, {
		.name = "R100: a cube map whose last levels do not fit",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = 6 * SZ_1K, .ret = -EINVAL,
		STREAM(R100_STATE, R100_CUBE(5), DRAW),
	}, {
		.name = "R100: a stencil buffer that is too small",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE, STENCIL, RELOC_REG(RADEON_RB3D_DEPTHOFFSET, 0),
		       REG(RADEON_RB3D_DEPTHPITCH, 128), DRAW),
	}, {
		.name = "R100: a register after the table",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(REG(160 << 7, 0)),
	}, {
		.name = "R100: no vertex arrays",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0002f00, 0, EIGHT_RELOCS, EIGHT_RELOCS, EIGHT_RELOCS),
	}, {
		.name = "R100: a vertex array packet that is too short",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0002f00, 1, RELOC),
	}, {
		.name = "R100: a vertex array past the end of the BO",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0022f00, 1, 4 << 8 | 4, SZ_1M, RELOC),
	}, {
		.name = "R100: a number of indices that wraps",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE, 0xc0032300, 0, 0x80000000, 0, 1 << 4 | 1 << 16, RELOC),
	}, {
		.name = "R100: indices that fit",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(INDICES(SZ_2K, SZ_2K / 4)),
	}, {
		.name = "R100: 4 GiB of indices",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(INDICES(0, 0xffffffff)),
	}, {
		.name = "R100: indices whose dwords do not fit",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(INDICES(SZ_2K, SZ_2K / 4 + 1)),
	}, {
		.name = "R100: indices for another register",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0023300, 1u << 31 | RADEON_MC_FB_LOCATION >> 2, 0, 1, RELOC),
	}, {
		.name = "R100: indices for more registers than one",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0023300, 0x2040 >> 2, 0, 2, RELOC),
	}, {
		.name = "R100: the last line of the BO",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R100_STATE, CB_LINE(SZ_4K - 256, 0), DRAW),
	}, {
		.name = "R100: a line past the end of the BO",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R100_STATE, CB_LINE(SZ_4K, 0), DRAW),
	}, {
		.name = "R100: the count of a query",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(RELOC_REG(RADEON_RB3D_ZPASS_ADDR, SZ_4K - 4)),
	}, {
		.name = "R100: the count of a query past the end of the BO",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_REG(RADEON_RB3D_ZPASS_ADDR, SZ_4K)),
	}, {
		.name = "R200: a line past the end of the BO",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R200_STATE, CB_LINE(SZ_4K, 0), DRAW),
	}, {
		.name = "R200: the count of a query past the end of the BO",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_REG(RADEON_RB3D_ZPASS_ADDR, SZ_4K)),
	}, {
		.name = "R200: a stencil buffer that is too small",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R200_STATE, STENCIL, RELOC_REG(RADEON_RB3D_DEPTHOFFSET, 0),
		       REG(RADEON_RB3D_DEPTHPITCH, 128), DRAW),
	}, {
		.name = "R200: DXT5",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_64K,
		STREAM(R200_STATE, R200_TX(R100_TXFORMAT(R200_TXFORMAT_DXT45, 8, 8), 0), DRAW),
	}, {
		.name = "R200: DXT5 that does not fit",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_32K, .ret = -EINVAL,
		STREAM(R200_STATE, R200_TX(R100_TXFORMAT(R200_TXFORMAT_DXT45, 8, 8), 0), DRAW),
	}, {
		.name = "R200: 256 slices",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R200_STATE, R200_TX(R100_TXFORMAT(R200_TXFORMAT_I8, 4, 4), 8 | 2 << 16),
		       DRAW),
	}, {
		.name = "R200: a texture that was not looked up before",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R200_STATE, REG(R200_PP_TXFORMAT_0, R200_TXFORMAT_LOOKUP_DISABLE),
		       R200_TX(R100_TXFORMAT(R200_TXFORMAT_I8, 11, 11), 0), DRAW),
	}, {
		.name = "R300: indices that fit",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K,
		STREAM(INDICES(SZ_2K, SZ_2K / 4)),
	}, {
		.name = "R300: indices for another register",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(0xc0023300, 1u << 31 | RADEON_MC_FB_LOCATION >> 2, 0, 1, RELOC),
	}, {
		.name = "R300: the count of a query",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K,
		STREAM(RELOC_REG(R300_ZB_ZPASS_ADDR, SZ_4K - 4)),
	}, {
		.name = "R300: the count of a query past the end of the BO",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_REG(R300_ZB_ZPASS_ADDR, 0xfffff000)),
	}, {
		.name = "R300: the count of a query between dwords",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(RELOC_REG(R300_ZB_ZPASS_ADDR, 2)),
	}, {
		.name = "R300: a stencil buffer without a BO",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R300_STATE, REG(0x4f00, 1), DRAW),
	}, {
		.name = "R300: a color buffer that fits",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K,
		STREAM(R300_STATE, R300_CB(0), DRAW),
	}, {
		.name = "R300: a color buffer of 4 samples",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_16K,
		STREAM(R300_STATE, R300_CB(SAMPLES_4), DRAW),
	}, {
		.name = "R300: samples that do not fit",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_8K, .ret = -EINVAL,
		STREAM(R300_STATE, R300_CB(0), DRAW, REG(R300_GB_AA_CONFIG, SAMPLES_4), DRAW),
	}, {
		.name = "R300: a volume that fits",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_64K,
		STREAM(R300_STATE, R300_TX(32, 32, 6, 0, TX_3D, 0, 0), DRAW),
	}, {
		.name = "R300: a volume of 4 GiB",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R300_STATE, R300_TX(2048, 2048, 10, 0, TX_3D, 0, 0), DRAW),
	}, {
		.name = "R300: a texture of 1x1 with 8 levels",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K,
		STREAM(R300_STATE, R300_TX(1, 1, 0, 8, TX_2D, 0, 0), DRAW),
	}, {
		.name = "R300: a texture past the end of the BO",
		.family = CHIP_R300, .parse = r300_cs_parse, .bo_size = SZ_4K, .ret = -EINVAL,
		STREAM(R300_STATE, R300_TX(1, 1, 0, 0, TX_2D, 0, SZ_1M), DRAW),
	}, {
		.name = "R500: a texture of 4096x4096",
		.family = CHIP_RV515, .parse = r300_cs_parse, .bo_size = SZ_16M,
		STREAM(R300_STATE, R300_TX(2048, 2048, 0, 0, TX_2D, 1 << 15 | 1 << 16, 0), DRAW),
	}, {
		.name = "R500: a texture of 4096x4096 that does not fit",
		.family = CHIP_RV515, .parse = r300_cs_parse, .bo_size = SZ_8M, .ret = -EINVAL,
		STREAM(R300_STATE, R300_TX(2048, 2048, 0, 0, TX_2D, 1 << 15 | 1 << 16, 0), DRAW),
	}, {
		.name = "R500: a texture after one of ATI1N",
		.family = CHIP_RV515, .parse = r300_cs_parse, .bo_size = SZ_2K, .ret = -EINVAL,
		STREAM(R300_STATE, R300_TX(64, 64, 0, 0, TX_2D, 1 << 14, 0), REG(0x4500, 0),
		       DRAW),
	},
};

KUNIT_ARRAY_PARAM(r100_cs, r100_cs_cases, cs_test_case_desc);

static const struct cs_test_case no_stencil_buffer[] = {
	{
		.name = "R100",
		.family = CHIP_RV100, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R100_STATE, STENCIL, DRAW),
	}, {
		.name = "R200",
		.family = CHIP_R200, .parse = r100_cs_parse, .bo_size = SZ_4K,
		STREAM(R200_STATE, STENCIL, DRAW),
	},
};

KUNIT_ARRAY_PARAM(no_stencil_buffer, no_stencil_buffer, cs_test_case_desc);

/* A stencil without a buffer is turned off. */
static void r100_cs_no_stencil_buffer(struct kunit *test)
{
	const unsigned int idx = sizeof((const u32[]){ R100_STATE }) / sizeof(u32) + 1;
	const u32 *ib;

	KUNIT_ASSERT_EQ(test, cs_test_parse(test, test->param_value, &ib), 0);
	KUNIT_EXPECT_EQ(test, ib[idx], 6 << RADEON_RB3D_COLOR_FORMAT_SHIFT);
}

static struct kunit_case r100_cs_tests[] = {
	KUNIT_CASE_PARAM(cs_test_check, r100_cs_gen_params),
	KUNIT_CASE_PARAM(r100_cs_no_stencil_buffer, no_stencil_buffer_gen_params),
	{}
};

static struct kunit_suite r100_cs_suite = {
	.name = "r100_cs",
	.test_cases = r100_cs_tests,
};

kunit_test_suite(r100_cs_suite);

MODULE_DESCRIPTION("KUnit tests of the command stream checkers of R100 to R500");
MODULE_LICENSE("Dual MIT/GPL");
