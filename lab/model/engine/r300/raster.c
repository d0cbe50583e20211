// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Rasterizer: which pixels a point, line or triangle covers.
 *
 * Corners have 4 bits below a pixel, edges are exact, and a pixel is covered if its centre is: on
 * an edge only if that is a left or top one. Each row is a span, worked out from the edges, so
 * that a thin triangle in a large rectangle costs no more than its rows.
 */
#include <math.h>
#include <stdlib.h>

#include "core/regs.h"
#include "core/work.h"
#include "engine/r300/r300.h"
#include "mem/mc.h"

#define SUBPIXELS	16
#define LIMIT		16000.0f	/* pixels: far outside of any target */

#define PIXELS_PER_UNIT	16u		/* 64 bytes of 4 */

#define POINT_UNIT	6.0f		/* GA_POINT_SIZE, GA_POINT_MINMAX: 1/6 pixel */
#define LINE_UNIT	12.0f		/* GA_LINE_CNTL: half of a width in 1/12 pixel */
#define OUTPUT_POINT_SIZE	(1u << 16)	/* VAP_OUTPUT_VTX_FMT_0 */
#define DEPTH_CLEARS_COLOR	(1u << 5)	/* ZB_BW_CNTL, CBZB */

/* struct run - pixels of a row */
struct run {
	int y, x0, x1;
};

/* struct area - a shape as it is drawn */
struct area {
	struct shape shape;
	int64_t edge_x[3], edge_y[3], edge_c[3];
	bool exclude[3];	/* the edge itself is outside */
	double scale;		/* from an edge function to a weight */
	float offset;		/* of the depth */
};

/* How much each corner counts at a pixel. Returns the depth there. */
static double weights(const struct area *area, int x, int y, float weight[3])
{
	const struct shape *s = &area->shape;
	double z = area->offset;

	if (s->point) {
		weight[0] = 1;
		weight[1] = weight[2] = 0;
		return s->v[0]->pos[2];
	}
	/* In double precision: a buffer has 24 bits, and equal depths have to be equal. */
	for (unsigned int i = 0; i < 3; i++) {
		int64_t edge = area->edge_x[i] * (2 * x + 1) * (SUBPIXELS / 2) +
			       area->edge_y[i] * (2 * y + 1) * (SUBPIXELS / 2) + area->edge_c[i];
		double part = (double)edge * area->scale;

		weight[i] = (float)part;
		z += part * s->v[i]->pos[2];
	}
	return z;
}

static bool draw_pixel(struct draw *d, const struct area *area, int x, int y, uint32_t *color,
		       uint32_t *depth)
{
	const struct shape *s = &area->shape;
	struct fragment f[FRAGMENTS] = { 0 };
	float weight[3];
	double z = weights(area, x, y, weight);

	if (d->shade) {
		rs_run(d, s, weight, (float)x + 0.5f, (float)y + 0.5f, &f[0]);
		/* The neighbours tell how fast texture coordinates change. */
		for (int i = 1; i < (int)FRAGMENTS && d->textured; i++) {
			weights(area, x + (i & 1), y + (i >> 1), weight);
			rs_run(d, s, weight, (float)(x + (i & 1)) + 0.5f,
			       (float)(y + (i >> 1)) + 0.5f, &f[i]);
		}
		us_run(d, f);
		if (f[0].killed || !cb_alpha_test(d, f[0].out[3]))
			return false;
		if (f[0].has_depth)
			z = f[0].depth;
	}
	if (d->target.test_depth && !zb_test(d, z, s->front, depth))
		return false;
	d->passed++;
	if (!d->target.draw_color)
		return false;
	*color = cb_write(d, f[0].out, *color);
	return true;
}

/* Returns false if the draw is to end. */
static bool draw_run(struct draw *d, const struct area *area, const struct run *run)
{
	static _Thread_local uint8_t color[MAX_SIZE * 4], depth[MAX_SIZE * 4];
	const struct target *t = &d->target;
	uint32_t width = (uint32_t)(run->x1 - run->x0);
	uint32_t color_at = t->color + (uint32_t)run->y * t->color_pitch +
			    (uint32_t)run->x0 * t->color_bytes;
	uint32_t depth_at = t->depth + (uint32_t)run->y * t->depth_pitch +
			    (uint32_t)run->x0 * t->depth_bytes;
	bool color_changed = false, depth_changed = false;

	if (!work_continue(d->card, 1 + width * d->pixel_cost / PIXELS_PER_UNIT))
		return false;
	if (t->draw_color)
		mc_read(d->card, color_at, color, width * t->color_bytes);
	if (t->test_depth)
		mc_read(d->card, depth_at, depth, width * t->depth_bytes);
	for (uint32_t i = 0; i < width; i++) {
		uint32_t pixel = 0, z = 0, old;

		memcpy(&pixel, color + i * t->color_bytes, t->draw_color ? t->color_bytes : 0);
		memcpy(&z, depth + i * t->depth_bytes, t->test_depth ? t->depth_bytes : 0);
		old = z;
		if (draw_pixel(d, area, run->x0 + (int)i, run->y, &pixel, &z)) {
			memcpy(color + i * t->color_bytes, &pixel, t->color_bytes);
			color_changed = true;
		}
		if (z != old) {
			memcpy(depth + i * t->depth_bytes, &z, t->depth_bytes);
			depth_changed = true;
		}
	}
	if (color_changed)
		mc_write(d->card, color_at, color, width * t->color_bytes);
	if (depth_changed)
		mc_write(d->card, depth_at, depth, width * t->depth_bytes);
	return true;
}

