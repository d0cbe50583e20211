// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The 3D engine of R300: what a draw leaves in its buffers. */
#include "cmocka_card.h"

#include <math.h>
#include <string.h>

#include "core/regs.h"
#include "core/work.h"
#include "draw_fixture.h"



/* A corner of 8 floats: position, colour. */
#define CORNER(x, y, z, r, g, b)	{ x, y, z, 1, r, g, b, 1 }

static void setup(struct fixture *f)
{
	memset(f->card->vram + COLOR_VRAM, 0, TARGET_SIZE * TARGET_SIZE * 4);
	memset(f->card->vram + DEPTH_VRAM, 0xff, TARGET_SIZE * TARGET_SIZE * 4);
	draw_setup(f);
}

static unsigned int count_pixels(struct fixture *f, uint32_t color)
{
	unsigned int n = 0;

	for (unsigned int y = 0; y < TARGET_SIZE; y++)
		for (unsigned int x = 0; x < TARGET_SIZE; x++)
			n += draw_pixel(f, x, y) == color;
	return n;
}

static void colors_are_interpolated(void **state)
{
	struct fixture *f = *state;
	static const float v[][8] = {
		CORNER(0, 0, 0, 0, 0, 0), CORNER(64, 0, 0, 1, 0, 0), CORNER(0, 64, 0, 0, 1, 0),
	};

	setup(f);
	draw_vertices(f, TRIANGLES, v, 3);
	ring_run(f);
	assert_true(stat_get(f, draws) == 1);
	assert_true(stat_get(f, draw_vertices) == 3);
	assert_int_equal(draw_pixel(f, 0, 0), 0xff020200);
	assert_int_equal(draw_pixel(f, 62, 0), 0xfff90200);
	assert_int_equal(draw_pixel(f, 0, 62), 0xff02f900);
	assert_int_equal(draw_pixel(f, 32, 16), 0xff814200);
	/* Right and bottom edges, here the diagonal, have no pixels. */
	assert_int_equal(draw_pixel(f, 63, 0), 0);
	assert_int_equal(draw_pixel(f, 32, 32), 0);
	assert_int_equal(draw_pixel(f, 32, 31), 0);
	assert_true(stat_get(f, draw_pixels) == 63 * 64 / 2);
	assert_true(stat_get(f, packets_bad) == 0);
}

/*
 * Triangles that share edges draw each pixel once: colours are added, and none is twice there. One
 * edge goes through the centres of pixels.
 */
static void edges_are_drawn_once(void **state)
{
	struct fixture *f = *state;
	static const float v[][8] = {
		CORNER(32.5f, 32.5f, 0, 0, 0, 1 / 255.0f), CORNER(0, 0, 0, 0, 0, 1 / 255.0f),
		CORNER(40, -1, 0, 0, 0, 1 / 255.0f), CORNER(70, 3, 0, 0, 0, 1 / 255.0f),
		CORNER(64, 64, 0, 0, 0, 1 / 255.0f), CORNER(-5, 64, 0, 0, 0, 1 / 255.0f),
		CORNER(0, 0, 0, 0, 0, 1 / 255.0f),
	};

	setup(f);
	draw_reg(f, REG_R300_RB3D_CBLEND, 1u | 33u << 16 | 33u << 24);
	draw_vertices(f, FAN, v, 7);
	ring_run(f);
	for (unsigned int y = 4; y < TARGET_SIZE; y++)
		for (unsigned int x = 0; x < TARGET_SIZE; x++)
			assert_int_equal(draw_pixel(f, x, y) & 0xff, 1);
}

