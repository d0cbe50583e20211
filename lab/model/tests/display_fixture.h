/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A card whose display clock the test moves by hand, and a mode set on it. */
#ifndef LAB_DISPLAY_FIXTURE_H
#define LAB_DISPLAY_FIXTURE_H

#include "core/card.h"

extern uint64_t test_now;	/* nanoseconds: the card's clock */

struct card *display_card(const char *name);
uint32_t rd(struct card *card, uint32_t reg);
void wr(struct card *card, uint32_t reg, uint32_t val);
void wr8(struct card *card, uint32_t off, uint8_t val);
uint32_t pll_rd(struct card *card, unsigned int index);
void pll_wr(struct card *card, unsigned int index, uint32_t val);

/* 1024x768 at 60 Hz, as radeon_legacy_crtc.c programs it; then switch it on */
#define MODE_HTOTAL	1344u
#define MODE_HDISP	1024u
#define MODE_VTOTAL	806u
#define MODE_VDISP	768u
#define MODE_PERIOD	(MODE_HTOTAL * (uint64_t)MODE_VTOTAL * 1000 / 65)
void mode_1024x768(struct card *card, unsigned int n);
/* Any size of the frame; format as in CRTC_GEN_CNTL; linear at @offset of VRAM */
void mode_small(struct card *card, unsigned int n, unsigned int width,
		unsigned int height, unsigned int format, uint32_t offset);

#endif
