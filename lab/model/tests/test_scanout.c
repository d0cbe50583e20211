// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What a monitor would show: pixel formats, pitch and base, palette, cursor,
 * and addresses that a guest should not have given.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "display_fixture.h"
#include "core/regs.h"

#define W	64u
#define H	16u
#define FB	0x20000u	/* of the framebuffer in VRAM */
#define CUR	0x40000u	/* of the cursor image */
#define CURSOR_ON	(1u << 16 | 2u << 20)

static struct card *card;

static int setup(void **state)
{
	(void)state;
	card = display_card("rv370");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	card_free(card);
	return 0;
}

static void put(uint32_t addr, uint32_t val, size_t bytes)
{
	memcpy(card->vram + addr, &val, bytes);
}

/* One pixel of the frame, 0xrrggbb */
static uint32_t pixel(unsigned int n, unsigned int x, unsigned int y)
{
	struct scanout frame;
	const uint8_t *p;
	uint32_t rgb;

	assert_int_equal(scanout_frame(card, n, &frame), 0);
	assert_true(x < frame.width && y < frame.height);
	p = frame.rgb + (y * frame.width + x) * 3;
	rgb = (uint32_t)(p[0] << 16 | p[1] << 8 | p[2]);
	free(frame.rgb);
	return rgb;
}

static uint32_t gen_cntl(unsigned int n)
{
	return n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL;
}

static void formats(void **state)
{
	static const struct {
		unsigned int format, bytes;
		uint32_t value, rgb;
	} tests[] = {
		{ 2, 1, 0x5a, 0x5a5a5a },
		{ 3, 2, 0x1f << 10, 0xff0000 },
		{ 3, 2, 0x1f << 5, 0x00ff00 },
		{ 3, 2, 0x8010, 0x000084 },
		{ 4, 2, 0x1f << 11, 0xff0000 },
		{ 4, 2, 0x3f << 5, 0x00ff00 },
		{ 4, 2, 1 << 5 | 0x10, 0x000484 },
		{ 5, 3, 0x123456, 0x123456 },
		{ 6, 4, 0xff123456, 0x123456 },
	};

	(void)state;
	for (unsigned int n = 0; n < CRTC_COUNT; n++)
		for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
			uint32_t at = FB + (3 * W + 5) * tests[i].bytes;
			struct scanout frame;

			wr(card, gen_cntl(n), 0);
			mode_small(card, n, W, H, tests[i].format, FB);
			assert_int_equal(scanout_frame(card, n, &frame), 0);
			assert_int_equal(frame.width, W);
			assert_int_equal(frame.height, H);
			free(frame.rgb);
			put(at, tests[i].value, tests[i].bytes);
			assert_int_equal(pixel(n, 5, 3), tests[i].rgb);
			assert_int_equal(pixel(n, 4, 3), 0);
			assert_int_equal(pixel(n, 6, 3), 0);
			put(at, 0, tests[i].bytes);
		}
}

/* A wide surface panned into; the fault takes the pitch for more. */
static void pitch_and_pan(void **state)
{
	(void)state;
	mode_small(card, 0, W, H, 6, FB);
	wr(card, gen_cntl(0), 0);
	wr(card, REG_CRTC_PITCH, 2 * W / 8);
	wr(card, REG_CRTC_OFFSET, FB + 4 * (2 * W * 7 + 8));
	wr(card, gen_cntl(0), 1u << 25 | 6 << 8);
	put(FB + 4 * (2 * W * 9 + 11), 0x00abcdef, 4);
	assert_int_equal(pixel(0, 3, 2), 0xabcdef);
	card->faults = 1u << FAULT_INDEX_SCANOUT_PITCH;
	assert_int_equal(pixel(0, 3, 2), 0);
	card->faults = 0;
}

static void double_scan(void **state)
{
	(void)state;
	mode_small(card, 0, W, H, 6, FB);
	wr(card, gen_cntl(0), 1u << 25 | 6 << 8 | 1);
	put(FB + 4 * W, 0x112233, 4);
	assert_int_equal(pixel(0, 0, 1), 0);
	assert_int_equal(pixel(0, 0, 2), 0x112233);
	assert_int_equal(pixel(0, 0, 3), 0x112233);
	assert_int_equal(pixel(0, 0, 4), 0);
}