static void near_wins(void **state)
{
	struct fixture *f = *state;
	static const float far[][8] = {
		CORNER(0, 0, 0.8f, 1, 0, 0), CORNER(64, 0, 0.8f, 1, 0, 0),
		CORNER(64, 64, 0.8f, 1, 0, 0), CORNER(0, 64, 0.8f, 1, 0, 0),
	};
	static const float slope[][8] = {
		CORNER(0, 0, 0.3f, 0, 1, 0), CORNER(64, 0, 1.3f, 0, 1, 0),
		CORNER(64, 64, 1.3f, 0, 1, 0), CORNER(0, 64, 0.3f, 0, 1, 0),
	};
	uint32_t depth;

	setup(f);
	draw_reg(f, REG_R300_ZB_CNTL, 6);
	draw_reg(f, REG_R300_ZB_ZSTENCILCNTL, 1);	/* less */
	draw_vertices(f, QUADS, far, 4);
	draw_vertices(f, QUADS, slope, 4);
	ring_run(f);
	assert_int_equal(draw_pixel(f, 31, 9), 0xff00ff00);
	assert_int_equal(draw_pixel(f, 32, 9), 0xffff0000);
	assert_int_equal(count_pixels(f, 0xff00ff00), 32 * 64);
	memcpy(&depth, f->card->vram + DEPTH_VRAM + 40 * 4, 4);
	assert_int_equal(depth & 0xff, 0xff);		/* the stencil stays */
	assert_in_range(depth >> 8, 0.8 * 0xffffff - 2, 0.8 * 0xffffff + 2);
}

/* Stencil: the first draw marks, the second one is kept where there is no mark. */
static void stencil_keeps_out(void **state)
{
	struct fixture *f = *state;
	static const float left[][8] = {
		CORNER(0, 0, 0, 1, 0, 0), CORNER(20, 0, 0, 1, 0, 0),
		CORNER(20, 64, 0, 1, 0, 0), CORNER(0, 64, 0, 1, 0, 0),
	};
	static const float all[][8] = {
		CORNER(0, 0, 0, 0, 0, 1), CORNER(64, 0, 0, 0, 0, 1),
		CORNER(64, 64, 0, 0, 0, 1), CORNER(0, 64, 0, 0, 0, 1),
	};

	setup(f);
	draw_reg(f, REG_R300_ZB_CNTL, 1);
	draw_reg(f, REG_R300_ZB_STENCILREFMASK, 5u | 0xffffu << 8);
	draw_reg(f, REG_R300_ZB_ZSTENCILCNTL, 7u << 3 | 2u << 9);	/* always; replace */
	draw_vertices(f, QUADS, left, 4);
	draw_reg(f, REG_R300_ZB_ZSTENCILCNTL, 6u << 3);			/* not equal */
	draw_vertices(f, QUADS, all, 4);
	ring_run(f);
	assert_int_equal(count_pixels(f, 0xffff0000), 20 * 64);
	assert_int_equal(count_pixels(f, 0xff0000ff), 44 * 64);
}

static void scissor_is_inclusive(void **state)
{
	struct fixture *f = *state;
	static const float point[][8] = { CORNER(32, 32, 0, 0, 0, 1) };

	setup(f);
	draw_reg(f, REG_R300_GA_POINT_SIZE, 600u << 16 | 600u);		/* 100 pixels */
	draw_reg(f, REG_R300_SC_SCISSORS_TL, SCISSOR(3u, 5u));
	draw_reg(f, REG_R300_SC_SCISSORS_BR, SCISSOR(10u, 6u));
	draw_vertices(f, POINTS, point, 1);
	ring_run(f);
	assert_int_equal(count_pixels(f, 0xff0000ff), 8 * 2);
	assert_int_equal(draw_pixel(f, 3, 5), 0xff0000ff);
	assert_int_equal(draw_pixel(f, 10, 6), 0xff0000ff);
}

static void blend_and_masks(void **state)
{
	struct fixture *f = *state;
	static const float v[][8] = {
		{ 32, 32, 0, 1, 1, 0, 0, 0.5f },
	};

	setup(f);
	memset(f->card->vram + COLOR_VRAM, 0x80, TARGET_SIZE * TARGET_SIZE * 4);
	draw_reg(f, REG_R300_GA_POINT_SIZE, 600u << 16 | 600u);
	/* source alpha, one minus source alpha; blue and green only */
	draw_reg(f, REG_R300_RB3D_CBLEND, 1u | 38u << 16 | 39u << 24);
	draw_reg(f, REG_R300_RB3D_COLOR_CHANNEL_MASK, 3);
	draw_vertices(f, POINTS, v, 1);
	ring_run(f);
	assert_int_equal(count_pixels(f, 0x80804040), TARGET_SIZE * TARGET_SIZE);
}