static int first_pixel(float edge)
{
	return (int)ceilf(clamp(edge, -LIMIT, LIMIT) - 0.5f);
}

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

/* CBZB: the depth unit clears the other half of a colour buffer. */
static bool clear_run(const struct draw *d, const struct run *run)
{
	static _Thread_local uint32_t row[MAX_SIZE];
	const struct target *t = &d->target;
	uint32_t val = reg_3d(d, REG_R300_ZB_DEPTHCLEARVALUE);
	uint32_t width = (uint32_t)(run->x1 - run->x0);

	if (!work_continue(d->card, 1 + width / PIXELS_PER_UNIT))
		return false;
	for (uint32_t i = 0; i < width; i++)
		row[i] = val;
	mc_write(d->card, t->depth + (uint32_t)run->y * t->depth_pitch +
		 (uint32_t)run->x0 * t->depth_bytes, row, width * t->depth_bytes);
	return true;
}

/**
 * raster_point() - draw a point: a rectangle; clears and blits are points as well
 * @d: draw
 * @v: its centre, in the window
 */
void raster_point(struct draw *d, const struct vertex *v)
{
	uint32_t size = reg_3d(d, REG_R300_GA_POINT_SIZE);
	uint32_t limits = reg_3d(d, REG_R300_GA_POINT_MINMAX);
	float width = (float)(size >> 16) / POINT_UNIT;
	float height = (float)(size & 0xffff) / POINT_UNIT;
	struct area area = { .shape = { .v = { v, v, v }, .point = true, .front = true } };
	bool clear = reg_3d(d, REG_R300_ZB_BW_CNTL) & DEPTH_CLEARS_COLOR;
	const struct target *t = &d->target;
	struct run run;
	int y1;

	if (vap_reg(d, REG_R300_VAP_OUTPUT_VTX_FMT_0) & OUTPUT_POINT_SIZE)
		width = height = clamp(v->size, (float)(limits & 0xffff) / POINT_UNIT,
				       (float)(limits >> 16) / POINT_UNIT);
	area.shape.left = v->pos[0] - width / 2;
	area.shape.right = v->pos[0] + width / 2;
	area.shape.top = v->pos[1] - height / 2;
	area.shape.bottom = v->pos[1] + height / 2;
	run.x0 = max_int(first_pixel(area.shape.left), t->x0);
	run.x1 = min_int(first_pixel(area.shape.right), t->x1);
	run.y = max_int(first_pixel(area.shape.top), t->y0);
	y1 = min_int(first_pixel(area.shape.bottom), t->y1);
	for (; run.x0 < run.x1 && run.y < y1; run.y++)
		if ((clear && !clear_run(d, &run)) || !draw_run(d, &area, &run))
			return;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b && (a < 0) != (b < 0));
}

/* Limit a run to where an edge function is not negative, or positive. */
static bool limit_run(const struct area *area, unsigned int i, struct run *run)
{
	int64_t step = area->edge_x[i] * SUBPIXELS;
	int64_t at_0 = area->edge_x[i] * (SUBPIXELS / 2) + area->edge_c[i] - area->exclude[i] +
		       area->edge_y[i] * (2 * run->y + 1) * (SUBPIXELS / 2);
	int64_t x;

	if (!step)
		return at_0 >= 0;
	if (step > 0) {
		x = -floor_div(at_0, step);	/* the first x with at_0 + x * step >= 0 */
		if (x > run->x0)
			run->x0 = x > run->x1 ? run->x1 : (int)x;
	} else {
		x = floor_div(at_0, -step) + 1;
		if (x < run->x1)
			run->x1 = x < run->x0 ? run->x0 : (int)x;
	}
	return run->x0 < run->x1;
}

