/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Display side: CRTCs, cursor, DDC, scan-out. See crtc.c, ddc.c, scanout.c. */
#ifndef LAB_DISPLAY_H
#define LAB_DISPLAY_H

#include "core/card.h"

/* crtc.c: the display clock. Times are CLOCK_MONOTONIC nanoseconds. */
uint64_t display_next_event(struct card *card);	/* UINT64_MAX: none */
void display_tick(struct card *card, uint64_t now);

/**
 * struct scanout - one frame as a monitor would show it.
 * @width: pixels
 * @height: lines
 * @rgb: 3 bytes per pixel, R first, rows without padding; free() it
 */
struct scanout {
	unsigned int width, height;
	uint8_t *rgb;
};

/* scanout.c; return 0 or a negative errno (-ENODEV: the CRTC is off) */
int scanout_frame(struct card *card, unsigned int crtc, struct scanout *out);
int scanout_png(struct card *card, unsigned int crtc, const char *path);

extern const struct block pll_block, display_block;

/* edid.c: made from readable tables */
void edid_build(const struct card_info *info, unsigned int connector,
		uint8_t edid[128]);

#endif
