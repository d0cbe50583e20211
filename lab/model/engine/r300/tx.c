// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Textures (TX): two-dimensional ones with mipmaps, formats of at most 32 bits, nearest and linear
 * filters. Cubes, volumes, S3TC, floats and borders are not modelled.
 *
 * A tiled texture is linear here, if rows and heights are rounded as its tiles would be. Levels lie
 * one after the other.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"
#include "mem/mc.h"

#define FILTER_WRAP_S(v)	((v) & 7)		/* TX_FILTER0 */
#define FILTER_WRAP_T(v)	((v) >> 3 & 7)
#define FILTER_MAG(v)		((v) >> 9 & 3)
#define FILTER_MIN(v)		((v) >> 11 & 3)
#define FILTER_MIP(v)		((v) >> 13 & 3)
#define FILTER_FIRST_LEVEL(v)	((v) >> 17 & 15)
#define LOD_BIAS(v)		((float)((int32_t)((v) << 19) >> 22) / 32)	/* TX_FILTER1 */
#define WIDTH(v)		(((v) & 0x7ff) + 1)	/* TX_FORMAT0 */
#define HEIGHT(v)		(((v) >> 11 & 0x7ff) + 1)
#define LEVELS(v)		(((v) >> 26 & 15) + 1)
#define HAS_PITCH		(1u << 31)
#define FORMAT(v)		((v) & 31)		/* TX_FORMAT1 */
#define SIGNED(v)		((v) >> 5 & 15)
#define SELECT_A(v)		((v) >> 9 & 7)
#define SELECT_RGB(v, i)	((v) >> (12 + 3 * (i)) & 7)
#define GAMMA			(1u << 21)
#define KIND(v)			((v) >> 25 & 3)		/* 0: two-dimensional */
#define PITCH(v)		(((v) & 0x1fff) + 1)	/* TX_FORMAT2 */
#define MACRO_TILED		(1u << 2)		/* TX_OFFSET */
#define MICRO_TILED		(3u << 3)
#define OFFSET_MASK		(~31u)

enum { FILTER_NEAREST = 1, MIP_NONE = 0, MIP_LINEAR = 2 };
enum { WRAP_REPEAT, WRAP_MIRROR, WRAP_EDGE };
enum { SELECT_0 = 4 };

/* Bits of the components X, Y, Z, W, the lowest first, and bytes; 0 bytes: not modelled. */
static const struct {
	uint8_t bits[4], bytes;
} formats[32] = {
	[0x0] = { { 8 }, 1 },
	[0x1] = { { 16 }, 2 },
	[0x2] = { { 4, 4 }, 1 },
	[0x3] = { { 8, 8 }, 2 },
	[0x4] = { { 16, 16 }, 4 },
	[0x5] = { { 2, 3, 3 }, 1 },
	[0x6] = { { 5, 6, 5 }, 2 },
	[0x7] = { { 5, 5, 6 }, 2 },
	[0xa] = { { 4, 4, 4, 4 }, 2 },
	[0xb] = { { 5, 5, 5, 1 }, 2 },
	[0xc] = { { 8, 8, 8, 8 }, 4 },
	[0xd] = { { 10, 10, 10, 2 }, 4 },
};

static uint32_t round_up(uint32_t v, uint32_t to)
{
	return (v + to - 1) / to * to;
}

static uint32_t power_of_two(uint32_t v)
{
	uint32_t p = 1;

	while (p < v)
		p <<= 1;
	return p;
}

/* Texels to which rows and heights are rounded: by macro tile, micro tile, log2 of the bytes. */
static const uint16_t tile_width[2][2][3] = {
	{ { 32, 16, 8 }, { 8, 8, 4 } }, { { 256, 128, 64 }, { 64, 64, 32 } },
};
static const uint8_t tile_height[2][2][3] = {
	{ { 1, 1, 1 }, { 4, 2, 2 } }, { { 8, 8, 8 }, { 32, 16, 16 } },
};

static void place_levels(const struct draw *d, unsigned int unit, struct texture *t)
{
	uint32_t format0 = reg_3d(d, REG_R300_TX_FORMAT0_0 + unit * 4);
	uint32_t offset = reg_3d(d, REG_R300_TX_OFFSET_0 + unit * 4), addr = offset & OFFSET_MASK;
	unsigned int micro = !!(offset & MICRO_TILED), bytes_log2 = t->bytes / 2;

	for (unsigned int i = 0; i < t->levels; i++) {
		struct level *level = &t->level[i];
		uint32_t width = WIDTH(format0) >> i ? WIDTH(format0) >> i : 1;
		uint32_t height = HEIGHT(format0) >> i ? HEIGHT(format0) >> i : 1;
		uint32_t rows = t->levels > 1 ? power_of_two(height) : height;
		uint32_t macro_width = tile_width[1][micro][bytes_log2];
		/* A level smaller than a macro tile has none. */
		bool macro = (offset & MACRO_TILED) && width >= macro_width &&
			     height >= tile_height[1][micro][bytes_log2];
		uint32_t to = macro ? macro_width : tile_width[0][micro][bytes_log2];

		level->width = (int)width;
		level->height = (int)height;
		level->addr = addr;
		level->stride = round_up(width, to) * t->bytes;
		if (format0 & HAS_PITCH)
			level->stride = PITCH(reg_3d(d, REG_R300_TX_FORMAT2_0 + unit * 4)) *
					t->bytes;
		addr += level->stride * round_up(rows, tile_height[macro][micro][bytes_log2]);
	}
}

/**
 * tx_begin() - decode a texture
 * @d: draw with its registers
 * @unit: below MAX_TEXTURES
 *
 * Return: false if it needs what is not modelled.
 */
