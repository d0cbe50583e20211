// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * EDID 1.3 of the monitors in the card's connectors, built from a table.
 *
 * Layout: VESA Enhanced EDID Standard, Release A, Revision 1. Both monitors
 * have the same modes; they differ in their name and in analog or digital input.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "display/display.h"
#include "display/display_blocks.h"

struct edid_mode {
	unsigned int clock_10khz;
	unsigned int hactive, hblank, hsync_off, hsync_width;
	unsigned int vactive, vblank, vsync_off, vsync_width;
	unsigned int width_mm, height_mm;
	bool hsync_positive, vsync_positive;
};

/* VESA DMT 10h: 1024x768 at 60 Hz */
static const struct edid_mode preferred = {
	.clock_10khz = 6500,
	.hactive = 1024, .hblank = 320, .hsync_off = 24, .hsync_width = 136,
	.vactive = 768, .vblank = 38, .vsync_off = 3, .vsync_width = 6,
	.width_mm = 304, .height_mm = 228,
};

#define ESTABLISHED_1	(1u << 5 | 1u << 0)	/* 640x480@60, 800x600@60 */
#define ESTABLISHED_2	(1u << 3)		/* 1024x768@60 */

static const struct {
	uint8_t vmin_hz, vmax_hz, hmin_khz, hmax_khz, clock_max_10mhz;
} range = { 50, 76, 30, 61, 8 };

#define INPUT_DIGITAL	0x80
#define INPUT_ANALOG	0x08	/* 0.7 V, separate syncs */
#define FEATURES	0x0a	/* RGB, first detailed timing is preferred */
#define GAMMA_2_2	120	/* (2.2 - 1) * 100 */

/* x and y of red, green, blue and white (sRGB), in 1/1024 */
static const uint16_t chroma[8] = { 655, 338, 307, 614, 154, 61, 320, 337 };

static void put_chroma(uint8_t *p)
{
	p[0] = p[1] = 0;
	for (unsigned int i = 0; i < 8; i++) {
		p[i / 4] |= (uint8_t)((chroma[i] & 3) << (6 - i % 4 * 2));
		p[2 + i] = (uint8_t)(chroma[i] >> 2);
	}
}

static void put_mode(uint8_t p[18], const struct edid_mode *m)
{
	p[0] = m->clock_10khz & 0xff;
	p[1] = (uint8_t)(m->clock_10khz >> 8);
	p[2] = m->hactive & 0xff;
	p[3] = m->hblank & 0xff;
	p[4] = (uint8_t)(m->hactive >> 8 << 4 | m->hblank >> 8);
	p[5] = m->vactive & 0xff;
	p[6] = m->vblank & 0xff;
	p[7] = (uint8_t)(m->vactive >> 8 << 4 | m->vblank >> 8);
	p[8] = m->hsync_off & 0xff;
	p[9] = m->hsync_width & 0xff;
	p[10] = (uint8_t)((m->vsync_off & 0xf) << 4 | (m->vsync_width & 0xf));
	p[11] = (uint8_t)(m->hsync_off >> 8 << 6 | m->hsync_width >> 8 << 4 |
			  m->vsync_off >> 4 << 2 | m->vsync_width >> 4);
	p[12] = m->width_mm & 0xff;
	p[13] = m->height_mm & 0xff;
	p[14] = (uint8_t)(m->width_mm >> 8 << 4 | m->height_mm >> 8);
	p[15] = p[16] = 0;	/* no border */
	p[17] = (uint8_t)(0x18 | m->vsync_positive << 2 | m->hsync_positive << 1);
}

/* A text descriptor: 13 characters, ended by a newline if shorter */
static void put_text(uint8_t p[18], uint8_t tag, const char *text)
{
	size_t len = strnlen(text, 13);

	p[3] = tag;
	memset(p + 5, ' ', 13);
	memcpy(p + 5, text, len);
	if (len < 13)
		p[5 + len] = '\n';
}

static void put_range(uint8_t p[18])
{
	p[3] = 0xfd;
	p[5] = range.vmin_hz;
	p[6] = range.vmax_hz;
	p[7] = range.hmin_khz;
	p[8] = range.hmax_khz;
	p[9] = range.clock_max_10mhz;
	p[10] = 0;	/* default GTF, no secondary formula */
	p[11] = '\n';
	memset(p + 12, ' ', 6);
}

/**
 * edid_build() - make the EDID of the monitor in a connector
 * @info: kind of card; it gives the monitor its name, e.g. "RV370 VGA"
 * @connector: index in connectors[]
 * @edid: where the 128 bytes go
 */
void edid_build(const struct card_info *info, unsigned int connector,
		uint8_t edid[128])
{
	static const uint8_t header[8] = { 0, 255, 255, 255, 255, 255, 255, 0 };
	const struct connector *c = &connectors[connector];
	uint16_t vendor = ('L' - '@') << 10 | ('A' - '@') << 5 | ('B' - '@');
	char name[14];
	uint8_t sum = 0;

	memset(edid, 0, EDID_SIZE);
	memcpy(edid, header, sizeof(header));
	edid[8] = (uint8_t)(vendor >> 8);
	edid[9] = vendor & 0xff;
	edid[10] = info->pci_device & 0xff;
	edid[11] = (uint8_t)(info->pci_device >> 8);
	edid[12] = (uint8_t)(connector + 1);	/* serial number */
	edid[16] = 1;				/* week */
	edid[17] = 2026 - 1990;
	edid[18] = 1;
	edid[19] = 3;
	edid[20] = c->digital ? INPUT_DIGITAL : INPUT_ANALOG;
	edid[21] = (uint8_t)(preferred.width_mm / 10);
	edid[22] = (uint8_t)(preferred.height_mm / 10);
	edid[23] = GAMMA_2_2;
	edid[24] = FEATURES;
	put_chroma(edid + 25);
	edid[35] = ESTABLISHED_1;
	edid[36] = ESTABLISHED_2;
	memset(edid + 38, 1, 16);		/* standard timings: unused */

	snprintf(name, sizeof(name), "%s %s", info->name, c->name);
	for (char *p = name; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	put_mode(edid + 54, &preferred);
	put_text(edid + 72, 0xfc, name);
	put_range(edid + 90);
	put_text(edid + 108, 0xfe, "software card");

	for (unsigned int i = 0; i < EDID_SIZE - 1; i++)
		sum += edid[i];
	edid[EDID_SIZE - 1] = (uint8_t)-sum;
}
