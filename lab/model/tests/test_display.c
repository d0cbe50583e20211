// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The display clock: line, frame counter, vertical blank, interrupt and flip as
 * radeon reads them, and the bounds that keep a guest from making a storm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "display_fixture.h"
#include "core/regs.h"

#define LINE_NS		(MODE_PERIOD / MODE_VTOTAL)
#define LEAD		8	/* lines: 8192 pixels of 1024, r100_bandwidth_update() */
#define VBLANK_LINE	(MODE_VDISP - 1 - LEAD)
#define PENDING		(1u << 30)
#define LOCK		(1u << 31)

static int setup(void **state)
{
	*state = display_card("rv370");
	return 0;
}

static int teardown(void **state)
{
	card_free(*state);
	return 0;
}

static unsigned int line(struct card *card, unsigned int n)
{
	return rd(card, REG_CRTC_VLINE_CRNT_VLINE + n * CRTC_STRIDE) >> 16 & 0x7ff;
}

static uint32_t frame(struct card *card, unsigned int n)
{
	return rd(card, REG_CRTC_CRNT_FRAME + n * CRTC_STRIDE);
}

static bool vblank(struct card *card, unsigned int n)
{
	return rd(card, n ? REG_CRTC2_STATUS : REG_CRTC_STATUS) & 1;
}

static void line_and_frame_follow_the_clock(void **state)
{
	struct card *card = *state;

	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		uint64_t start = test_now;
		uint32_t first;

		mode_1024x768(card, n);
		first = frame(card, n);
		for (unsigned int f = 0; f < 3; f++)
			for (unsigned int l = 0; l < MODE_VTOTAL; l += 13) {
				test_now = start + f * MODE_PERIOD + l * LINE_NS +
					   LINE_NS / 2;
				assert_int_equal(line(card, n), l);
				assert_int_equal(frame(card, n), first + f);
			}
	}
}

/*
 * The refresh follows the dividers, which RV100 has in other bits; 72 Hz, as a
 * PLL that is not understood gives 60.
 */
static void refresh_follows_the_pll(void **state)
{
	static const char *const names[] = { "rv370", "rv100" };
	const uint64_t period = MODE_PERIOD * 260 / 312;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		struct card *card = display_card(names[i / 2]);
		unsigned int n = i % 2;
		uint32_t first;

		mode_1024x768(card, n);
		pll_wr(card, n ? PLL_P2PLL_DIV_0 : PLL_PPLL_DIV_3, 2u << 16 | 312);
		first = frame(card, n);
		test_now += period - LINE_NS;
		assert_int_equal(frame(card, n), first);
		test_now += 2 * LINE_NS;
		assert_int_equal(frame(card, n), first + 1);
		card_free(card);
	}
}

/*
 * radeon_get_crtc_scanoutpos() with the driver's early start of the vertical
 * blank; returns the position and whether it is in the blank.
 */
static int scanoutpos(struct card *card, bool *in_vblank)
{
	int start = (int)(rd(card, REG_CRTC_V_TOTAL_DISP) >> 16 & 0x7ff) - LEAD;
	int pos = (int)line(card, 0);

	*in_vblank = vblank(card, 0) && pos >= start;
	return pos - start;
}

/*
 * DRM pairs the driver's frame count with the time at which that frame's active
 * part starts. Whenever it looks, one count must have one time.
 */
static void count_and_timestamp_agree(void **state)
{
	struct card *card = *state;
	uint64_t start = test_now;
	uint32_t first;

	mode_1024x768(card, 0);
	first = frame(card, 0);
	for (uint64_t t = 0; t < 3 * MODE_PERIOD; t += LINE_NS / 3) {
		bool in_vblank;
		int64_t pos, time, expected;
		uint32_t count;

		test_now = start + t;
		count = frame(card, 0);
		pos = scanoutpos(card, &in_vblank);
		if (pos >= 0)
			count++;
		pos += (int)VBLANK_LINE;
		if (in_vblank)
			pos -= MODE_VTOTAL;
		time = (int64_t)t - pos * (int64_t)LINE_NS;
		expected = (int64_t)((count - first) * MODE_PERIOD);
		assert_true(llabs(time - expected) < 2 * (int64_t)LINE_NS);
	}
}

/* Line and status are read one after the other; the frame may end in between. */
static void status_belongs_to_the_line_read_before(void **state)
{
	struct card *card = *state;

	mode_1024x768(card, 0);
	test_now += MODE_PERIOD - LINE_NS / 2;
	assert_int_equal(line(card, 0), MODE_VTOTAL - 1);
	test_now += LINE_NS;
	assert_true(vblank(card, 0));
	assert_false(vblank(card, 0));		/* once only */

	test_now += MODE_PERIOD - LINE_NS;
	assert_int_equal(line(card, 0), MODE_VTOTAL - 1);
	test_now += MODE_PERIOD / 2;		/* much too late to belong to it */
	assert_false(vblank(card, 0));
}

