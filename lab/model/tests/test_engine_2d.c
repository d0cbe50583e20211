// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The 2D engine, by register and by packet, against plain reference code. */
#include "cmocka_card.h"

#include <stdlib.h>
#include <string.h>

#include "core/work.h"
#include "core/regs.h"

#define BPP8	2u
#define BPP16	4u
#define BPP32	6u
#define PITCH	256u		/* bytes, of all surfaces here */
#define SRC_OFF	0x100000u	/* in VRAM */
#define DST_OFF	0x200000u
#define ROWS	64u
#define GMC(type, brush, rop) \
	(3u | (brush) << 4 | (type) << 8 | 3u << 12 | \
	 (uint32_t)(rop) << 16 | 2u << 24 | 1u << 28 | 1u << 30)
#define PITCH_OFFSET(addr) (PITCH / 64 << 22 | (addr) >> 10)
#define XY(x, y) ((uint32_t)(y) << 16 | ((uint32_t)(x) & 0xffff))

static uint8_t *src_mem(struct fixture *f)
{
	return f->card->vram + SRC_OFF;
}

static uint8_t *dst_mem(struct fixture *f)
{
	return f->card->vram + DST_OFF;
}

static void fill_random(uint8_t *p, size_t size, unsigned int seed)
{
	srand(seed);
	while (size--)
		*p++ = (uint8_t)rand();
}

/* State as EXA's Prepare functions leave it, through the ring. */
static void prepare(struct fixture *f, uint32_t gmc)
{
	const uint32_t dwords[] = {
		PKT0(REG_DP_GUI_MASTER_CNTL, 1), gmc,
		PKT0(REG_SRC_PITCH_OFFSET, 2), PITCH_OFFSET(FB_MC + SRC_OFF),
					   PITCH_OFFSET(FB_MC + DST_OFF),
		PKT0(REG_DP_CNTL, 1), 3,
	};

	ring_emit_all(f, dwords, sizeof(dwords) / 4);
}

static void emit_reg(struct fixture *f, uint32_t reg, uint32_t val)
{
	ring_emit(f, PKT0(reg, 1));
	ring_emit(f, val);
}

static void solid_fill(void **state)
{
	struct fixture *f = *state;
	static const uint32_t types[] = { BPP8, BPP16, BPP32 };

	for (unsigned int t = 0; t < 3; t++) {
		unsigned int bytes = 1u << t;
		uint8_t expect[PITCH * ROWS];
		uint32_t colour = 0x11223344;

		fill_random(dst_mem(f), sizeof(expect), t);
		memcpy(expect, dst_mem(f), sizeof(expect));
		for (unsigned int y = 5; y < 12; y++)
			for (unsigned int x = 3; x < 20; x++)
				memcpy(expect + y * PITCH + x * bytes, &colour, bytes);
		prepare(f, GMC(types[t], 13u, 0xf0));
		emit_reg(f, REG_DP_BRUSH_FRGD_CLR, colour);
		emit_reg(f, REG_DST_Y_X, XY(3, 5));
		emit_reg(f, REG_DST_WIDTH_HEIGHT, 17u << 16 | 7);
		ring_run(f);
		assert_memory_equal(dst_mem(f), expect, sizeof(expect));
	}
	assert_true(stat_get(f, blits) == 3);
	assert_true(stat_get(f, blit_bytes) == 17 * 7 * (1 + 2 + 4));
}

/* All 256 codes, bit for bit: the code itself is the truth table. */
static void raster_operations(void **state)
{
	struct fixture *f = *state;
	const uint32_t p = 0xf0f0f0f0, s = 0xcccccccc, d = 0xaaaaaaaa;

	for (uint32_t rop = 0; rop < 256; rop++) {
		uint32_t expect = rop * 0x01010101u, result;

		memcpy(src_mem(f), &s, 4);
		memcpy(dst_mem(f), &d, 4);
		prepare(f, GMC(BPP32, 13u, rop));
		emit_reg(f, REG_DP_BRUSH_FRGD_CLR, p);
		emit_reg(f, REG_SRC_Y_X, 0);
		emit_reg(f, REG_DST_Y_X, 0);
		emit_reg(f, REG_DST_HEIGHT_WIDTH, 1u << 16 | 1);
		ring_run(f);
		memcpy(&result, dst_mem(f), 4);
		assert_int_equal(result, expect);
	}
}