static void culled_by_direction(void **state)
{
	struct fixture *f = *state;
	static const float clockwise[][8] = {
		CORNER(0, 0, 0, 0, 0, 1), CORNER(64, 0, 0, 0, 0, 1), CORNER(0, 64, 0, 0, 0, 1),
	};

	setup(f);
	draw_reg(f, REG_R300_SU_CULL_MODE, 4 | 1);	/* clockwise is front; cull it */
	draw_vertices(f, TRIANGLES, clockwise, 3);
	ring_run(f);
	assert_true(stat_get(f, draw_pixels) == 0);
	draw_reg(f, REG_R300_SU_CULL_MODE, 1);
	draw_vertices(f, TRIANGLES, clockwise, 3);
	ring_run(f);
	assert_true(stat_get(f, draw_pixels) != 0);
}

/* Instruction of a vertex program: all components, sources without a change. */
#define PVS_DST(op, file, index)	((op) | (file) << 8 | (index) << 13 | 0xfu << 20)
#define PVS_SRC(file, index)		((file) | (index) << 5 | 0x688u << 13)

static void upload(struct fixture *f, uint32_t vector, const uint32_t *dwords, uint32_t count)
{
	draw_reg(f, REG_R300_VAP_PVS_VECTOR_INDX_REG, vector);
	ring_emit(f, PKT0_ONE(REG_R300_VAP_PVS_UPLOAD_DATA, count));
	ring_emit_all(f, dwords, count);
}

/*
 * Vertices and indices in memory behind the GART, a vertex program, and the viewport: clip
 * coordinates from -1 to 1. The program adds a constant to the position.
 */
static void program_and_indices(void **state)
{
	struct fixture *f = *state;
	static const float corner[][4] = {
		{ -2, -1, 0, 1 }, { -1, -1, 0, 1 }, { -2, 1, 0, 1 }, { -1, 1, 0, 1 },
	};
	static const float constants[][4] = { { 1, 0, 0, 0 }, { 0, 1, 0, 1 } };
	static const uint16_t indices[] = { 0, 1, 2, 2, 1, 3 };
	uint32_t code[] = {
		PVS_DST(3u, 2u, 0u), PVS_SRC(1u, 0u), PVS_SRC(2u, 0u), PVS_SRC(2u, 0u),
		PVS_DST(7u, 2u, 1u), PVS_SRC(2u, 1u), PVS_SRC(2u, 1u), PVS_SRC(2u, 1u),
	};
	uint32_t words[8], half[6];

	setup(f);
	memcpy(f->low + 0x5000, corner, sizeof(corner));
	memcpy(f->low + 0x6000, indices, sizeof(indices));
	memcpy(words, constants, sizeof(words));
	upload(f, 0, code, 8);
	upload(f, 512, words, 8);
	draw_reg(f, REG_R300_VAP_PVS_CODE_CNTL_0, 1u << 20);
	draw_reg(f, REG_R300_VAP_CNTL_STATUS, 0);
	draw_reg(f, REG_R300_VAP_OUTPUT_VTX_FMT_0, 1u | 2u);
	draw_reg(f, REG_R300_VAP_PROG_STREAM_CNTL_0, 3u | 1u << 13);
	draw_reg(f, REG_R300_VAP_CLIP_CNTL, 0);
	draw_reg(f, REG_R300_VAP_VTE_CNTL, 0x3f);
	for (unsigned int i = 0; i < 6; i++) {
		float scale = 32;

		memcpy(&half[i], &scale, 4);
	}
	ring_emit(f, PKT0(0x1d98, 6));
	ring_emit_all(f, half, 6);
	ring_emit(f, PKT3(PACKET3_3D_LOAD_VBPNTR, 3));
	ring_emit(f, 1);
	ring_emit(f, 4u | 4u << 8);
	ring_emit(f, GART_MC + 0x5000);
	ring_emit(f, PKT3(PACKET3_3D_DRAW_INDX_2, 1));
	ring_emit(f, TRIANGLES | INDEXED | VERTICES(6u));
	ring_emit(f, PKT3(PACKET3_INDX_BUFFER, 3));
	ring_emit(f, 0);
	ring_emit(f, GART_MC + 0x6000);
	ring_emit(f, 3);
	ring_run(f);
	assert_true(stat_get(f, draws) == 1);
	assert_true(stat_get(f, draw_vertices) == 6);
	assert_int_equal(count_pixels(f, 0xff00ff00), 32 * 64);
	assert_int_equal(draw_pixel(f, 0, 0), 0xff00ff00);
	assert_int_equal(draw_pixel(f, 31, 63), 0xff00ff00);
	assert_int_equal(draw_pixel(f, 32, 0), 0);
}