bool tx_begin(struct draw *d, unsigned int unit)
{
	struct texture *t = &d->texture[unit];
	uint32_t format1 = reg_3d(d, REG_R300_TX_FORMAT1_0 + unit * 4);

	t->filter = reg_3d(d, REG_R300_TX_FILTER0_0 + unit * 4);
	t->bias = LOD_BIAS(reg_3d(d, REG_R300_TX_FILTER1_0 + unit * 4));
	t->format = format1;
	t->bytes = formats[FORMAT(format1)].bytes;
	t->levels = LEVELS(reg_3d(d, REG_R300_TX_FORMAT0_0 + unit * 4));
	if (!t->bytes || KIND(format1) || (format1 & GAMMA) ||
	    FILTER_WRAP_S(t->filter) > WRAP_EDGE || FILTER_WRAP_T(t->filter) > WRAP_EDGE)
		return false;
	place_levels(d, unit, t);
	return true;
}

static int wrap(int i, int size, unsigned int mode)
{
	switch (mode) {
	case WRAP_REPEAT:
		i %= size;
		return i < 0 ? i + size : i;
	case WRAP_MIRROR:
		i = (i % (2 * size) + 2 * size) % (2 * size);
		return i < size ? i : 2 * size - 1 - i;
	}
	return i < 0 ? 0 : i >= size ? size - 1 : i;
}

static void texel(const struct draw *d, const struct texture *t, const struct level *level, int x,
		  int y, float out[4])
{
	const uint8_t *bits = formats[FORMAT(t->format)].bits;
	float c[8] = { 0, 0, 0, 0, 0, 1, 0, 0 };
	uint32_t raw = 0;

	x = wrap(x, level->width, FILTER_WRAP_S(t->filter));
	y = wrap(y, level->height, FILTER_WRAP_T(t->filter));
	mc_read(d->card, level->addr + (uint32_t)y * level->stride + (uint32_t)x * t->bytes, &raw,
		t->bytes);
	for (unsigned int i = 0; i < 4 && bits[i]; i++) {
		uint32_t max = (1u << bits[i]) - 1, val = raw & max;

		if (SIGNED(t->format) >> (3 - i) & 1)
			c[i] = clamp((float)((int32_t)(val << (32 - bits[i])) >> (32 - bits[i])) /
				     (float)(max >> 1), -1, 1);
		else
			c[i] = (float)val / (float)max;
		raw = bits[i] < 32 ? raw >> bits[i] : 0;
	}
	for (unsigned int i = 0; i < 3; i++)
		out[i] = c[SELECT_RGB(t->format, i)];
	out[3] = c[SELECT_A(t->format)];
}

static void sample_level(const struct draw *d, const struct texture *t, unsigned int n,
			 const float at[4], bool linear, float out[4])
{
	const struct level *level = &t->level[n];
	float u = clamp(at[0] * (float)level->width, -1e6f, 1e6f);
	float v = clamp(at[1] * (float)level->height, -1e6f, 1e6f);
	float left, top;

	if (!linear) {
		texel(d, t, level, (int)floorf(u), (int)floorf(v), out);
		return;
	}
	left = floorf(u - 0.5f);
	top = floorf(v - 0.5f);
	u -= 0.5f + left;
	v -= 0.5f + top;
	out[0] = out[1] = out[2] = out[3] = 0;
	for (int i = 0; i < 4; i++) {
		float weight = (i & 1 ? u : 1 - u) * (i & 2 ? v : 1 - v), c[4];

		texel(d, t, level, (int)left + (i & 1), (int)top + (i >> 1), c);
		for (unsigned int k = 0; k < 4; k++)
			out[k] += weight * c[k];
	}
}

/* log2 of the texels of level 0 that a step of one pixel crosses */
static float level_of_detail(const struct level *level, const float at[4], const float right[4],
			     const float below[4])
{
	float rho = 0;

	for (unsigned int i = 0; i < 2; i++) {
		const float *next = i ? below : right;
		float du = (next[0] - at[0]) * (float)level->width;
		float dv = (next[1] - at[1]) * (float)level->height;

		rho = fmaxf(rho, du * du + dv * dv);
	}
	return rho > 0 ? 0.5f * log2f(rho) : -16;
}

/**
 * tx_sample() - read a texture
 * @d: draw
 * @unit: texture
 * @at: coordinates
 * @right: those of the pixel to the right
 * @below: those of the pixel below
 * @bias: added to the level of detail
 * @out: gets red, green, blue, alpha
 */
void tx_sample(const struct draw *d, unsigned int unit, const float at[4], const float right[4],
	       const float below[4], float bias, float out[4])
{
	const struct texture *t = &d->texture[unit];
	float last = (float)(t->levels - 1);
	float first = clamp((float)FILTER_FIRST_LEVEL(t->filter), 0, last);
	float lod = level_of_detail(&t->level[0], at, right, below) + t->bias + bias;
	bool linear = (lod > 0 ? FILTER_MIN(t->filter) : FILTER_MAG(t->filter)) != FILTER_NEAREST;
	float next[4], part;
	unsigned int n;

	lod = FILTER_MIP(t->filter) == MIP_NONE ? first : clamp(lod, first, last);
	n = (unsigned int)(FILTER_MIP(t->filter) == MIP_LINEAR ? lod : lod + 0.4999f);
	sample_level(d, t, n, at, linear, out);
	part = lod - (float)n;
	if (FILTER_MIP(t->filter) != MIP_LINEAR || part <= 0 || n + 1 >= t->levels)
		return;
	sample_level(d, t, n + 1, at, linear, next);
	for (unsigned int k = 0; k < 4; k++)
		out[k] += (next[k] - out[k]) * part;
}
