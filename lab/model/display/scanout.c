// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Scan-out: the frame that a monitor on a CRTC would show.
 *
 * Pixels come straight from VRAM, which the guest's CPU and the engine write
 * at any time; each line is copied once and then decoded. Addresses beyond
 * VRAM are black. Tiled scan-out, scaling for panels (RMX), interlacing and the
 * overlay are not modelled: a tiled surface is shown as if it were linear.
 */
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "display/display.h"
#include "display/display_blocks.h"
#include "core/regs.h"
#include "core/trace.h"

#define DBL_SCAN_EN		(1u << 0)	/* CRTC_GEN_CNTL, CRTC2_GEN_CNTL */
#define PIX_WIDTH(v)		((v) >> 8 & 0xf)
#define CUR_EN			(1u << 16)
#define CUR_MODE(v)		((v) >> 20 & 7)
#define CUR_MODE_24BPP		2
#define DISP_REQ_EN_B		(1u << 26)	/* no memory requests: black */
#define CRTC2_DISP_DIS		(1u << 23)
#define CRTC_DISPLAY_DIS	(1u << 10)	/* CRTC_EXT_CNTL */
#define CRTC_TILE_EN		(1u << 15)	/* CRTC_OFFSET_CNTL */
#define CRTC_MICRO_TILE_EN	(1u << 13)
#define PITCH_MASK		0x7ffu		/* units of 8 pixels */
#define CUR_OFFSET_MASK		0x07ffffffu

#define CURSOR_SIZE	64u
#define CURSOR_PITCH	(CURSOR_SIZE * 4)
#define LINE_PIXELS	4096u	/* pixels: H_DISP has 9 bits of 8 pixels each */

/* CRTC_GEN_CNTL, PIX_WIDTH */
enum { PIX_8BPP = 2, PIX_15BPP, PIX_16BPP, PIX_24BPP, PIX_32BPP };

/*
 * struct frame - the registers that make a frame, taken under the lock at one
 * moment, so that the frame can be composed without it.
 */
struct frame {
	unsigned int width, height;
	bool blank;
	unsigned int pix_width;
	unsigned int double_scan;	/* shift of a line number */
	int64_t base;			/* in VRAM, may lie outside */
	int64_t pitch;			/* bytes */
	bool cursor_on;
	int64_t cursor_base;
	unsigned int cursor_x, cursor_y, cursor_left, cursor_top;
	uint32_t lut[256];
};

static unsigned int bytes_per_pixel(unsigned int pix_width)
{
	switch (pix_width) {
	case PIX_8BPP:
		return 1;
	case PIX_15BPP:
	case PIX_16BPP:
		return 2;
	case PIX_24BPP:
		return 3;
	case PIX_32BPP:
		return 4;
	}
	return 0;
}

/* Copy from VRAM; what lies outside of it is black. */
static void vram_copy(struct card *card, int64_t addr, uint8_t *buf, size_t len)
{
	int64_t size = card->info->vram_size;
	int64_t from = addr < 0 ? 0 : addr;
	int64_t to = addr + (int64_t)len > size ? size : addr + (int64_t)len;

	memset(buf, 0, len);
	if (from < to)
		memcpy(buf + (from - addr), card->vram + from,
		       (size_t)(to - from));
}

static void warn_tiled(void)
{
	static atomic_bool done;

	warn_once_print(&done, "tiled scan-out is not modelled, shown as linear");
}

/* &card.lock held; the CRTC is running */
static void frame_snapshot(struct card *card, unsigned int n, struct frame *f)
{
	const struct crtc *crtc = &card->display->crtc[n];
	const struct cursor *cursor = &card->display->cursor[n];
	const uint32_t *regs = card->regs + n * CRTC_STRIDE / 4;
	uint32_t gen = card->regs[(n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL) / 4];
	uint32_t offset_cntl = regs[REG_CRTC_OFFSET_CNTL / 4];
	int64_t fb_start = (int64_t)(card->regs[REG_MC_FB_LOCATION / 4] & 0xffff) << 16;
	int64_t display = (int64_t)regs[REG_DISPLAY_BASE_ADDR / 4] - fb_start;
	int64_t pitch = crtc->scan_pitch & PITCH_MASK;

	f->width = ((regs[REG_CRTC_H_TOTAL_DISP / 4] >> 16 & 0x1ff) + 1) * 8;
	f->height = (regs[REG_CRTC_V_TOTAL_DISP / 4] >> 16 & 0x7ff) + 1;
	f->pix_width = PIX_WIDTH(gen);
	f->double_scan = gen & DBL_SCAN_EN ? 1 : 0;
	f->blank = (gen & DISP_REQ_EN_B) || !bytes_per_pixel(f->pix_width);
	if (n)
		f->blank |= !!(gen & CRTC2_DISP_DIS);
	else
		f->blank |= !!(card->regs[REG_CRTC_EXT_CNTL / 4] &
			       CRTC_DISPLAY_DIS);
	if (offset_cntl & (CRTC_TILE_EN | CRTC_MICRO_TILE_EN))
		warn_tiled();

	if (has_fault(card, SCANOUT_PITCH))
		pitch++;
	f->base = display + crtc->scan_offset;
	f->pitch = pitch * 8 * bytes_per_pixel(f->pix_width);

	f->cursor_on = (gen & CUR_EN) && CUR_MODE(gen) == CUR_MODE_24BPP;
	f->cursor_base = display + (cursor->offset & CUR_OFFSET_MASK);
	f->cursor_x = cursor->posn >> 16 & 0xfff;
	f->cursor_y = cursor->posn & 0xfff;
	f->cursor_left = cursor->origin >> 16 & 0x3f;
	f->cursor_top = cursor->origin & 0x3f;
	memcpy(f->lut, card->display->lut[n], sizeof(f->lut));
}

