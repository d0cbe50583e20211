// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Shared by the tests of the display side: register accesses take the way of
 * the guest's CPU, through the BAR.
 */
#include <assert.h>
#include <stddef.h>

#include "display/display_blocks.h"
#include "display_fixture.h"
#include "core/regs.h"

uint64_t test_now;

static uint64_t test_clock(void)
{
	return test_now;
}

struct card *display_card(const char *name)
{
	struct card *card = card_new(card_info_find(name), -1);

	assert(card);
	card->display->clock = test_clock;
	test_now = 1000000;
	return card;
}

uint32_t rd(struct card *card, uint32_t reg)
{
	uint32_t val;

	assert(!card_bar_read(card, 2, reg, &val, sizeof(val)));
	return val;
}

void wr(struct card *card, uint32_t reg, uint32_t val)
{
	assert(!card_bar_write(card, 2, reg, &val, sizeof(val)));
}

void wr8(struct card *card, uint32_t off, uint8_t val)
{
	assert(!card_bar_write(card, 2, off, &val, sizeof(val)));
}

/* r100_pll_rreg() and r100_pll_wreg(): the index is written as a byte */
uint32_t pll_rd(struct card *card, unsigned int index)
{
	wr8(card, REG_CLOCK_CNTL_INDEX, (uint8_t)index);
	return rd(card, REG_CLOCK_CNTL_DATA);
}

void pll_wr(struct card *card, unsigned int index, uint32_t val)
{
	wr8(card, REG_CLOCK_CNTL_INDEX, (uint8_t)(index | 0x80));
	wr(card, REG_CLOCK_CNTL_DATA, val);
}

static void set_timing(struct card *card, unsigned int n, unsigned int htotal,
		       unsigned int hdisp, unsigned int vtotal,
		       unsigned int vdisp)
{
	uint32_t stride = n * CRTC_STRIDE;

	wr(card, REG_CRTC_H_TOTAL_DISP + stride,
	   (hdisp / 8 - 1) << 16 | (htotal / 8 - 1));
	wr(card, REG_CRTC_V_TOTAL_DISP + stride, (vdisp - 1) << 16 | (vtotal - 1));
	wr(card, REG_CRTC_PITCH + stride, hdisp / 8 | hdisp / 8 << 16);
}

void mode_1024x768(struct card *card, unsigned int n)
{
	uint32_t div = 2u << 16 | 260;	/* 27 MHz * 260 / 27 / 4 = 65 MHz */

	set_timing(card, n, MODE_HTOTAL, MODE_HDISP, MODE_VTOTAL, MODE_VDISP);
	if (n) {
		pll_wr(card, PLL_P2PLL_REF_DIV, 27);
		pll_wr(card, PLL_P2PLL_DIV_0, div);
	} else {
		pll_wr(card, PLL_PPLL_REF_DIV,
		       card->info->family->generation >= GENERATION_R300 ? 27u << 18 : 27);
		pll_wr(card, PLL_PPLL_DIV_3, div);
	}
	wr(card, n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL, 1u << 25 | 6 << 8);
}

void mode_small(struct card *card, unsigned int n, unsigned int width,
		unsigned int height, unsigned int format, uint32_t offset)
{
	uint32_t stride = n * CRTC_STRIDE;

	wr(card, REG_MC_FB_LOCATION, 0xe3ffe000);
	wr(card, REG_DISPLAY_BASE_ADDR + stride, 0xe0000000);
	set_timing(card, n, width + 64, width, height + 30, height);
	wr(card, REG_CRTC_OFFSET + stride, offset);
	wr(card, n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL,
	   1u << 25 | format << 8);
}