static void write_mask(void **state)
{
	struct fixture *f = *state;
	uint32_t val;

	memset(dst_mem(f), 0x55, 16);
	prepare(f, GMC(BPP32, 13u, 0xf0) & ~(1u << 30));
	emit_reg(f, REG_DP_WRITE_MASK, 0x00ffff00);
	emit_reg(f, REG_DP_BRUSH_FRGD_CLR, 0x12345678);
	emit_reg(f, REG_DST_Y_X, 0);
	emit_reg(f, REG_DST_WIDTH_HEIGHT, 1u << 16 | 1);
	ring_run(f);
	memcpy(&val, dst_mem(f), 4);
	assert_int_equal(val, 0x55345655);
	memcpy(&val, dst_mem(f) + 4, 4);
	assert_int_equal(val, 0x55555555);
}

/* Copies within one surface, in all directions, as EXA sets them up. */
static void overlapping_copies(void **state)
{
	struct fixture *f = *state;
	static const int moves[][2] = {
		{ 1, 0 }, { -1, 0 }, { 0, 1 }, { 0, -1 }, { 3, 2 }, { -3, -2 },
		{ -2, 5 }, { 4, -1 },
	};
	const int w = 20, h = 15, x = 10, y = 10;

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		int dx = x + moves[i][0], dy = y + moves[i][1];
		bool right_first = moves[i][0] > 0, bottom_first = moves[i][1] > 0;
		int ex = right_first ? w - 1 : 0, ey = bottom_first ? h - 1 : 0;
		uint8_t before[PITCH * ROWS], expect[PITCH * ROWS];

		fill_random(dst_mem(f), sizeof(before), (unsigned int)i);
		memcpy(before, dst_mem(f), sizeof(before));
		memcpy(expect, before, sizeof(before));
		for (int row = 0; row < h; row++)
			memcpy(expect + (dy + row) * (int)PITCH + dx * 4,
			       before + (y + row) * (int)PITCH + x * 4,
			       (size_t)w * 4);
		prepare(f, GMC(BPP32, 15u, 0xcc));
		emit_reg(f, REG_SRC_PITCH_OFFSET, PITCH_OFFSET(FB_MC + DST_OFF));
		emit_reg(f, REG_DP_CNTL, (right_first ? 0 : 1u) |
			 (bottom_first ? 0 : 2u));
		emit_reg(f, REG_SRC_Y_X, XY(x + ex, y + ey));
		emit_reg(f, REG_DST_Y_X, XY(dx + ex, dy + ey));
		emit_reg(f, REG_DST_HEIGHT_WIDTH, (uint32_t)h << 16 | (uint32_t)w);
		ring_run(f);
		assert_memory_equal(dst_mem(f), expect, sizeof(expect));
	}
}

static void scissors(void **state)
{
	struct fixture *f = *state;
	uint8_t expect[PITCH * ROWS] = { 0 };

	memset(dst_mem(f), 0, sizeof(expect));
	prepare(f, GMC(BPP8, 13u, 0xff) | 1u << 3);
	emit_reg(f, REG_SC_TOP_LEFT, XY(10, 4));
	emit_reg(f, REG_SC_BOTTOM_RIGHT, XY(20, 6));
	emit_reg(f, REG_DST_Y_X, XY(-3, -3));
	emit_reg(f, REG_DST_WIDTH_HEIGHT, 100u << 16 | 100);
	ring_run(f);
	for (int y = 4; y < 6; y++)
		memset(expect + y * (int)PITCH + 10, 0xff, 10);
	assert_memory_equal(dst_mem(f), expect, sizeof(expect));
	/* Without DST_CLIPPING the scissors are reset to their maximum. */
	prepare(f, GMC(BPP8, 13u, 0xff));
	emit_reg(f, REG_DST_Y_X, XY(-3, -3));
	emit_reg(f, REG_DST_WIDTH_HEIGHT, 5u << 16 | 5);
	ring_run(f);
	memset(expect, 0xff, 2);
	memset(expect + PITCH, 0xff, 2);
	assert_memory_equal(dst_mem(f), expect, sizeof(expect));
}

