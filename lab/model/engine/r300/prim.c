// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Primitives: vertices come one by one, and each that completes a point, line or triangle draws it.
 * At most four are kept, so a draw of any length needs no memory. Then clipping, the division
 * by w, and the viewport.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"

/* VF_CNTL */
enum {
	PRIM_POINTS = 1, PRIM_LINES, PRIM_LINE_STRIP, PRIM_TRIANGLES, PRIM_FAN, PRIM_STRIP,
	PRIM_LINE_LOOP = 12, PRIM_QUADS, PRIM_QUAD_STRIP, PRIM_POLYGON,
};

#define CLIP_DISABLE		(1u << 16)	/* VAP_CLIP_CNTL */
#define DX_CLIP_SPACE		(1u << 22)	/* VAP_CNTL */
#define VTE_SCALE(i)		(1u << 2 * (i))	/* VAP_VTE_CNTL */
#define VTE_OFFSET(i)		(2u << 2 * (i))
#define VTE_XY_DIVIDED		(1u << 8)
#define VTE_Z_DIVIDED		(1u << 9)
#define POLY_MODE_ON		1u		/* GA_POLY_MODE */
#define POLY_FRONT(mode)	((mode) >> 4 & 7)
#define POLY_BACK(mode)		((mode) >> 7 & 7)
#define CULL_FRONT		1u		/* SU_CULL_MODE */
#define CULL_BACK		2u
#define FACE_CLOCKWISE		4u

enum { POLY_POINTS, POLY_LINES };

/* Six planes of the frustum, one that keeps w from 0, and six of the user. */
#define FRUSTUM_SIDES		4u
#define FIRST_USER_PLANE	7u
#define PLANES			13u
#define MAX_CORNERS		(4u + PLANES)
#define MIN_W			1e-6f

static float distance(const struct draw *d, const float p[4], unsigned int plane)
{
	float user[4];

	switch (plane) {
	case 0:
		return p[3] + p[0];
	case 1:
		return p[3] - p[0];
	case 2:
		return p[3] + p[1];
	case 3:
		return p[3] - p[1];
	case 4:
		return vap_reg(d, REG_R300_VAP_CNTL) & DX_CLIP_SPACE ? p[2] : p[3] + p[2];
	case 5:
		return p[3] - p[2];
	case 6:
		return p[3] - MIN_W;
	}
	memcpy(user, d->pvs[PVS_PLANES + plane - FIRST_USER_PLANE], sizeof(user));
	return user[0] * p[0] + user[1] * p[1] + user[2] * p[2] + user[3] * p[3];
}

static void mix(struct vertex *out, const struct vertex *a, const struct vertex *b, float k)
{
	const float *from = (const float *)a, *to = (const float *)b;
	float *result = (float *)out;

	for (size_t i = 0; i < sizeof(*a) / sizeof(float); i++)
		result[i] = from[i] + (to[i] - from[i]) * k;
}

/* Cut a polygon, line or point by a plane. Returns the corners that are left. */
static unsigned int cut(const struct draw *d, const struct vertex *from, unsigned int n,
			unsigned int plane, struct vertex *to)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct vertex *a = &from[i], *b = &from[(i + 1) % n];
		float at_a = distance(d, a->pos, plane), at_b = distance(d, b->pos, plane);

		if (at_a >= 0 && left < MAX_CORNERS)
			to[left++] = *a;
		/* The second edge of a line is its first one. */
		if (n > 1 && (at_a >= 0) != (at_b >= 0) && (n > 2 || i == 0) && left < MAX_CORNERS)
			mix(&to[left++], a, b, at_a / (at_a - at_b));
	}
	return left;
}

static void to_window(const struct draw *d, struct vertex *v)
{
	uint32_t vte = vap_reg(d, REG_R300_VAP_VTE_CNTL);
	float inverse = v->pos[3] != 0 ? 1 / v->pos[3] : 1;

	for (unsigned int i = 0; i < 3; i++) {
		if (!(vte & (i < 2 ? VTE_XY_DIVIDED : VTE_Z_DIVIDED)))
			v->pos[i] *= inverse;
		if (vte & VTE_SCALE(i))
			v->pos[i] *= as_float(d->vport[2 * i]);
		if (vte & VTE_OFFSET(i))
			v->pos[i] += as_float(d->vport[2 * i + 1]);
	}
	v->pos[3] = inverse;
}

static bool is_front(const struct draw *d, const struct vertex *v, unsigned int n)
{
	uint32_t cull = reg_3d(d, REG_R300_SU_CULL_MODE);
	float area = 0;

	for (unsigned int i = 0; i < n; i++) {
		const float *p = v[i].pos, *q = v[(i + 1) % n].pos;

		area += p[0] * q[1] - q[0] * p[1];
	}
	/* y points down, so a positive area is clockwise. */
	return (area > 0) == !!(cull & FACE_CLOCKWISE);
}

