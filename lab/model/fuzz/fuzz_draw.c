// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Fuzz target: draws of the 3D engine, from a state that draws, with any of its registers changed.
 *
 * Input, little endian: byte 0 the number of register writes (number u8, value u32; the engine's
 * registers are counted through), byte 1 the number of dwords of a vertex program and its
 * constants (place u16, value u32), byte 2 how the vertices come (in the packet, or in memory with
 * or without indices), bytes 3 to 6 VF_CNTL; the rest is vertices and indices.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>

#include "core/regs.h"
#include "core/work.h"
#include "draw_fixture.h"

#define BUDGET		20000u	/* keeps one run at a few milliseconds */
#define MAX_DWORDS	1500u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t get32(const uint8_t *p)
{
	uint32_t val;

	memcpy(&val, p, sizeof(val));
	return val;
}

/* Registers that the model's engine reads. */
static uint32_t reg_of(unsigned int n)
{
	static const uint16_t regs[] = {
		REG_R300_VAP_CNTL, REG_R300_VAP_OUTPUT_VTX_FMT_0, REG_R300_VAP_OUTPUT_VTX_FMT_1,
		REG_R300_VAP_VTE_CNTL, REG_R300_VAP_VTX_SIZE, REG_R300_VAP_VF_MAX_VTX_INDX,
		REG_R300_VAP_CNTL_STATUS, REG_R300_VAP_PROG_STREAM_CNTL_0,
		REG_R300_VAP_PROG_STREAM_CNTL_0 + 4, REG_R300_VAP_PROG_STREAM_CNTL_EXT_0,
		REG_R300_VAP_PROG_STREAM_CNTL_EXT_0 + 4, REG_R300_VAP_CLIP_CNTL,
		REG_R300_VAP_PVS_CODE_CNTL_0, REG_R300_VAP_PVS_CONST_CNTL,
		REG_R300_VAP_PVS_FLOW_CNTL_OPC, REG_GB_ENABLE, REG_R300_GA_POINT_S0,
		REG_R300_GA_POINT_SIZE, REG_R300_GA_POINT_MINMAX, REG_R300_GA_LINE_CNTL,
		REG_R300_GA_POLY_MODE, REG_R300_SU_POLY_OFFSET_FRONT_SCALE,
		REG_R300_SU_POLY_OFFSET_ENABLE, REG_R300_SU_CULL_MODE, REG_R300_RS_INST_COUNT,
		REG_R300_RS_IP_0, REG_R300_RS_INST_0, REG_R300_RS_INST_0 + 4,
		REG_R300_SC_CLIPRECT_TL_0, REG_R300_SC_CLIPRECT_BR_0, REG_R300_SC_CLIP_RULE,
		REG_R300_SC_SCISSORS_TL, REG_R300_SC_SCISSORS_BR, REG_R300_US_CONFIG,
		REG_R300_US_CODE_OFFSET, REG_R300_US_CODE_ADDR_0 + 8, REG_R300_US_CODE_ADDR_0 + 12,
		REG_R300_US_TEX_INST_0, REG_R300_TX_FILTER0_0, REG_R300_TX_FILTER1_0,
		REG_R300_TX_FORMAT0_0, REG_R300_TX_FORMAT1_0, REG_R300_TX_FORMAT2_0,
		REG_R300_TX_OFFSET_0, REG_R300_US_OUT_FMT_0,
		REG_R300_US_ALU_RGB_ADDR_0, REG_R300_US_ALU_ALPHA_ADDR_0,
		REG_R300_US_ALU_RGB_INST_0, REG_R300_US_ALU_ALPHA_INST_0, REG_R300_FG_ALPHA_FUNC,
		REG_R300_FG_DEPTH_SRC, REG_R300_PFS_PARAM_0_X, REG_R300_RB3D_CBLEND,
		REG_R300_RB3D_ABLEND, REG_R300_RB3D_COLOR_CHANNEL_MASK, REG_R300_RB3D_BLEND_COLOR,
		REG_R300_RB3D_ROPCNTL, REG_R300_RB3D_COLOROFFSET0, REG_R300_RB3D_COLORPITCH0,
		REG_R300_RB3D_AARESOLVE_CTL, REG_R300_ZB_CNTL, REG_R300_ZB_ZSTENCILCNTL,
		REG_R300_ZB_STENCILREFMASK, REG_R300_ZB_FORMAT, REG_R300_ZB_BW_CNTL,
		REG_R300_ZB_DEPTHOFFSET, REG_R300_ZB_DEPTHPITCH, REG_R300_ZB_DEPTHCLEARVALUE,
		REG_R300_ZB_ZPASS_DATA, REG_R300_ZB_ZPASS_ADDR, 0x1d98, 0x1da8,
	};

	return regs[n % (sizeof(regs) / sizeof(regs[0]))];
}

static struct fixture *fixture(void)
{
	static struct fixture *f;

	if (!f)
		f = fixture_new("rv370");
	/* The same start for every input. */
	madvise(f->card->vram, f->card->info->vram_size, MADV_REMOVE);
	madvise(f->low, LOW_SIZE, MADV_REMOVE);
	card_reset(f->card);
	fixture_setup(f);
	draw_setup(f);
	work_set_budget(f->card, BUDGET);
	return f;
}

static void emit_arrays(struct fixture *f)
{
	ring_emit(f, PKT3(PACKET3_3D_LOAD_VBPNTR, 4));
	ring_emit(f, 2);
	ring_emit(f, 0x08040804);
	ring_emit(f, IB_MC);
	ring_emit(f, IB_MC + 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int writes, words, way;
	struct fixture *f;
	uint32_t cntl, count;

	if (size < 7)
		return 0;
	writes = data[0];
	words = data[1];
	way = data[2] % 3;
	cntl = get32(data + 3);
	data += 7;
	size -= 7;

	f = fixture();
	for (; writes && size >= 5; writes--, data += 5, size -= 5)
		draw_reg(f, reg_of(data[0]), get32(data + 1));
	ring_run(f);
	for (; words && size >= 6; words--, data += 6, size -= 6) {
		reg_write(f, REG_R300_VAP_PVS_VECTOR_INDX_REG, data[0] | (uint32_t)data[1] << 8);
		reg_write(f, REG_R300_VAP_PVS_UPLOAD_DATA, get32(data + 2));
	}
	count = size / 4 < MAX_DWORDS ? (uint32_t)(size / 4) : MAX_DWORDS;
	if (way == 0) {
		ring_emit(f, PKT3(PACKET3_3D_DRAW_IMMD_2, 1 + count));
		ring_emit(f, cntl);
		for (uint32_t i = 0; i < count; i++)
			ring_emit(f, get32(data + i * 4));
	} else {
		memcpy(f->low + IB_PAGE * 4096, data, count * 4);
		emit_arrays(f);
		ring_emit(f, PKT3(way == 1 ? PACKET3_3D_DRAW_VBUF_2 : PACKET3_3D_DRAW_INDX_2, 1));
		ring_emit(f, cntl);
		ring_emit(f, PKT3(PACKET3_INDX_BUFFER, 3));
		ring_emit(f, 0);
		ring_emit(f, IB_MC);
		ring_emit(f, count);
	}
	ring_run(f);
	return 0;
}
