// SPDX-License-Identifier: GPL-2.0 OR MIT
/* See draw_fixture.h. */
#include "draw_fixture.h"

#include <string.h>

#include "core/regs.h"

/* Write a register by a packet. */
void draw_reg(struct fixture *f, uint32_t off, uint32_t val)
{
	ring_emit(f, PKT0(off, 1));
	ring_emit(f, val);
}

void draw_setup(struct fixture *f)
{
	static const struct {
		uint32_t off, val;
	} state[] = {
		/* No program: a vertex is its position and a colour, four floats each. */
		{ REG_R300_VAP_CNTL_STATUS, 1u << 8 },
		{ REG_R300_VAP_PROG_STREAM_CNTL_0, 3u | (3u | 2u << 8 | 1u << 13) << 16 },
		{ REG_R300_VAP_PROG_STREAM_CNTL_EXT_0, 0xf688f688u },
		{ REG_R300_VAP_VTX_SIZE, VERTEX_DWORDS },
		{ REG_R300_VAP_VF_MAX_VTX_INDX, 0xffffff },
		{ REG_R300_VAP_VTE_CNTL, 3u << 8 },
		{ REG_R300_VAP_CLIP_CNTL, 1u << 16 },
		/* The colour goes to register 0, and from there out. */
		{ REG_R300_RS_INST_COUNT, 0 },
		{ REG_R300_RS_INST_0, 1u << 14 },
		{ REG_R300_US_ALU_RGB_ADDR_0, 7u << 26 },
		{ REG_R300_US_ALU_ALPHA_ADDR_0, 1u << 24 },
		{ REG_R300_US_ALU_RGB_INST_0, 21u << 7 | 20u << 14 },
		{ REG_R300_US_ALU_ALPHA_INST_0, 9u | 17u << 7 | 16u << 14 },
		{ REG_R300_US_OUT_FMT_0, 0x1b00 },
		{ REG_R300_RB3D_COLOROFFSET0, FB_MC + COLOR_VRAM },
		{ REG_R300_RB3D_COLORPITCH0, 6u << 21 | TARGET_SIZE },
		{ REG_R300_RB3D_COLOR_CHANNEL_MASK, 15 },
		{ REG_R300_ZB_FORMAT, 2 },
		{ REG_R300_ZB_DEPTHOFFSET, FB_MC + DEPTH_VRAM },
		{ REG_R300_ZB_DEPTHPITCH, TARGET_SIZE },
		{ REG_R300_SC_CLIP_RULE, 0xffff },
		{ REG_R300_SC_SCISSORS_TL, SCISSOR(0u, 0u) },
		{ REG_R300_SC_SCISSORS_BR, SCISSOR(TARGET_SIZE - 1, TARGET_SIZE - 1) },
	};

	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		draw_reg(f, state[i].off, state[i].val);
}

void draw_vertices(struct fixture *f, uint32_t kind, const float (*v)[VERTEX_DWORDS],
		   uint32_t count)
{
	uint32_t dword;

	ring_emit(f, PKT3(PACKET3_3D_DRAW_IMMD_2, 1 + count * VERTEX_DWORDS));
	ring_emit(f, kind | EMBEDDED | VERTICES(count));
	for (uint32_t i = 0; i < count * VERTEX_DWORDS; i++) {
		memcpy(&dword, (const float *)v + i, sizeof(dword));
		ring_emit(f, dword);
	}
}

uint32_t draw_pixel(struct fixture *f, unsigned int x, unsigned int y)
{
	uint32_t pixel;

	memcpy(&pixel, f->card->vram + COLOR_VRAM + (y * TARGET_SIZE + x) * 4, sizeof(pixel));
	return pixel;
}