/* A corner behind the eye: what is in front of it is drawn. */
static void clipped(void **state)
{
	struct fixture *f = *state;
	float v[][8] = {
		{ -1, -1, 0, 1, 0, 0, 1, 1 }, { 1, -1, 0, 1, 0, 0, 1, 1 },
		{ 0, 4, 0, -2, 0, 0, 1, 1 },
	};
	/* Beyond the left and lower planes; red grows with x. */
	static const float wide[][8] = {
		{ -5, -1, 0, 1, 0, 0, 0, 1 }, { 1, -1, 0, 1, 1, 0, 0, 1 },
		{ 1, 5, 0, 1, 1, 0, 0, 1 },
	};
	uint32_t half[6];

	setup(f);
	draw_reg(f, REG_R300_VAP_CLIP_CNTL, 0);
	draw_reg(f, REG_R300_VAP_VTE_CNTL, 0x3f);
	for (unsigned int i = 0; i < 6; i++) {
		float scale = i == 4 ? 0 : 32;

		memcpy(&half[i], &scale, 4);
	}
	ring_emit(f, PKT0(0x1d98, 6));
	ring_emit_all(f, half, 6);
	draw_vertices(f, TRIANGLES, v, 3);
	ring_run(f);
	assert_int_equal(draw_pixel(f, 32, 0), 0xff0000ff);
	assert_int_equal(draw_pixel(f, 32, 40), 0xff0000ff);
	/* The edges leave the target below: in front of the eye all of it is covered. */
	assert_true(stat_get(f, draw_pixels) == TARGET_SIZE * TARGET_SIZE);
	draw_vertices(f, TRIANGLES, wide, 3);
	ring_run(f);
	assert_int_equal(draw_pixel(f, 48, 0), 0xffea0000);	/* (48.5 / 32 + 4) / 6 */
}

/* The far side of a square counts less: w is 1 on the left and 3 on the right. */
static void perspective(void **state)
{
	struct fixture *f = *state;
	static const float v[][8] = {
		{ -1, -1, 0, 1, 0, 0, 0, 1 }, { 3, -3, 0, 3, 1, 0, 0, 1 },
		{ 3, 3, 0, 3, 1, 0, 0, 1 }, { -1, 1, 0, 1, 0, 0, 0, 1 },
	};
	uint32_t half;
	float scale = 32;

	setup(f);
	memcpy(&half, &scale, 4);
	draw_reg(f, REG_R300_VAP_VTE_CNTL, 0x3f);
	for (unsigned int i = 0; i < 6; i++)
		draw_reg(f, 0x1d98 + 4 * i, half);
	draw_vertices(f, QUADS, v, 4);
	ring_run(f);
	/* t = 32.5 / 64: (t / 3) / (1 - t + t / 3) */
	assert_int_equal(draw_pixel(f, 32, 8), 0xff410000);
	assert_int_equal(draw_pixel(f, 32, 56), 0xff410000);
}