/* As r100_copy_blit(): rows of a page, from GTT to VRAM and back. */
static void copy_packet(void **state)
{
	struct fixture *f = *state;
	const uint32_t pages = 16;
	uint32_t dwords[] = {
		PKT3(PACKET3_CNTL_BITBLT_MULTI, 9), 0,
		64u << 22 | (IB_MC >> 10), 64u << 22 | (FB_MC + DST_OFF) >> 10,
		0x1fff1fff, 0, 0x1fff1fff, 0, 0, 1024u << 16 | pages,
	};

	dwords[1] = GMC(BPP32, 15u, 0xcc) | 1u << 2 | 1u << 3;
	fill_random(f->low + IB_PAGE * 4096, pages * 4096, 1);
	emit_reg(f, REG_DP_CNTL, 0);	/* as user space may leave it; packets ignore it */
	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	assert_memory_equal(dst_mem(f), f->low + IB_PAGE * 4096, pages * 4096);
	assert_true(stat_get(f, blits) == 1);
	assert_true(stat_get(f, blit_bytes) == pages * 4096);

	fill_random(dst_mem(f), pages * 4096, 2);
	dwords[2] = 64u << 22 | (FB_MC + DST_OFF) >> 10;
	dwords[3] = 64u << 22 | IB_MC >> 10;
	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	assert_memory_equal(dst_mem(f), f->low + IB_PAGE * 4096, pages * 4096);
	assert_int_equal(reg_read(f, REG_DP_CNTL), 0);
}

static void paint_packet(void **state)
{
	struct fixture *f = *state;
	const uint32_t dwords[] = {
		PKT3(PACKET3_CNTL_PAINT_MULTI, 7),
		GMC(BPP8, 13u, 0xf0) & ~1u, PITCH_OFFSET(FB_MC + DST_OFF), 0x77,
		1u << 16 | 2, 3u << 16 | 4,		/* x, y; width, height */
		10u << 16 | 20, 1u << 16 | 1,
	};
	uint8_t expect[PITCH * ROWS] = { 0 };

	memset(dst_mem(f), 0, sizeof(expect));
	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	for (int y = 2; y < 6; y++)
		memset(expect + y * (int)PITCH + 1, 0x77, 3);
	expect[20 * PITCH + 10] = 0x77;
	assert_memory_equal(dst_mem(f), expect, sizeof(expect));
	assert_true(stat_get(f, blits) == 2);
}

/* As EXA's UploadToScreen: rows padded to dwords, cut by the scissors. */
static void host_data_packet(void **state)
{
	struct fixture *f = *state;
	const uint32_t gmc = 1u << 1 | 1u << 3 | 15u << 4 | BPP8 << 8 | 3u << 12 |
			     0xccu << 16 | 3u << 24 | 1u << 28 | 1u << 30;
	const uint32_t dwords[] = {
		PKT3(PACKET3_CNTL_HOSTDATA_BLT, 15), gmc,
		PITCH_OFFSET(FB_MC + DST_OFF),
		XY(3, 2), XY(3 + 6, 2 + 3),
		~0u, ~0u, XY(3, 2), 3u << 16 | 8, 6,
		0x04030201, 0x00000605, 0x0c0b0a09, 0x00000e0d,
		0x14131211, 0x00001615,
	};
	uint8_t expect[PITCH * ROWS] = { 0 };

	memset(dst_mem(f), 0, sizeof(expect));
	ring_emit_all(f, dwords, sizeof(dwords) / 4);
	ring_run(f);
	for (int y = 0; y < 3; y++)
		for (int x = 0; x < 6; x++)
			expect[(y + 2) * (int)PITCH + x + 3] = (uint8_t)(y * 8 + x + 1);
	assert_memory_equal(dst_mem(f), expect, sizeof(expect));
}

static void host_data_registers(void **state)
{
	struct fixture *f = *state;
	uint32_t val;

	memset(dst_mem(f), 0, 4096);
	prepare(f, (GMC(BPP32, 15u, 0xcc) & ~(7u << 24)) | 3u << 24);
	emit_reg(f, REG_DST_Y_X, 0);
	emit_reg(f, REG_DST_HEIGHT_WIDTH, 2u << 16 | 2);
	ring_emit(f, PKT0(REG_HOST_DATA0, 3));
	for (uint32_t i = 1; i <= 3; i++)
		ring_emit(f, i);
	emit_reg(f, REG_HOST_DATA_LAST, 4);
	emit_reg(f, REG_HOST_DATA0, 5);	/* one too many */
	ring_run(f);
	memcpy(&val, dst_mem(f) + 4, 4);
	assert_int_equal(val, 2);
	memcpy(&val, dst_mem(f) + PITCH + 4, 4);
	assert_int_equal(val, 4);
	memcpy(&val, dst_mem(f) + 2 * PITCH, 4);
	assert_int_equal(val, 0);
}

