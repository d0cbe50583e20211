// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Depth and stencil (ZB). A buffer has 16 bits of depth, or 24 of depth above 8 of stencil.
 */
#include "core/regs.h"
#include "engine/r300/r300.h"

#define STENCIL_ON	(1u << 0)	/* ZB_CNTL */
#define DEPTH_ON	(1u << 1)
#define DEPTH_WRITE	(1u << 2)
#define STENCIL_SIDES	(1u << 4)
#define FORMAT(v)	((v) & 15)	/* ZB_FORMAT */
#define FORMAT_24_8	2u

/* ZB_ZSTENCILCNTL: functions of 3 bits */
#define DEPTH_FUNC(v)		((v) & 7)
#define FRONT_SHIFT		3u
#define BACK_SHIFT		15u
#define REF(v)			((v) & 0xff)		/* ZB_STENCILREFMASK */
#define READ_MASK(v)		((v) >> 8 & 0xff)
#define WRITE_MASK(v)		((v) >> 16 & 0xff)

static bool compare(unsigned int func, uint32_t a, uint32_t b)
{
	switch (func) {
	case 0:
		return false;
	case 1:
		return a < b;
	case 2:
		return a <= b;
	case 3:
		return a == b;
	case 4:
		return a >= b;
	case 5:
		return a > b;
	case 6:
		return a != b;
	}
	return true;
}

static uint32_t stencil_result(unsigned int op, uint32_t s, uint32_t ref)
{
	switch (op) {
	case 1:
		return 0;
	case 2:
		return ref;
	case 3:
		return s < 255 ? s + 1 : 255;
	case 4:
		return s ? s - 1 : 0;
	case 5:
		return ~s & 255;
	case 6:
		return (s + 1) & 255;
	case 7:
		return (s - 1) & 255;
	}
	return s;
}

/**
 * zb_begin() - decode the depth buffer
 * @d: draw with its registers
 */
void zb_begin(struct draw *d)
{
	struct target *t = &d->target;

	t->depth_bytes = FORMAT(reg_3d(d, REG_R300_ZB_FORMAT)) == FORMAT_24_8 ? 4 : 2;
	t->depth = reg_3d(d, REG_R300_ZB_DEPTHOFFSET) & ~31u;
	t->depth_pitch = (reg_3d(d, REG_R300_ZB_DEPTHPITCH) & 0x3ffc) * t->depth_bytes;
	t->test_depth = reg_3d(d, REG_R300_ZB_CNTL) & (STENCIL_ON | DEPTH_ON);
}

/**
 * zb_test() - test depth and stencil of a pixel
 * @d: draw
 * @depth: of the pixel
 * @front: it is of a front face
 * @pixel: the buffer's pixel, which changes
 *
 * Return: false if the pixel is not to be drawn.
 */
bool zb_test(const struct draw *d, double depth, bool front, uint32_t *pixel)
{
	uint32_t cntl = reg_3d(d, REG_R300_ZB_CNTL), func = reg_3d(d, REG_R300_ZB_ZSTENCILCNTL);
	uint32_t masks = reg_3d(d, REG_R300_ZB_STENCILREFMASK);
	bool wide = d->target.depth_bytes == 4, stencil_ok = true, depth_ok = true;
	uint32_t max = wide ? 0xffffff : 0xffff, old = wide ? *pixel >> 8 : *pixel;
	uint32_t z = (uint32_t)((depth > 0 ? depth < 1 ? depth : 1 : 0) * max + 0.5);
	uint32_t stencil = *pixel & 0xff;
	unsigned int shift = front || !(cntl & STENCIL_SIDES) ? FRONT_SHIFT : BACK_SHIFT;

	if (cntl & DEPTH_ON)
		depth_ok = compare(DEPTH_FUNC(func), z, old);
	if ((cntl & STENCIL_ON) && wide) {
		uint32_t mask = READ_MASK(masks), write = WRITE_MASK(masks);
		unsigned int op;

		stencil_ok = compare(func >> shift & 7, REF(masks) & mask, stencil & mask);
		op = func >> (shift + (!stencil_ok ? 3 : depth_ok ? 6 : 9)) & 7;
		stencil = (stencil & ~write) |
			  (stencil_result(op, stencil, REF(masks)) & write);
	}
	if (!stencil_ok || !depth_ok || !(cntl & DEPTH_ON) || !(cntl & DEPTH_WRITE))
		z = old;
	*pixel = wide ? z << 8 | stencil : z;
	return stencil_ok && depth_ok;
}