static void vblank_interrupt(void **state)
{
	struct card *card = *state;
	static const uint32_t bit[] = { INT_CRTC_VBLANK, INT_CRTC2_VBLANK };

	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		uint32_t gen = n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL;
		uint32_t status = n ? REG_CRTC2_STATUS : REG_CRTC_STATUS;
		uint64_t due, before;

		assert_true(display_next_event(card) == UINT64_MAX);
		mode_1024x768(card, n);
		due = display_next_event(card);
		assert_true(due > test_now && due < test_now + MODE_PERIOD);

		test_now = due - 1;
		display_tick(card, test_now);
		assert_int_equal(rd(card, REG_GEN_INT_STATUS), 0);
		assert_false(rd(card, status) & 3);

		test_now = due;
		display_tick(card, test_now);
		assert_int_equal(rd(card, REG_GEN_INT_STATUS), bit[n]);
		assert_int_equal(rd(card, status), 3);
		assert_int_equal(line(card, n), VBLANK_LINE);
		assert_true(display_next_event(card) == due + MODE_PERIOD);
		wr(card, status, 2);
		assert_int_equal(rd(card, status), 1);

		/* A timer that comes late loses no frame and stays in phase. */
		wr(card, REG_GEN_INT_STATUS, bit[n]);
		before = card->stats.vblanks;
		test_now = due + 5 * MODE_PERIOD + 1;
		display_tick(card, test_now);
		assert_int_equal(card->stats.vblanks - before, 5);
		assert_true(display_next_event(card) == due + 6 * MODE_PERIOD);

		wr(card, gen, 0);
		wr(card, REG_GEN_INT_STATUS, bit[n]);
		test_now += 10 * MODE_PERIOD;
		display_tick(card, test_now);
		assert_int_equal(rd(card, REG_GEN_INT_STATUS), 0);
	}
}

static uint32_t shown(struct card *card, unsigned int n)
{
	return card->display->crtc[n].scan_offset;
}

/* r100_page_flip(): offset with the lock, pitch, wait for pending, unlock */
static void flip_waits_for_vblank(void **state)
{
	struct card *card = *state;

	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		uint32_t reg = REG_CRTC_OFFSET + n * CRTC_STRIDE;
		uint64_t flips;

		mode_1024x768(card, n);
		assert_int_equal(shown(card, n), 0);
		flips = card->stats.flips;
		test_now += 10 * LINE_NS;
		wr(card, reg, 0x100000 | LOCK);
		assert_int_equal(rd(card, reg), 0x100000 | LOCK | PENDING);

		/* A vertical blank with the lock held latches nothing. */
		test_now += MODE_PERIOD;
		display_tick(card, test_now);
		assert_int_equal(rd(card, reg), 0x100000 | LOCK | PENDING);
		assert_int_equal(shown(card, n), 0);

		wr(card, reg, 0x100000);
		assert_int_equal(rd(card, reg), 0x100000 | PENDING);
		assert_int_equal(shown(card, n), 0);
		test_now = display_next_event(card);
		assert_int_equal(rd(card, reg), 0x100000);
		assert_int_equal(shown(card, n), 0x100000);
		assert_int_equal(card->stats.flips - flips, 1);

		/* Pending while locked even if nothing changes. */
		wr(card, reg, 0x100000 | LOCK);
		assert_true(rd(card, reg) & PENDING);
		wr(card, reg, 0x200000);	/* unlocked in the blank: at once */
		assert_int_equal(rd(card, reg), 0x200000);
		assert_int_equal(shown(card, n), 0x200000);
		wr(card, n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL, 0);
	}
}

static void flip_without_timer(void **state)
{
	struct card *card = *state;

	mode_1024x768(card, 0);
	wr(card, REG_CRTC_OFFSET, 0x3000);
	wr(card, REG_CRTC_PITCH, 0x77);
	assert_int_equal(card->display->crtc[0].scan_pitch, MODE_HDISP / 8 * 0x10001u);
	test_now += MODE_PERIOD;	/* the blank is over */
	assert_int_equal(rd(card, REG_CRTC_OFFSET), 0x3000);
	assert_int_equal(card->display->crtc[0].scan_pitch, 0x77);
}

static void counter_never_runs_backwards(void **state)
{
	struct card *card = *state;
	uint32_t count;

	mode_1024x768(card, 0);
	test_now += 7 * MODE_PERIOD / 2;
	count = frame(card, 0);
	wr(card, REG_CRTC_GEN_CNTL, 0);
	assert_true(frame(card, 0) >= count);
	count = frame(card, 0);
	test_now += 100 * MODE_PERIOD;
	assert_int_equal(frame(card, 0), count);
	mode_1024x768(card, 0);
	assert_int_equal(frame(card, 0), count);

	/* 21 bits */
	test_now += MODE_PERIOD * ((1u << 21) - count) + 1;
	assert_int_equal(frame(card, 0), 0);
}