/* As r200_copy_dma(): any alignment, two chunks. */
static void dma_copy(void **state)
{
	struct fixture *f = *state;
	const uint32_t size = 100001;
	const uint32_t dwords[] = {
		PKT0(REG_CP_GUI_SRC_ADDR, 3), IB_MC + 1, FB_MC + DST_OFF + 3,
		size | 3u << 30,
	};

	memset(dst_mem(f), 0, size + 8);
	fill_random(f->low + IB_PAGE * 4096, size + 1, 3);
	ring_emit_all(f, dwords, 4);
	ring_run(f);
	assert_memory_equal(dst_mem(f) + 3, f->low + IB_PAGE * 4096 + 1, size);
	assert_int_equal(dst_mem(f)[2], 0);
	assert_int_equal(dst_mem(f)[size + 3], 0);
	assert_true(stat_get(f, dma_copies) == 1);
}

/* The CPU's draws wait in the FIFO, each with the state it was started with. */
static void cpu_draws(void **state)
{
	struct fixture *f = *state;

	memset(dst_mem(f), 0, 4096);
	reg_write(f, REG_DP_GUI_MASTER_CNTL, GMC(BPP8, 13u, 0xf0));
	reg_write(f, REG_DST_PITCH_OFFSET, PITCH_OFFSET(FB_MC + DST_OFF));
	for (uint32_t i = 0; i < 70; i++) {
		reg_write(f, REG_DP_BRUSH_FRGD_CLR, i + 1);
		reg_write(f, REG_DST_Y_X, i);
		reg_write(f, REG_DST_WIDTH_HEIGHT, 1u << 16 | 1);
		if (i == 9)
			assert_int_equal(reg_read(f, REG_RBBM_STATUS) & 0x7f, 54);
	}
	assert_int_equal(dst_mem(f)[0], 0);
	assert_int_equal(reg_read(f, REG_RBBM_STATUS) & 0x7f, 0);
	assert_true(stat_get(f, fifo_overflows) == 6);
	work_run_to_idle(f->card);
	assert_int_equal(reg_read(f, REG_RBBM_STATUS), 64);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(dst_mem(f)[i], i + 1);
	assert_int_equal(dst_mem(f)[64], 0);
}

/* Sizes and offsets beyond all limits, all over the address space. */
static void extremes(void **state)
{
	struct fixture *f = *state;
	static const uint32_t values[] = { 0, 0xffffffff, 0x3fff3fff, 0x20002000 };

	work_set_budget(f->card, 1u << 20);
	for (unsigned int i = 0; i < 4; i++) {
		prepare(f, GMC(BPP32, 13u, 0x5a) | 0xcu);
		emit_reg(f, REG_SC_TOP_LEFT, values[i]);
		emit_reg(f, REG_SC_BOTTOM_RIGHT, values[(i + 1) % 4]);
		emit_reg(f, REG_SRC_SC_BOTTOM_RIGHT, values[(i + 2) % 4]);
		emit_reg(f, REG_DST_PITCH_OFFSET, values[(i + 1) % 4]);
		emit_reg(f, REG_DST_Y_X, values[i]);
		emit_reg(f, REG_SRC_Y_X, values[3 - i]);
		emit_reg(f, REG_DST_WIDTH_HEIGHT, values[(i + 2) % 4]);
		emit_reg(f, REG_CP_GUI_COMMAND, values[i]);
		ring_run(f);
	}
	assert_true(stat_get(f, blits) > 0);
}

static void not_supported(void **state)
{
	struct fixture *f = *state;
	static const uint32_t gmcs[] = {
		GMC(5u, 15u, 0xcc),			/* 24 bits */
		GMC(BPP8, 0u, 0xf0),			/* mono pattern */
		GMC(BPP8, 15u, 0xcc) & ~(3u << 12),	/* mono source */
	};

	memset(dst_mem(f), 0x33, 64);
	for (unsigned int i = 0; i < 3; i++) {
		prepare(f, gmcs[i]);
		emit_reg(f, REG_DST_Y_X, 0);
		emit_reg(f, REG_DST_WIDTH_HEIGHT, 4u << 16 | 4);
		ring_run(f);
	}
	assert_true(stat_get(f, packets_bad) == 3);
	assert_true(stat_get(f, blits) == 0);
	assert_int_equal(dst_mem(f)[0], 0x33);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(solid_fill), RV370(raster_operations), RV370(write_mask),
		BOTH(overlapping_copies), RV370(scissors), BOTH(copy_packet),
		RV370(paint_packet), RV370(host_data_packet),
		RV370(host_data_registers), BOTH(dma_copy), BOTH(cpu_draws),
		BOTH(extremes), RV370(not_supported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