static void query_counts_pixels(void **state)
{
	struct fixture *f = *state;
	static const float point[][8] = { CORNER(8, 8, 0, 0, 0, 1) };

	setup(f);
	draw_reg(f, REG_R300_GA_POINT_SIZE, 60u << 16 | 60u);		/* 10 pixels */
	draw_reg(f, REG_R300_ZB_ZPASS_DATA, 5);
	draw_vertices(f, POINTS, point, 1);
	draw_reg(f, REG_R300_ZB_ZPASS_ADDR, GART_MC + 0x7000);
	ring_run(f);
	assert_int_equal(low32(f, 0x7000), 105);
}

/* CBZB: while the colour unit draws one half of a buffer, the depth unit clears the other one. */
static void depth_unit_clears_colors(void **state)
{
	struct fixture *f = *state;
	static const float point[][8] = { CORNER(32, 16, 0, 0, 0, 1) };

	setup(f);
	draw_reg(f, REG_R300_GA_POINT_SIZE, 64u * 6 << 16 | 32u * 6);
	draw_reg(f, REG_R300_ZB_BW_CNTL, 1u << 5);
	draw_reg(f, REG_R300_ZB_DEPTHOFFSET, FB_MC + COLOR_VRAM + 32 * TARGET_SIZE * 4);
	draw_reg(f, REG_R300_ZB_DEPTHCLEARVALUE, 0x12345678);
	draw_vertices(f, POINTS, point, 1);
	ring_run(f);
	assert_int_equal(count_pixels(f, 0xff0000ff), 32 * 64);
	assert_int_equal(count_pixels(f, 0x12345678), 32 * 64);
}

#define TEXTURE_VRAM	0x200000u
#define LEVEL_1		256u		/* 8 rows of 32 bytes */

static void set_texel(struct fixture *f, uint32_t offset, uint32_t x, uint32_t y, uint32_t val)
{
	memcpy(f->card->vram + TEXTURE_VRAM + offset + y * 32 + x * 4, &val, sizeof(val));
}

/* Coordinates in place of the colour, and a program that reads a texture of 8 by 8 with them. */
static void setup_texture(struct fixture *f)
{
	setup(f);
	draw_reg(f, REG_R300_VAP_PROG_STREAM_CNTL_0, 3u | (3u | 6u << 8 | 1u << 13) << 16);
	draw_reg(f, REG_R300_VAP_OUTPUT_VTX_FMT_1, 4);
	draw_reg(f, REG_R300_RS_IP_0, 1u << 16 | 2u << 19 | 3u << 22);
	draw_reg(f, REG_R300_RS_INST_0, 1u << 3);
	draw_reg(f, REG_R300_US_CONFIG, 1u << 3);
	draw_reg(f, REG_R300_US_TEX_INST_0, 1u << 15);
	draw_reg(f, REG_R300_TX_FORMAT0_0, 7u | 7u << 11 | 1u << 26);
	draw_reg(f, REG_R300_TX_FORMAT1_0, 0xcu | 3u << 9 | 2u << 12 | 1u << 15);
	draw_reg(f, REG_R300_TX_OFFSET_0, FB_MC + TEXTURE_VRAM);
	for (uint32_t y = 0; y < 8; y++)
		for (uint32_t x = 0; x < 8; x++)
			set_texel(f, 0, x, y, 0xff000000 | x << 4 | y << 12);
	for (uint32_t y = 0; y < 4; y++)
		for (uint32_t x = 0; x < 4; x++)
			set_texel(f, LEVEL_1, x, y, 0xff770000);
}

