// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Colour buffer (CB): the pixels that may be drawn, alpha test, blending, raster operation and
 * masks. Formats have at most 32 bits; those with 16 or 32 bits for a component are not modelled.
 */
#include "core/regs.h"
#include "engine/r300/r300.h"

#define FORMAT(pitch)		((pitch) >> 21 & 15)	/* RB3D_COLORPITCH */
#define PITCH(pitch)		((pitch) & 0x3ffe)
#define OUT_FORMAT(v)		((v) & 31)		/* US_OUT_FMT */
#define OUT_SELECT(v, i)	((v) >> (8 + 2 * (i)) & 3)
#define OUT_UNUSED		15u
#define BLEND_ON		1u			/* RB3D_CBLEND */
#define BLEND_ALPHA_APART	2u
#define BLEND_OP(v)		((v) >> 12 & 7)
#define BLEND_SRC(v)		((v) >> 16 & 63)
#define BLEND_DST(v)		((v) >> 24 & 63)
#define ROP_ON			(1u << 2)		/* RB3D_ROPCNTL */
#define ROP(v)			((v) >> 8 & 15)
#define RESOLVE_ON		1u			/* RB3D_AARESOLVE_CTL */
#define ALPHA_TEST_ON		(1u << 11)		/* FG_ALPHA_FUNC */
#define ALPHA_FUNC(v)		((v) >> 8 & 7)
#define ALPHA_REF(v)		((v) & 0xff)
#define CLIP_IN_RECT_0		0xaaaau			/* SC_CLIP_RULE */
#define SC_X(v)			((int)((v) & 0x1fff) - 1440)
#define SC_Y(v)			((int)((v) >> 13 & 0x1fff) - 1440)

/* Bits of the components, the lowest first, and bytes; 0 bytes: not modelled. */
static const struct {
	uint8_t bits[4], bytes;
} formats[16] = {
	[3] = { { 5, 5, 5, 1 }, 2 },
	[4] = { { 5, 6, 5, 0 }, 2 },
	[5] = { { 10, 10, 10, 2 }, 4 },
	[6] = { { 8, 8, 8, 8 }, 4 },
	[9] = { { 0, 0, 8, 0 }, 1 },
	[13] = { { 8, 0, 8, 0 }, 2 },
	[15] = { { 4, 4, 4, 4 }, 2 },
};

static void limit(struct target *t, uint32_t top_left, uint32_t bottom_right)
{
	/* Both ends are inclusive. */
	if (SC_X(top_left) > t->x0)
		t->x0 = SC_X(top_left);
	if (SC_Y(top_left) > t->y0)
		t->y0 = SC_Y(top_left);
	if (SC_X(bottom_right) + 1 < t->x1)
		t->x1 = SC_X(bottom_right) + 1;
	if (SC_Y(bottom_right) + 1 < t->y1)
		t->y1 = SC_Y(bottom_right) + 1;
}

/**
 * cb_begin() - decode the colour buffer and the scissor
 * @d: draw with its registers
 *
 * Return: false if it needs what is not modelled.
 */
bool cb_begin(struct draw *d)
{
	uint32_t pitch = reg_3d(d, REG_R300_RB3D_COLORPITCH0);
	uint32_t out = reg_3d(d, REG_R300_US_OUT_FMT_0);
	struct target *t = &d->target;

	memcpy(t->bits, formats[FORMAT(pitch)].bits, sizeof(t->bits));
	t->color_bytes = formats[FORMAT(pitch)].bytes;
	t->color = reg_3d(d, REG_R300_RB3D_COLOROFFSET0) & ~31u;
	t->color_pitch = PITCH(pitch) * t->color_bytes;
	t->draw_color = OUT_FORMAT(out) != OUT_UNUSED &&
			(reg_3d(d, REG_R300_RB3D_COLOR_CHANNEL_MASK) & 15);
	t->x0 = t->y0 = 0;
	t->x1 = t->y1 = MAX_SIZE;
	limit(t, reg_3d(d, REG_R300_SC_SCISSORS_TL), reg_3d(d, REG_R300_SC_SCISSORS_BR));
	if (reg_3d(d, REG_R300_SC_CLIP_RULE) == CLIP_IN_RECT_0)
		limit(t, reg_3d(d, REG_R300_SC_CLIPRECT_TL_0),
		      reg_3d(d, REG_R300_SC_CLIPRECT_BR_0));
	if (reg_3d(d, REG_R300_RB3D_AARESOLVE_CTL) & RESOLVE_ON)
		return false;
	return !t->draw_color || t->color_bytes;
}

/**
 * cb_alpha_test() - test a pixel by its alpha
 * @d: draw
 * @alpha: of the pixel
 *
 * Return: false if it is not to be drawn.
 */