/* Scale times the steepest slope, and a number of the smallest steps of the buffer. */
static float polygon_offset(const struct draw *d, const struct shape *s)
{
	const float *a = s->v[0]->pos, *b = s->v[1]->pos, *c = s->v[2]->pos;
	float ax = a[0] - c[0], ay = a[1] - c[1], az = a[2] - c[2];
	float bx = b[0] - c[0], by = b[1] - c[1], bz = b[2] - c[2];
	float det = ax * by - ay * bx, slope = 0;
	uint32_t scale = s->front ? REG_R300_SU_POLY_OFFSET_FRONT_SCALE :
				    REG_R300_SU_POLY_OFFSET_BACK_SCALE;

	if (!(reg_3d(d, REG_R300_SU_POLY_OFFSET_ENABLE) & (s->front ? 1 : 2)))
		return 0;
	if (det != 0)
		slope = fmaxf(fabsf((az * by - bz * ay) / det), fabsf((ax * bz - bx * az) / det));
	return slope * as_float(reg_3d(d, scale)) / 12 +
	       as_float(reg_3d(d, scale + 4)) /
	       (d->target.depth_bytes == 4 ? 2.0f * 16777216 : 4.0f * 65536);
}

/**
 * raster_triangle() - draw a triangle
 * @d: draw
 * @a: corner, in the window
 * @b: likewise
 * @c: likewise
 * @cull: culling applies
 */
void raster_triangle(struct draw *d, const struct vertex *a, const struct vertex *b,
		     const struct vertex *c, bool cull)
{
	struct area area = { .shape = { .v = { a, b, c } } };
	uint32_t mode = reg_3d(d, REG_R300_SU_CULL_MODE);
	int64_t x[3], y[3], size, top, bottom;
	const struct target *t = &d->target;
	int y0, y1, sign;

	for (unsigned int i = 0; i < 3; i++) {
		x[i] = llrintf(clamp(area.shape.v[i]->pos[0], -LIMIT, LIMIT) * SUBPIXELS);
		y[i] = llrintf(clamp(area.shape.v[i]->pos[1], -LIMIT, LIMIT) * SUBPIXELS);
	}
	size = (x[1] - x[0]) * (y[2] - y[0]) - (x[2] - x[0]) * (y[1] - y[0]);
	if (!size)
		return;
	/* y points down, so a positive size is clockwise. */
	sign = size > 0 ? 1 : -1;
	area.shape.front = (size > 0) == !!(mode & 4);
	if (cull && (mode & (area.shape.front ? 1 : 2)))
		return;
	area.scale = 1.0 / (double)llabs(size);
	area.offset = polygon_offset(d, &area.shape);
	for (unsigned int i = 0; i < 3; i++) {
		unsigned int j = (i + 1) % 3, k = (i + 2) % 3;

		/* From corner j to k: the weight of corner i. */
		area.edge_x[i] = (y[j] - y[k]) * sign;
		area.edge_y[i] = (x[k] - x[j]) * sign;
		area.edge_c[i] = -(area.edge_x[i] * x[j] + area.edge_y[i] * y[j]);
		/* right or bottom */
		area.exclude[i] = area.edge_x[i] < 0 || (!area.edge_x[i] && area.edge_y[i] < 0);
	}
	top = y[0] < y[1] ? y[0] : y[1];
	top = top < y[2] ? top : y[2];
	bottom = y[0] > y[1] ? y[0] : y[1];
	bottom = bottom > y[2] ? bottom : y[2];
	y0 = max_int((int)floor_div(top, SUBPIXELS), t->y0);
	y1 = min_int((int)floor_div(bottom, SUBPIXELS) + 1, t->y1);
	for (int row = y0; row < y1; row++) {
		struct run run = { .y = row, .x0 = t->x0, .x1 = t->x1 };

		if (limit_run(&area, 0, &run) && limit_run(&area, 1, &run) &&
		    limit_run(&area, 2, &run)) {
			if (!draw_run(d, &area, &run))
				return;
		} else if (!work_continue(d->card, 1)) {
			return;
		}
	}
}

/**
 * raster_line() - draw a line: a parallelogram, as wide as GA_LINE_CNTL says across its minor axis
 * @d: draw
 * @a: end, in the window
 * @b: likewise
 */
void raster_line(struct draw *d, const struct vertex *a, const struct vertex *b)
{
	float half = (float)(reg_3d(d, REG_R300_GA_LINE_CNTL) & 0xffff) / LINE_UNIT;
	bool steep = fabsf(b->pos[1] - a->pos[1]) > fabsf(b->pos[0] - a->pos[0]);
	struct vertex corner[4] = { *a, *a, *b, *b };

	for (unsigned int i = 0; i < 4; i++)
		corner[i].pos[steep ? 0 : 1] += i == 1 || i == 2 ? half : -half;
	raster_triangle(d, &corner[0], &corner[1], &corner[2], false);
	raster_triangle(d, &corner[0], &corner[2], &corner[3], false);
}