static void textured(void **state)
{
	struct fixture *f = *state;
	/* Twice the texture over the target in x, once in y; then small in a corner. */
	static const float large[][8] = {
		{ 0, 0, 0, 1, 0, 0, 0, 1 }, { 64, 0, 0, 1, 2, 0, 0, 1 },
		{ 64, 64, 0, 1, 2, 1, 0, 1 }, { 0, 64, 0, 1, 0, 1, 0, 1 },
	};
	static const float small[][8] = {
		{ 0, 0, 0, 1, 0, 0, 0, 1 }, { 4, 0, 0, 1, 1, 0, 0, 1 },
		{ 4, 4, 0, 1, 1, 1, 0, 1 }, { 0, 4, 0, 1, 0, 1, 0, 1 },
	};

	setup_texture(f);
	draw_reg(f, REG_R300_TX_FILTER0_0, 1u << 9 | 1u << 11);		/* nearest */
	draw_vertices(f, QUADS, large, 4);
	ring_run(f);
	for (uint32_t y = 0; y < TARGET_SIZE; y++)
		for (uint32_t x = 0; x < TARGET_SIZE; x++)
			assert_int_equal(draw_pixel(f, x, y),
					 0xff000000 | (x / 4 % 8) << 4 | (y / 8) << 12);

	draw_reg(f, REG_R300_TX_FILTER0_0, 2u << 9 | 1u << 11);		/* linear if large */
	draw_vertices(f, QUADS, large, 4);
	ring_run(f);
	/* 4.5 / 4 - 0.5 texels: 0.625 of the way from the first to the second */
	assert_int_equal(draw_pixel(f, 4, 12) & 0xff, 10);
	/* The texture repeats: its last column is left of its first one. */
	assert_int_equal(draw_pixel(f, 32, 12) & 0xff, (uint32_t)(0.375 * 0x70 + 0.5));

	draw_reg(f, REG_R300_TX_FILTER0_0, 1u << 9 | 1u << 11 | 1u << 13);	/* mipmaps */
	draw_vertices(f, QUADS, large, 4);
	draw_vertices(f, QUADS, small, 4);
	ring_run(f);
	assert_int_equal(count_pixels(f, 0xff770000), 16);
	assert_int_equal(draw_pixel(f, 3, 3), 0xff770000);
	assert_int_equal(draw_pixel(f, 40, 50), 0xff000000 | 2u << 4 | 6u << 12);
	assert_true(stat_get(f, draws_skipped) == 0);
}

/* A pixel is killed by its coordinates: those left of the middle. */
static void killed(void **state)
{
	struct fixture *f = *state;
	static const float quad[][8] = {
		{ 0, 0, 0, 1, -1, 0, 0, 1 }, { 64, 0, 0, 1, 1, 0, 0, 1 },
		{ 64, 64, 0, 1, 1, 0, 0, 1 }, { 0, 64, 0, 1, -1, 0, 0, 1 },
	};

	setup_texture(f);
	draw_reg(f, REG_R300_US_TEX_INST_0, 2u << 15);
	draw_vertices(f, QUADS, quad, 4);
	ring_run(f);
	assert_true(stat_get(f, draw_pixels) == 32 * 64);
	assert_int_equal(draw_pixel(f, 31, 0), 0);
	assert_int_equal(draw_pixel(f, 32, 0), 0xff040000);
}

/* What the engine does not model is not drawn wrongly, but skipped and counted. */
static void skipped(void **state)
{
	struct fixture *f = *state;
	static const float point[][8] = { CORNER(32, 16, 0, 0, 0, 1) };

	setup(f);
	draw_reg(f, REG_R300_US_CONFIG, 1u << 3);			/* a texture */
	draw_reg(f, REG_R300_TX_FORMAT1_0, 0xf);			/* compressed */
	draw_vertices(f, POINTS, point, 1);
	draw_reg(f, REG_R300_US_CONFIG, 0);
	draw_reg(f, REG_R300_RB3D_COLORPITCH0, 10u << 21 | 64);		/* 64 bits */
	draw_vertices(f, POINTS, point, 1);
	draw_vertices(f, 7, point, 1);					/* no such primitive */
	ring_run(f);
	assert_true(stat_get(f, draws) == 0);
	assert_true(stat_get(f, draws_skipped) == 2);
	assert_true(stat_get(f, vertices_skipped) == 2);
	assert_true(stat_get(f, packets_bad) == 1);
}