/* 5 or 6 bits to the 8 that index the palette, full scale to full scale */
static unsigned int widen5(unsigned int c)
{
	return c << 3 | c >> 2;
}

static unsigned int widen6(unsigned int c)
{
	return c << 2 | c >> 4;
}

static void put_pixel(const struct frame *f, uint8_t rgb[3], unsigned int r,
		      unsigned int g, unsigned int b)
{
	rgb[0] = f->lut[r] >> 22 & 0xff;
	rgb[1] = f->lut[g] >> 12 & 0xff;
	rgb[2] = f->lut[b] >> 2 & 0xff;
}

static void convert_line(const struct frame *f, const uint8_t *src, uint8_t *rgb)
{
	for (unsigned int x = 0; x < f->width; x++, rgb += 3) {
		unsigned int p;

		switch (f->pix_width) {
		case PIX_8BPP:
			put_pixel(f, rgb, src[x], src[x], src[x]);
			break;
		case PIX_15BPP:
			p = src[2 * x] | src[2 * x + 1] << 8;
			put_pixel(f, rgb, widen5(p >> 10 & 31),
				  widen5(p >> 5 & 31), widen5(p & 31));
			break;
		case PIX_16BPP:
			p = src[2 * x] | src[2 * x + 1] << 8;
			put_pixel(f, rgb, widen5(p >> 11 & 31),
				  widen6(p >> 5 & 63), widen5(p & 31));
			break;
		case PIX_24BPP:
			put_pixel(f, rgb, src[3 * x + 2], src[3 * x + 1],
				  src[3 * x]);
			break;
		case PIX_32BPP:
			put_pixel(f, rgb, src[4 * x + 2], src[4 * x + 1],
				  src[4 * x]);
			break;
		}
	}
}

static uint8_t blend(unsigned int over, unsigned int alpha, unsigned int under)
{
	unsigned int c = over + (under * (255 - alpha) + 127) / 255;

	return c > 255 ? 255 : (uint8_t)c;
}

/*
 * The cursor's line of the image, ARGB with premultiplied alpha, over a line of
 * the frame. CUR_OFFSET already points to the first line shown, the origin
 * register takes columns away at the left (radeon_cursor_move_locked()).
 */
static void cursor_line(struct card *card, const struct frame *f,
			unsigned int y, uint8_t *rgb)
{
	unsigned int columns = CURSOR_SIZE - f->cursor_left;
	unsigned int line = (y - f->cursor_y) >> f->double_scan;
	uint8_t image[CURSOR_PITCH];

	if (y < f->cursor_y || line >= CURSOR_SIZE - f->cursor_top)
		return;
	vram_copy(card, f->cursor_base + (int64_t)line * CURSOR_PITCH, image,
		  sizeof(image));
	for (unsigned int i = 0; i < columns; i++) {
		const uint8_t *src = image + (f->cursor_left + i) * 4;
		uint8_t *dst = rgb + (f->cursor_x + i) * 3;

		if (f->cursor_x + i >= f->width)
			break;
		for (unsigned int c = 0; c < 3; c++)
			dst[c] = blend(src[2 - c], src[3], dst[c]);
	}
}

static void compose(struct card *card, const struct frame *f, uint8_t *rgb)
{
	uint8_t line[LINE_PIXELS * 4];
	size_t len = (size_t)f->width * bytes_per_pixel(f->pix_width);

	for (unsigned int y = 0; y < f->height; y++) {
		vram_copy(card, f->base + (int64_t)(y >> f->double_scan) * f->pitch,
			  line, len);
		convert_line(f, line, rgb);
		if (f->cursor_on)
			cursor_line(card, f, y, rgb);
		rgb += (size_t)f->width * 3;
	}
}

/**
 * scanout_frame() - compose the frame that a CRTC shows now
 * @card: card; &card.lock not held
 * @crtc: 0 or 1
 * @out: the frame; its pixels are allocated, at most 4096 by 2048
 *
 * Return: 0; -EINVAL for another @crtc, -ENODEV if it is off, or -ENOMEM.
 */
int scanout_frame(struct card *card, unsigned int crtc, struct scanout *out)
{
	struct frame f;
	bool running;

	if (crtc >= CRTC_COUNT)
		return -EINVAL;
	pthread_mutex_lock(&card->lock);
	crtc_sync(card, crtc, card->display->clock());
	running = card->display->crtc[crtc].timing.running;
	if (running)
		frame_snapshot(card, crtc, &f);
	pthread_mutex_unlock(&card->lock);
	if (!running)
		return -ENODEV;

	out->width = f.width;
	out->height = f.height;
	out->rgb = calloc((size_t)f.width * f.height, 3);
	if (!out->rgb)
		return -ENOMEM;
	if (!f.blank)
		compose(card, &f, out->rgb);
	return 0;
}

/**
 * scanout_png() - write the frame that a CRTC shows now to a PNG file
 * @card: card; &card.lock not held
 * @crtc: 0 or 1
 * @path: file to write
 *
 * Return: 0, an error of scanout_frame(), or -EIO if the file cannot be written.
 */
int scanout_png(struct card *card, unsigned int crtc, const char *path)
{
	struct scanout frame;
	png_image image = {
		.version = PNG_IMAGE_VERSION,
		.format = PNG_FORMAT_RGB,
		.flags = PNG_IMAGE_FLAG_FAST,
	};
	int ret = scanout_frame(card, crtc, &frame);

	if (ret)
		return ret;
	image.width = frame.width;
	image.height = frame.height;
	if (!png_image_write_to_file(&image, path, 0, frame.rgb, 0, NULL))
		ret = -EIO;
	free(frame.rgb);
	return ret;
}
