// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Hostile values in the registers of the display side: random writes and reads
 * with time passing in between, then both CRTCs' frames are composed.
 *
 * Input: records of eight bytes: register (16 bits, mapped to the display
 * blocks), width and direction (8), time step (8), value (32).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "core/regs.h"

struct record {
	uint16_t reg;
	uint8_t access;
	uint8_t step;
	uint32_t val;
};

static uint64_t now;

static uint64_t fuzz_clock(void)
{
	return now;
}

/* Most accesses go where the CRTCs, cursors and palettes are. */
static uint32_t reg_offset(uint16_t reg)
{
	static const struct { uint16_t first, last; } ranges[] = {
		{ REG_CLOCK_CNTL_INDEX, REG_CLOCK_CNTL_DATA },
		{ REG_CRTC_GEN_CNTL, REG_DAC_CNTL2 },
		{ REG_PALETTE_INDEX, REG_PALETTE_30_DATA },
		{ REG_CRTC_H_TOTAL_DISP, REG_FP_VERT_STRETCH },
		{ REG_CRTC2_H_TOTAL_DISP, REG_CRTC2_STATUS },
		{ REG_MC_FB_LOCATION, REG_MC_FB_LOCATION },
		{ REG_GEN_INT_CNTL, REG_GEN_INT_STATUS },
		{ REG_TV_DAC_CNTL, REG_TV_DAC_CNTL },
	};
	unsigned int r = reg % (sizeof(ranges) / sizeof(ranges[0]));
	uint32_t span = ranges[r].last - ranges[r].first + 4u;

	return ranges[r].first + (reg >> 3) % span;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct card *card;
	struct record rec;

	if (!card) {
		card = card_new(card_info_find("rv370"), -1);
		if (!card)
			abort();
		card->display->clock = fuzz_clock;
	}
	now = 1000000000;
	card_reset(card);
	for (; size >= sizeof(rec); data += sizeof(rec), size -= sizeof(rec)) {
		uint32_t off, len;

		memcpy(&rec, data, sizeof(rec));
		off = reg_offset(rec.reg);
		len = 1u << (rec.access >> 1 & 3);
		if (rec.access & 1)
			card_bar_read(card, 2, off, &(uint64_t){ 0 }, len);
		else
			card_bar_write(card, 2, off,
				       &(uint64_t){ rec.val * 0x100000001ull },
				       len);
		now += (uint64_t)rec.step << (rec.access >> 3);
		if (rec.step & 1)
			display_tick(card, now);
	}
	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		struct scanout frame;
		uint64_t event = display_next_event(card);

		if (event != UINT64_MAX) {
			display_tick(card, event);
			/* a CRTC has at most 200 frames a second */
			now = event;
			if (display_next_event(card) <= event)
				abort();
		}
		if (!scanout_frame(card, n, &frame))
			free(frame.rgb);
	}
	return 0;
}