/* A draw beyond the budget hangs the card until the driver resets it; vertices count as well. */
static void budget(void **state)
{
	struct fixture *f = *state;
	static const float all[][8] = {
		CORNER(0, 0, 0, 0, 0, 1), CORNER(64, 0, 0, 0, 0, 1),
		CORNER(64, 64, 0, 0, 0, 1), CORNER(0, 64, 0, 0, 0, 1),
	};

	setup(f);
	ring_run(f);
	work_set_budget(f->card, 400);
	draw_vertices(f, QUADS, all, 4);
	ring_run(f);
	assert_true(stat_get(f, streams_stopped) == 1);
	assert_in_range(stat_get(f, draw_pixels), 64, 64 * 40);
	reg_write(f, REG_RBBM_SOFT_RESET, 1);
	reg_write(f, REG_RBBM_SOFT_RESET, 0);
	fixture_setup(f);
	ring_emit(f, PKT3(PACKET3_3D_DRAW_VBUF_2, 1));
	ring_emit(f, TRIANGLES | LISTED | VERTICES(0xffffu));
	ring_run(f);
	assert_true(stat_get(f, streams_stopped) == 2);
	assert_in_range(stat_get(f, draw_vertices), 10, 400);
}

/* No number in a vertex leads outside of the target, and none takes long. */
static void hostile_numbers(void **state)
{
	struct fixture *f = *state;
	static const float wild[] = {
		NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-40f, 0, -1, 64, 32767,
	};
	const unsigned int n = sizeof(wild) / sizeof(wild[0]);

	setup(f);
	draw_reg(f, REG_R300_VAP_CLIP_CNTL, 0);
	for (unsigned int i = 0; i < n * n; i++) {
		float v[3][8] = {
			{ wild[i % n], wild[i / n], wild[i % 7], 1, wild[i % 3], 0, 1,
			  wild[i % 5] },
			{ wild[i / n], 1, 0, wild[i % n], 1, wild[i % 4], 1, 1 },
			{ 5, wild[i % n], wild[i / n], wild[i / n], 1, 1, 1, 1 },
		};

		if (i == n * n / 2)
			draw_reg(f, REG_R300_VAP_CLIP_CNTL, 1u << 16);
		draw_vertices(f, TRIANGLES, v, 3);
		ring_run(f);
	}
	assert_true(stat_get(f, draws) == n * n);
	for (unsigned int i = 0; i < 4096; i++) {
		assert_int_equal(f->card->vram[COLOR_VRAM - 1 - i], 0);
		assert_int_equal(f->card->vram[COLOR_VRAM + TARGET_SIZE * TARGET_SIZE * 4 + i], 0);
	}
}

/* A card without the engine takes its packets. */
static void no_engine(void **state)
{
	struct fixture *f = *state;
	static const float point[][8] = { CORNER(8, 8, 0, 0, 0, 1) };

	setup(f);
	draw_reg(f, REG_R300_GA_POINT_SIZE, 60u << 16 | 60u);
	draw_vertices(f, POINTS, point, 1);
	ring_run(f);
	assert_true(stat_get(f, draws) == 0);
	assert_true(stat_get(f, draws_skipped) == 1);
	assert_int_equal(count_pixels(f, 0), TARGET_SIZE * TARGET_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RV370(colors_are_interpolated), RV370(edges_are_drawn_once), RV370(near_wins),
		RV370(stencil_keeps_out), RV370(scissor_is_inclusive), RV370(blend_and_masks),
		RV370(culled_by_direction), RV370(program_and_indices), RV370(clipped),
		RV370(perspective),
		RV370(query_counts_pixels), RV370(depth_unit_clears_colors), RV370(skipped),
		RV370(textured), RV370(killed), RV370(budget), RV370(hostile_numbers),
		RV100(no_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
