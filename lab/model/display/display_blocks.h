/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the display blocks share among themselves: their state, and the facts
 * that more than one of them needs (connectors, clocks). Outside of the display
 * side use display.h.
 */
#ifndef LAB_DISPLAY_BLOCKS_H
#define LAB_DISPLAY_BLOCKS_H

#include "core/card.h"

#define CRTC_COUNT	2u
#define CRTC_STRIDE	0x100u	/* from a register of CRTC1 to that of CRTC2 */
#define DDC_COUNT	4u
#define EDID_SIZE	128u

/*
 * Clocks. pll.c has them as power-on divider values, combios.c puts them into
 * the PLL table; radeon_get_clock_info() may take them from either.
 */
#define REF_CLOCK_10KHZ	2700u	/* crystal: 27 MHz */
#define REF_DIV		12u
#define SPLL_FB_DIV	72u
#define MPLL_FB_DIV	44u
#define PLL_OUT_10KHZ(fb_div)	(2 * (fb_div) * REF_CLOCK_10KHZ / REF_DIV)

/**
 * struct connector - a socket on the card's bracket, with a monitor in it.
 * @name: for the monitor's name
 * @combios: entry in the COMBIOS connector table: type << 12 | DDC << 8 |
 *	external TMDS << 4 | TV DAC, see radeon_get_legacy_connector_info_from_bios()
 * @ddc_reg: register of its DDC lines, as combios_setup_i2c_bus() derives it
 * @digital: the monitor takes TMDS
 */
struct connector {
	const char *name;
	uint16_t combios;
	uint16_t ddc_reg;
	bool digital;
};

#define CONNECTOR_COUNT	2u
extern const struct connector connectors[CONNECTOR_COUNT];	/* connector.c */

/**
 * struct crtc_timing - what the timing registers and the PLL come to.
 * @running: the CRTC is enabled
 * @vtotal: lines per frame, blanking included, at least 1
 * @vblank_line: line in which the vertical blank begins, below @vtotal
 * @period: length of a frame in nanoseconds
 */
struct crtc_timing {
	bool running;
	unsigned int vtotal;
	unsigned int vblank_line;
	uint64_t period;
};

/**
 * struct crtc - one CRTC. Times are CLOCK_MONOTONIC nanoseconds.
 * @timing: timing in force since @start
 * @start: when line 0 of frame @first_frame began
 * @first_frame: value of the frame counter at @start
 * @next_vblank: when the next vertical blank begins
 * @vblank_save: sticky status bit: there was a vertical blank
 * @vblank_held: the vertical blank bit that belongs to the last read of the line
 * @held_until: until when the next status read gets @vblank_held
 * @offset: scan-out offset as written
 * @locked: the update lock is held
 * @pending: offset or pitch were written and are not latched yet
 * @scan_offset: offset in use
 * @scan_pitch: pitch register in use
 */
struct crtc {
	struct crtc_timing timing;
	uint64_t start;
	uint32_t first_frame;
	uint64_t next_vblank;
	bool vblank_save;
	bool vblank_held;
	uint64_t held_until;
	uint32_t offset;
	bool locked;
	bool pending;
	uint32_t scan_offset;
	uint32_t scan_pitch;
};

/**
 * struct cursor - cursor registers in use.
 * @offset: CUR_OFFSET
 * @posn: CUR_HORZ_VERT_POSN
 * @origin: CUR_HORZ_VERT_OFF
 */
struct cursor {
	uint32_t offset, posn, origin;
};

/** enum i2c_phase - what an I2C slave expects of the bus. */
enum i2c_phase {
	I2C_IDLE,	/* not addressed */
	I2C_ADDRESS,	/* receives the address byte */
	I2C_OFFSET,	/* receives the offset into the EEPROM */
	I2C_DATA,	/* receives bytes to write, all ignored */
	I2C_SEND,	/* sends bytes */
};

/**
 * struct ddc_bus - one pair of DDC lines, and the EEPROM at their other end.
 * @scl: clock line
 * @sda: data line as the card leaves it (true: not pulled low)
 * @present: a monitor is connected
 * @edid: contents of its EEPROM
 * @phase: the EEPROM's protocol state
 * @bits: clock pulses of the current byte that have ended
 * @clocked: the clock has been high since the last bit
 * @shift: byte received or sent
 * @pull_low: the EEPROM pulls the data line low
 * @nack: the card did not acknowledge the last byte sent
 * @pointer: offset of the next byte
 */
struct ddc_bus {
	bool scl, sda;
	bool present;
	uint8_t edid[EDID_SIZE];
	enum i2c_phase phase;
	unsigned int bits;
	bool clocked;
	uint8_t shift;
	bool pull_low;
	bool nack;
	uint8_t pointer;
};

/**
 * struct display - state of the display side, protected by &card.lock.
 * @clock: CLOCK_MONOTONIC in nanoseconds; unit tests put their own here
 * @lut: palette of each CRTC, 10 bits per component, red highest
 */
struct display {
	uint64_t (*clock)(void);
	struct crtc crtc[CRTC_COUNT];
	struct cursor cursor[CRTC_COUNT];
	struct ddc_bus ddc[DDC_COUNT];
	uint32_t lut[CRTC_COUNT][256];
};

/* All run with &card.lock held, except _init, which runs before the card is shared. */
uint64_t pll_pixel_clock(struct card *card, unsigned int crtc);	/* pll.c */

void crtc_init(struct card *card);				/* crtc.c */
void crtc_reset(struct card *card);
void crtc_sync(struct card *card, unsigned int n, uint64_t now);

void cursor_init(struct card *card);				/* cursor.c */

void dac_init(struct card *card);				/* dac.c */
void dac_reset(struct card *card);

void ddc_init(struct card *card);				/* ddc.c */
void ddc_reset(struct card *card);

#endif