bool cb_alpha_test(const struct draw *d, float alpha)
{
	uint32_t func = reg_3d(d, REG_R300_FG_ALPHA_FUNC), ref = ALPHA_REF(func);
	uint32_t val = (uint32_t)(clamp(alpha, 0, 1) * 255 + 0.5f);

	if (!(func & ALPHA_TEST_ON))
		return true;
	switch (ALPHA_FUNC(func)) {
	case 0:
		return false;
	case 1:
		return val < ref;
	case 2:
		return val == ref;
	case 3:
		return val <= ref;
	case 4:
		return val > ref;
	case 5:
		return val != ref;
	case 6:
		return val >= ref;
	}
	return true;
}

static float factor(unsigned int kind, const float s[4], const float d[4], const float k[4],
		    unsigned int i)
{
	switch (kind) {
	case 33:
		return 1;
	case 34:
		return s[i];
	case 35:
		return 1 - s[i];
	case 36:
		return d[i];
	case 37:
		return 1 - d[i];
	case 38:
		return s[3];
	case 39:
		return 1 - s[3];
	case 40:
		return d[3];
	case 41:
		return 1 - d[3];
	case 42:	/* saturate */
		return i == 3 ? 1 : s[3] < 1 - d[3] ? s[3] : 1 - d[3];
	case 43:
		return k[i];
	case 44:
		return 1 - k[i];
	case 45:
		return k[3];
	case 46:
		return 1 - k[3];
	}
	return 0;
}

/* Components in the order of the buffer: blue, green, red, alpha for most. */
static void blend(const struct draw *draw, float s[4], const float d[4])
{
	uint32_t color = reg_3d(draw, REG_R300_RB3D_CBLEND), alpha = color;
	uint32_t constant = reg_3d(draw, REG_R300_RB3D_BLEND_COLOR);
	float k[4], result[4];

	if (!(color & BLEND_ON))
		return;
	if (color & BLEND_ALPHA_APART)
		alpha = reg_3d(draw, REG_R300_RB3D_ABLEND);
	for (unsigned int i = 0; i < 4; i++)
		k[i] = (float)(constant >> 8 * i & 0xff) / 255;
	for (unsigned int i = 0; i < 4; i++) {
		uint32_t mode = i == 3 ? alpha : color;
		float from = s[i] * factor(BLEND_SRC(mode), s, d, k, i);
		float to = d[i] * factor(BLEND_DST(mode), s, d, k, i);

		switch (BLEND_OP(mode)) {
		case 0:
		case 1:
			result[i] = from + to;
			break;
		case 2:
		case 3:
			result[i] = from - to;
			break;
		case 4:
			result[i] = s[i] < d[i] ? s[i] : d[i];
			break;
		case 5:
			result[i] = s[i] > d[i] ? s[i] : d[i];
			break;
		default:
			result[i] = to - from;
		}
	}
	memcpy(s, result, sizeof(result));
}

static uint32_t rop2(unsigned int rop, uint32_t s, uint32_t d)
{
	uint32_t result = 0;

	for (unsigned int i = 0; i < 4; i++)
		if (rop >> i & 1)
			result |= (i & 2 ? s : ~s) & (i & 1 ? d : ~d);
	return result;
}

/**
 * cb_write() - put a colour into a pixel of the buffer
 * @d: draw
 * @color: red, green, blue, alpha of the fragment program
 * @pixel: what the buffer has
 *
 * Return: what it is to have.
 */
uint32_t cb_write(const struct draw *d, const float color[4], uint32_t pixel)
{
	static const uint8_t component[4] = { 3, 0, 1, 2 };	/* of OUT_SELECT: A, R, G, B */
	uint32_t out = reg_3d(d, REG_R300_US_OUT_FMT_0), rop = reg_3d(d, REG_R300_RB3D_ROPCNTL);
	uint32_t channels = reg_3d(d, REG_R300_RB3D_COLOR_CHANNEL_MASK);
	const uint8_t *bits = d->target.bits;
	float s[4], dst[4] = { 0, 0, 0, 1 };
	uint32_t val = 0, keep = 0;

	for (unsigned int i = 0, shift = 0; i < 4; shift += bits[i++]) {
		uint32_t max = (1u << bits[i]) - 1;

		s[i] = clamp(color[component[OUT_SELECT(out, i)]], 0, 1);
		if (max)
			dst[i] = (float)(pixel >> shift & max) / (float)max;
	}
	blend(d, s, dst);
	for (unsigned int i = 0, shift = 0; i < 4; shift += bits[i++]) {
		uint32_t max = (1u << bits[i]) - 1;

		if (!max)
			continue;
		val |= (uint32_t)(clamp(s[i], 0, 1) * (float)max + 0.5f) << shift;
		if (!(channels >> i & 1))
			keep |= max << shift;
	}
	if (rop & ROP_ON)
		val = rop2(ROP(rop), val, pixel);
	return (val & ~keep) | (pixel & keep);
}
