// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Interpolators (RS): what the registers of the fragment program begin with. The components of all
 * texture coordinates stand in a row; an instruction picks four of them from a pointer on.
 */
#include "core/regs.h"
#include "engine/r300/r300.h"

#define RS_LAST(v)		((v) & 0xf)	/* RS_INST_COUNT */
#define INST_COORD_IP(v)	((v) & 7)	/* RS_INST */
#define INST_COORD		(1u << 3)
#define INST_COORD_REG(v)	((v) >> 6 & 31)
#define INST_COLOR_IP(v)	((v) >> 11 & 7)
#define INST_COLOR		(1u << 14)
#define INST_COLOR_REG(v)	((v) >> 17 & 31)
#define IP_POINTER(v)		((v) & 63)	/* RS_IP */
#define IP_COLOR(v)		((v) >> 6 & 3)
#define IP_COLOR_FORMAT(v)	((v) >> 9 & 15)
#define IP_SELECT(v, i)		((v) >> (13 + 3 * (i)) & 7)
#define FORMAT_0001		6u
#define STUFF_ON		1u		/* GB_ENABLE */
#define STUFF_SOURCE(v, i)	((v) >> (16 + 2 * (i)) & 3)
#define OUTPUT_COLOR(n)		(2u << (n))	/* VAP_OUTPUT_VTX_FMT_0 */
#define COMPONENTS		(MAX_COORDS * 4)

enum { SELECT_0 = 4, SELECT_1 = 5 };

/**
 * rs_begin() - decode the interpolators
 * @d: draw with its registers
 */
void rs_begin(struct draw *d)
{
	unsigned int last = RS_LAST(reg_3d(d, REG_R300_RS_INST_COUNT));

	d->rs_count = last < 8 ? last + 1 : 8;
	for (unsigned int i = 0; i < d->rs_count; i++) {
		uint32_t inst = reg_3d(d, REG_R300_RS_INST_0 + i * 4);
		uint32_t coord = reg_3d(d, REG_R300_RS_IP_0 + INST_COORD_IP(inst) * 4);
		uint32_t color = reg_3d(d, REG_R300_RS_IP_0 + INST_COLOR_IP(inst) * 4);

		d->rs[i] = (struct interpolator){
			.coord = inst & INST_COORD,
			.color = inst & INST_COLOR,
			.coord_reg = INST_COORD_REG(inst),
			.color_reg = INST_COLOR_REG(inst),
			.pointer = IP_POINTER(coord),
			.color_from = IP_COLOR(color),
			.color_is_one = IP_COLOR_FORMAT(color) == FORMAT_0001,
		};
		for (unsigned int k = 0; k < 4; k++)
			d->rs[i].select[k] = IP_SELECT(coord, k);
	}
}

/* The coordinates of a pixel in a point, from GA_POINT_S0 and the following three registers. */
static void stuff(const struct draw *d, const struct shape *s, float x, float y, float out[2])
{
	float s0 = as_float(reg_3d(d, REG_R300_GA_POINT_S0));
	float t0 = as_float(reg_3d(d, REG_R300_GA_POINT_S0 + 4));
	float s1 = as_float(reg_3d(d, REG_R300_GA_POINT_S0 + 8));
	float t1 = as_float(reg_3d(d, REG_R300_GA_POINT_S0 + 12));

	out[0] = s0 + (s1 - s0) * (x - s->left) / (s->right - s->left);
	out[1] = t1 + (t0 - t1) * (y - s->top) / (s->bottom - s->top);
}

/**
 * rs_run() - begin a pixel
 * @d: draw
 * @shape: what the pixel is in
 * @weight: of its three corners, in the window
 * @x: centre of the pixel
 * @y: likewise
 * @f: its registers are set
 */
void rs_run(const struct draw *d, const struct shape *shape, const float weight[3], float x,
	    float y, struct fragment *f)
{
	uint32_t enable = reg_3d(d, REG_GB_ENABLE);
	uint32_t format = vap_reg(d, REG_R300_VAP_OUTPUT_VTX_FMT_0);
	float in_row[COMPONENTS] = { 0 }, w[3], sum = 0;
	unsigned int n = 0;

	/* The last component of a position is 1/w. */
	for (unsigned int i = 0; i < 3; i++) {
		w[i] = weight[i] * shape->v[i]->pos[3];
		sum += w[i];
	}
	for (unsigned int i = 0; i < 3; i++)
		w[i] /= sum;
	for (unsigned int i = 0; i < MAX_COORDS; i++) {
		if (shape->point && (enable & STUFF_ON) && STUFF_SOURCE(enable, i) &&
		    n + 2 <= COMPONENTS) {
			stuff(d, shape, x, y, &in_row[n]);
			n += 2;
			continue;
		}
		for (unsigned int k = 0; k < d->components[i] && n < COMPONENTS; k++)
			in_row[n++] = w[0] * shape->v[0]->coord[i][k] +
				      w[1] * shape->v[1]->coord[i][k] +
				      w[2] * shape->v[2]->coord[i][k];
	}
	for (unsigned int i = 0; i < d->rs_count; i++) {
		const struct interpolator *ip = &d->rs[i];
		unsigned int from = ip->color_from;

		for (unsigned int k = 0; ip->coord && k < 4; k++) {
			unsigned int select = ip->select[k];

			f->reg[ip->coord_reg][k] = select == SELECT_0 ? 0 : select == SELECT_1 ? 1 :
				in_row[(ip->pointer + select) % COMPONENTS];
		}
		/* Colours of the back follow those of the front, if the program makes them. */
		if (!shape->front && from < 2 && (format & OUTPUT_COLOR(from + 2)))
			from += 2;
		for (unsigned int k = 0; ip->color && k < 4; k++)
			f->reg[ip->color_reg][k] = ip->color_is_one ? k == 3 :
				clamp(w[0] * shape->v[0]->color[from][k] +
				      w[1] * shape->v[1]->color[from][k] +
				      w[2] * shape->v[2]->color[from][k], 0, 1);
	}
}