static void polygon(struct draw *d, const struct vertex *v, unsigned int n)
{
	uint32_t mode = reg_3d(d, REG_R300_GA_POLY_MODE), cull = reg_3d(d, REG_R300_SU_CULL_MODE);
	unsigned int kind = 2;

	if (mode & POLY_MODE_ON) {
		bool front = is_front(d, v, n);

		if (cull & (front ? CULL_FRONT : CULL_BACK))
			return;
		kind = front ? POLY_FRONT(mode) : POLY_BACK(mode);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (kind == POLY_POINTS)
			raster_point(d, &v[i]);
		else if (kind == POLY_LINES)
			raster_line(d, &v[i], &v[(i + 1) % n]);
		else if (i >= 2)
			raster_triangle(d, &v[0], &v[i - 1], &v[i], true);
	}
}

/* Clip and draw a point, a line or a triangle. */
static void draw_clipped(struct draw *d, const struct vertex *const *in, unsigned int n)
{
	struct vertex buf[2][MAX_CORNERS], *from = buf[0], *to = buf[1];
	uint32_t cntl = vap_reg(d, REG_R300_VAP_CLIP_CNTL);
	bool point = n == 1;

	for (unsigned int i = 0; i < n; i++)
		from[i] = *in[i];
	for (unsigned int plane = 0; !(cntl & CLIP_DISABLE) && plane < PLANES && n; plane++) {
		struct vertex *swap = from;

		if (plane >= FIRST_USER_PLANE && !(cntl >> (plane - FIRST_USER_PLANE) & 1))
			continue;
		/* The scissor cuts the rectangle of a point. */
		if (point && plane < FRUSTUM_SIDES)
			continue;
		n = cut(d, from, n, plane, to);
		from = to;
		to = swap;
	}
	for (unsigned int i = 0; i < n; i++)
		to_window(d, &from[i]);
	if (point && n)
		raster_point(d, &from[0]);
	else if (n == 2)
		raster_line(d, &from[0], &from[1]);
	else if (n > 2)
		polygon(d, from, n);
}

static void point(struct draw *d, const struct vertex *a)
{
	draw_clipped(d, &a, 1);
}

static void line(struct draw *d, const struct vertex *a, const struct vertex *b)
{
	const struct vertex *v[] = { a, b };

	draw_clipped(d, v, 2);
}

static void triangle(struct draw *d, const struct vertex *a, const struct vertex *b,
		     const struct vertex *c)
{
	const struct vertex *v[] = { a, b, c };

	draw_clipped(d, v, 3);
}

/**
 * prim_known() - is it a kind of primitive?
 * @kind: of VF_CNTL
 *
 * Return: false for reserved values, and for rectangle lists.
 */
bool prim_known(unsigned int kind)
{
	return (kind >= PRIM_POINTS && kind <= PRIM_STRIP) ||
	       (kind >= PRIM_LINE_LOOP && kind <= PRIM_POLYGON);
}

/**
 * prim_add() - the next vertex
 * @a: assembler, zeroed before the first one but for its draw and kind
 * @v: vertex in clip coordinates
 */
void prim_add(struct assembler *a, const struct vertex *v)
{
	uint32_t n = a->count++;
	struct vertex *keep = a->v;

	switch (a->kind) {
	case PRIM_POINTS:
		point(a->d, v);
		break;
	case PRIM_LINES:
		keep[n & 1] = *v;
		if (n & 1)
			line(a->d, &keep[0], &keep[1]);
		break;
	case PRIM_LINE_STRIP:
	case PRIM_LINE_LOOP:	/* keeps the first one, and the one before */
		if (n)
			line(a->d, &keep[1], v);
		else
			keep[0] = *v;
		keep[1] = *v;
		break;
	case PRIM_TRIANGLES:
		keep[n % 3] = *v;
		if (n % 3 == 2)
			triangle(a->d, &keep[0], &keep[1], &keep[2]);
		break;
	case PRIM_FAN:
	case PRIM_POLYGON:
		if (n >= 2)
			triangle(a->d, &keep[0], &keep[1], v);
		keep[n ? 1 : 0] = *v;
		break;
	case PRIM_STRIP:	/* every second one has its vertices in the other order */
		if (n >= 2)
			triangle(a->d, &keep[n & 1], &keep[!(n & 1)], v);
		keep[n & 1] = *v;
		break;
	case PRIM_QUADS:
		keep[n & 3] = *v;
		if ((n & 3) == 3) {
			triangle(a->d, &keep[0], &keep[1], &keep[2]);
			triangle(a->d, &keep[0], &keep[2], &keep[3]);
		}
		break;
	case PRIM_QUAD_STRIP:
		keep[n & 3] = *v;
		if (n >= 3 && (n & 1)) {
			const struct vertex *p = &keep[(n - 3) & 3], *q = &keep[(n - 2) & 3];
			const struct vertex *r = &keep[(n - 1) & 3];

			triangle(a->d, p, q, v);
			triangle(a->d, p, v, r);
		}
		break;
	}
}

/**
 * prim_end() - there are no more vertices
 * @a: assembler
 */
void prim_end(struct assembler *a)
{
	if (a->kind == PRIM_LINE_LOOP && a->count > 2)
		line(a->d, &a->v[1], &a->v[0]);
}