/* legacy_crtc_load_lut(): CRTC by DAC_CNTL2, index by a byte, 30-bit entries */
static void palette_per_crtc(void **state)
{
	(void)state;
	mode_small(card, 0, W, H, 2, FB);
	mode_small(card, 1, W, H, 2, FB);
	put(FB, 0x0201, 2);
	for (uint32_t n = 0; n < CRTC_COUNT; n++) {
		wr(card, REG_DAC_CNTL2, n << 5);
		wr8(card, REG_PALETTE_INDEX, 1);
		wr(card, REG_PALETTE_30_DATA,
		   0x3ffu << 20 | 0x200u << 10 | (n + 1) << 2);
		wr(card, REG_PALETTE_DATA, 0x102030 + n);
	}
	assert_int_equal(pixel(0, 0, 0), 0xff8001);
	assert_int_equal(pixel(0, 1, 0), 0x102030);
	assert_int_equal(pixel(1, 0, 0), 0xff8002);
	assert_int_equal(pixel(1, 1, 0), 0x102031);
	assert_int_equal(pixel(0, 2, 0), 0);

	/* and back, by the read index */
	wr(card, REG_PALETTE_INDEX, 1u << 16);
	assert_int_equal(rd(card, REG_PALETTE_30_DATA), 0x3ff80008);
	assert_int_equal(rd(card, REG_PALETTE_DATA), 0x102031);
}

static void gamma_in_true_colour(void **state)
{
	(void)state;
	mode_small(card, 0, W, H, 6, FB);
	put(FB, 0x804020, 4);
	wr8(card, REG_PALETTE_INDEX, 0x40);
	wr(card, REG_PALETTE_DATA, 0xffeedd);
	assert_int_equal(pixel(0, 0, 0), 0x80ee20);
}

static void cursor_place(unsigned int n, uint32_t x, uint32_t y, uint32_t left,
			 uint32_t top)
{
	uint32_t s = n * CRTC_STRIDE;

	/* radeon_cursor_move_locked() */
	wr(card, REG_CUR_OFFSET + s, rd(card, REG_CUR_OFFSET + s) | 1u << 31);
	wr(card, REG_CUR_HORZ_VERT_OFF + s, 1u << 31 | left << 16 | top);
	wr(card, REG_CUR_HORZ_VERT_POSN + s, 1u << 31 | x << 16 | y);
	wr(card, REG_CUR_OFFSET + s, CUR + top * 256);
}

static void cursor_on_both(void **state)
{
	(void)state;
	put(CUR, 0xff0000ff, 4);		/* corner: blue, opaque */
	put(CUR + 4, 0x80400000, 4);		/* half red over what is there */
	put(CUR + 256, 0x00000000, 4);		/* transparent */
	put(CUR + 63 * 256 + 63 * 4, 0xff00ff00, 4);
	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		uint32_t gen = 1u << 25 | 6 << 8;

		mode_small(card, n, 128, 128, 6, FB);
		put(FB + 4 * (128 * 5 + 11), 0x00c000, 4);
		put(FB + 4 * (128 * 6 + 10), 0x777777, 4);
		cursor_place(n, 10, 5, 0, 0);
		assert_int_equal(pixel(n, 10, 5), 0);	/* not enabled */
		wr(card, gen_cntl(n), gen | CURSOR_ON);
		assert_int_equal(pixel(n, 10, 5), 0x0000ff);
		assert_int_equal(pixel(n, 11, 5), 0x406000);
		assert_int_equal(pixel(n, 10, 6), 0x777777);
		assert_int_equal(pixel(n, 73, 68), 0x00ff00);
		assert_int_equal(pixel(n, 9, 5), 0);

		/* Beyond the left and top edge: columns and lines are cut. */
		cursor_place(n, 0, 0, 63, 63);
		assert_int_equal(pixel(n, 0, 0), 0x00ff00);
		assert_int_equal(pixel(n, 1, 0), 0);
		assert_int_equal(pixel(n, 0, 1), 0);

		/* Half out at the right and bottom. */
		cursor_place(n, 127, 127, 0, 0);
		assert_int_equal(pixel(n, 127, 127), 0x0000ff);
	}
}

static void cursor_lock(void **state)
{
	(void)state;
	put(CUR, 0xff0000ff, 4);
	mode_small(card, 0, W, H, 6, FB);
	wr(card, gen_cntl(0), 1u << 25 | 6 << 8 | CURSOR_ON);
	cursor_place(0, 10, 5, 0, 0);
	wr(card, REG_CUR_OFFSET, CUR | 1u << 31);
	wr(card, REG_CUR_HORZ_VERT_POSN, 1u << 31 | 20u << 16 | 5);
	assert_int_equal(pixel(0, 10, 5), 0x0000ff);
	assert_int_equal(pixel(0, 20, 5), 0);
	wr(card, REG_CUR_OFFSET, CUR);
	assert_int_equal(pixel(0, 10, 5), 0);
	assert_int_equal(pixel(0, 20, 5), 0x0000ff);
}