/* No register value gives a refresh outside of 10 to 200 Hz. */
static void refresh_is_bounded(void **state)
{
	struct card *card = *state;
	static const uint32_t totals[] = { 0, 1, 0x3ff, 0x7ff, ~0u };
	static const uint32_t divs[] = { 0, 1, 0x7ff, 0x50001, 0x707ff, ~0u };
	static const uint32_t refs[] = { 0, 1u << 18, ~0u };

	for (unsigned int h = 0; h < 5; h++)
		for (unsigned int v = 0; v < 5; v++)
			for (unsigned int d = 0; d < 6; d++)
				for (unsigned int r = 0; r < 3; r++) {
					uint64_t event;

					wr(card, REG_CRTC_H_TOTAL_DISP, totals[h]);
					wr(card, REG_CRTC_V_TOTAL_DISP, totals[v]);
					pll_wr(card, PLL_PPLL_DIV_3, divs[d]);
					pll_wr(card, PLL_PPLL_REF_DIV, refs[r]);
					wr(card, REG_CRTC_GEN_CNTL, 1u << 25);
					display_tick(card, test_now);
					event = display_next_event(card);
					assert_in_range(event - test_now, 0, 100000000);
					test_now = event;
					display_tick(card, test_now);
					assert_in_range(display_next_event(card) - event,
							5000000, 100000000);
					wr(card, REG_CRTC_GEN_CNTL, 0);
				}
}

static void pll_access(void **state)
{
	struct card *card = *state;

	/* radeon_pll_write_update() spins until this bit reads 0 */
	pll_wr(card, PLL_PPLL_REF_DIV, 0x8000 | 12u << 18);
	assert_int_equal(pll_rd(card, PLL_PPLL_REF_DIV), 12u << 18);
	pll_wr(card, PLL_P2PLL_REF_DIV, 0x800c);
	assert_int_equal(pll_rd(card, PLL_P2PLL_REF_DIV), 12);

	/* Without the write enable bit data is not written. */
	pll_wr(card, PLL_HTOTAL_CNTL, 5);
	wr8(card, REG_CLOCK_CNTL_INDEX, PLL_HTOTAL_CNTL);
	wr(card, REG_CLOCK_CNTL_DATA, 6);
	assert_int_equal(pll_rd(card, PLL_HTOTAL_CNTL), 5);

	/* The byte write left the divider selection alone. */
	assert_int_equal(rd(card, REG_CLOCK_CNTL_INDEX) & 0x300, 0x300);
}

static void what_is_connected(void **state)
{
	struct card *card = *state;

	wr(card, REG_DAC_CNTL, 0);
	assert_int_equal(rd(card, REG_DAC_CNTL), 0);
	wr(card, REG_DAC_CNTL, 1u << 3);
	assert_true(rd(card, REG_DAC_CNTL) & 1u << 7);		/* VGA */
	wr(card, REG_DAC_CNTL2, ~0u);
	assert_false(rd(card, REG_DAC_CNTL2) & 0xf00);		/* TV DAC */
	wr(card, REG_TV_DAC_CNTL, ~0u);
	assert_false(rd(card, REG_TV_DAC_CNTL) & 7u << 29);
	wr(card, REG_FP_GEN_CNTL, 0);
	assert_int_equal(rd(card, REG_FP_GEN_CNTL), 1u << 8);	/* DVI */
	wr(card, REG_FP2_GEN_CNTL, ~0u);
	assert_false(rd(card, REG_FP2_GEN_CNTL) & 1u << 8);
}

static void power_on_state(void **state)
{
	struct card *card = *state;

	/* radeon_card_posted() must not find an enabled CRTC. */
	assert_false((rd(card, REG_CRTC_GEN_CNTL) |
		      rd(card, REG_CRTC2_GEN_CNTL)) & 1u << 25);
	mode_1024x768(card, 0);
	wr(card, REG_CRTC_OFFSET, 0x1000 | LOCK);
	card_reset(card);
	assert_int_equal(rd(card, REG_CRTC_GEN_CNTL), 0);
	assert_int_equal(rd(card, REG_CRTC_OFFSET), 0);
	assert_true(display_next_event(card) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(line_and_frame_follow_the_clock),
		cmocka_unit_test(refresh_follows_the_pll),
		T(count_and_timestamp_agree),
		T(status_belongs_to_the_line_read_before),
		T(vblank_interrupt),
		T(flip_waits_for_vblank),
		T(flip_without_timer),
		T(counter_never_runs_backwards),
		T(refresh_is_bounded),
		T(pll_access),
		T(what_is_connected),
		T(power_on_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