static void off_and_blank(void **state)
{
	struct scanout frame;

	(void)state;
	assert_int_equal(scanout_frame(card, 0, &frame), -ENODEV);
	assert_int_equal(scanout_frame(card, 2, &frame), -EINVAL);
	mode_small(card, 0, W, H, 6, FB);
	mode_small(card, 1, W, H, 6, FB);
	put(FB, 0x112233, 4);
	wr(card, REG_CRTC_EXT_CNTL, 1u << 10);
	wr(card, gen_cntl(1), 1u << 25 | 6 << 8 | 1u << 23);
	assert_int_equal(pixel(0, 0, 0), 0);
	assert_int_equal(pixel(1, 0, 0), 0);
	wr(card, REG_CRTC_EXT_CNTL, 0);
	wr(card, gen_cntl(1), 1u << 25 | 6 << 8 | 1u << 26);
	assert_int_equal(pixel(0, 0, 0), 0x112233);
	assert_int_equal(pixel(1, 0, 0), 0);
	/* a format that does not exist */
	wr(card, gen_cntl(0), 1u << 25 | 15 << 8);
	assert_int_equal(pixel(0, 0, 0), 0);
}

/* The largest frame, with cursor, at addresses in, across and beyond VRAM. */
static void hostile_addresses(void **state)
{
	static const uint32_t bases[] = { 0, 0xdfffffff, 0xe0000000, 0xe3ffffff,
					  0xe4000000, ~0u };
	static const uint32_t offsets[] = { 0, 0x03fffffc, 0x03ffffff, ~0u };

	(void)state;
	mode_small(card, 0, W, H, 6, FB);
	put(card->info->vram_size - 4, 0x112233, 4);
	for (unsigned int b = 0; b < 6; b++)
		for (unsigned int o = 0; o < 4; o++) {
			struct scanout frame;

			wr(card, gen_cntl(0), 0);
			wr(card, REG_DISPLAY_BASE_ADDR, bases[b]);
			wr(card, REG_CRTC_OFFSET, offsets[o] & ~(1u << 31));
			wr(card, REG_CRTC_PITCH, 0x7ff);
			wr(card, REG_CUR_OFFSET, offsets[o] & ~(1u << 31));
			wr(card, REG_CUR_HORZ_VERT_POSN, o ? 0x0fff0fff : 0);
			wr(card, REG_CUR_HORZ_VERT_OFF, o ? 0x003f003f : 0);
			wr(card, gen_cntl(0), 1u << 25 | 6 << 8 | CURSOR_ON);
			assert_int_equal(scanout_frame(card, 0, &frame), 0);
			/* last pixel of VRAM, and then black */
			if (bases[b] == 0xe0000000 && offsets[o] == 0x03fffffc) {
				assert_memory_equal(frame.rgb, "\x11\x22\x33", 3);
				assert_memory_equal(frame.rgb + 3, "\0\0\0", 3);
			}
			free(frame.rgb);
		}
	wr(card, REG_CRTC_H_TOTAL_DISP, ~0u);
	wr(card, REG_CRTC_V_TOTAL_DISP, ~0u);
	assert_int_equal(pixel(0, 4095, 2047), 0);
}

static void png_file(void **state)
{
	char path[] = "/tmp/scanout-XXXXXX";
	png_image image = { .version = PNG_IMAGE_VERSION };
	uint8_t rgb[W * H * 3];
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	mode_small(card, 0, W, H, 6, FB);
	put(FB + 4 * (W + 2), 0x112233, 4);
	assert_int_equal(scanout_png(card, 0, path), 0);
	assert_true(png_image_begin_read_from_file(&image, path));
	assert_int_equal(image.width, W);
	assert_int_equal(image.height, H);
	image.format = PNG_FORMAT_RGB;
	assert_true(png_image_finish_read(&image, NULL, rgb, 0, NULL));
	assert_memory_equal(rgb + (W + 2) * 3, "\x11\x22\x33", 3);
	unlink(path);
	assert_int_equal(scanout_png(card, 0, "/nonexistent/x.png"), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(formats),
		T(pitch_and_pan),
		T(double_scan),
		T(palette_per_crtc),
		T(gamma_in_true_colour),
		T(cursor_on_both),
		T(cursor_lock),
		T(off_and_blank),
		T(hostile_addresses),
		T(png_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
