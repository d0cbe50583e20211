/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The 3D engine of R300 and R400: what its blocks share among themselves.
 *
 * A draw goes through the blocks in the order of the files: vap.c fetches vertices, pvs.c runs the
 * vertex program, prim.c makes primitives of them and clips, raster.c finds the pixels, rs.c
 * interpolates, us.c runs the fragment program, tx.c reads its textures, zb.c tests depth and
 * stencil, cb.c writes colours. draw.c takes the packets.
 *
 * All run on the engine thread without &card.lock. A draw works on a copy of the registers, made
 * when it begins, and is charged to the engine's budget by vertices and pixels.
 */
#ifndef LAB_R300_H
#define LAB_R300_H

#include <string.h>

#include "core/card.h"

#define PVS_VECTORS	1280u	/* of four dwords */
#define PVS_CODE	512u	/* instructions from vector 0 on */
#define PVS_CONSTANTS	512u	/* first vector of the constants */
#define PVS_PLANES	1024u	/* first vector of the user clip planes */

#define MAX_ARRAYS	16u
#define MAX_INPUTS	16u
#define MAX_COLORS	4u
#define MAX_COORDS	8u
#define MAX_TEXTURES	16u
#define MAX_LEVELS	16u
#define MAX_SIZE	4096	/* pixels of a target, in both directions */

#define REGS_VPORT	0x1d98u
#define REGS_VAP	0x2000u
#define REGS_VAP_END	0x2300u
#define REGS_3D		0x4000u
#define REGS_3D_END	0x5000u

/** struct vertex_array - an array of a 3D_LOAD_VBPNTR packet; sizes in dwords. */
struct vertex_array {
	uint32_t addr;
	uint8_t size, stride;
};

/**
 * struct vertex - a vertex after its program.
 * @pos: clip coordinates, after prim.c x and y in pixels, z from 0 to 1, and 1/w
 * @size: of a point
 * @color: colours, R first
 * @coord: texture coordinates
 */
struct vertex {
	float pos[4];
	float size;
	float color[MAX_COLORS][4];
	float coord[MAX_COORDS][4];
};

/** struct element - an element of the stream of a vertex (PSC). */
struct element {
	uint8_t type, skip, dest;
	bool is_signed, normalised;
	uint8_t select[4];
	uint8_t write;
};

/** struct interpolator - an RS instruction: what a register of the fragment program begins with. */
struct interpolator {
	bool coord, color;
	uint8_t coord_reg, color_reg;
	uint8_t pointer;	/* into the components of all coordinates */
	uint8_t select[4];
	uint8_t color_from;
	bool color_is_one;	/* 0, 0, 0, 1 instead */
};

/** struct level - a level of a texture. */
struct level {
	uint32_t addr, stride;
	int width, height;
};

/** struct texture - a texture, with registers that tx.c decodes for each sample. */
struct texture {
	uint32_t filter, format;
	float bias;
	unsigned int bytes, levels;
	struct level level[MAX_LEVELS];
};

/** struct target - the buffers, and the pixels that may be drawn; x1 and y1 are outside. */
struct target {
	uint32_t color, color_pitch, depth, depth_pitch;
	unsigned int color_bytes, depth_bytes;
	uint8_t bits[4];
	bool draw_color, test_depth;
	int x0, y0, x1, y1;
};

/**
 * struct draw - a draw, with all that it needs.
 * @card: card
 * @vport: registers from REGS_VPORT
 * @vap: registers from REGS_VAP
 * @regs: registers from REGS_3D
 * @pvs: memory of the vertex programs
 * @array: vertex arrays
 * @arrays: number of them
 * @element: elements of a vertex
 * @elements: number of them
 * @vertex_dwords: dwords of a vertex in the packet itself
 * @vertex_cost: units of work of a vertex
 * @rs: interpolators
 * @rs_count: number of them
 * @components: number of components of each texture coordinate
 * @constant: constants of the fragment program
 * @texture: textures that the fragment program reads
 * @textured: it reads any
 * @pixel_cost: units of work of a pixel
 * @shade: the fragment program matters
 * @target: where it draws
 * @passed: pixels that have passed the depth test
 */
struct draw {
	struct card *card;
	uint32_t vport[6];
	uint32_t vap[(REGS_VAP_END - REGS_VAP) / 4];
	uint32_t regs[(REGS_3D_END - REGS_3D) / 4];
	uint32_t pvs[PVS_VECTORS][4];
	struct vertex_array array[MAX_ARRAYS];
	unsigned int arrays;
	struct element element[MAX_INPUTS];
	unsigned int elements;
	unsigned int vertex_dwords;
	unsigned int vertex_cost;
	struct interpolator rs[8];
	unsigned int rs_count;
	uint8_t components[MAX_COORDS];
	float constant[32][4];
	struct texture texture[MAX_TEXTURES];
	bool textured;
	unsigned int pixel_cost;
	bool shade;
	struct target target;
	uint32_t passed;
};

/**
 * struct fragment - a pixel in the fragment program.
 * @reg: registers
 * @out: colour that comes out
 * @depth: likewise, if @has_depth
 * @killed: it is not drawn
 */
struct fragment {
	float reg[32][4];
	float out[4];
	float depth;
	bool has_depth;
	bool killed;
};

static inline uint32_t vap_reg(const struct draw *d, uint32_t off)
{
	return d->vap[(off - REGS_VAP) / 4];
}

static inline uint32_t reg_3d(const struct draw *d, uint32_t off)
{
	return d->regs[(off - REGS_3D) / 4];
}

static inline float as_float(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

/* Also for NaN: the result is within the limits. */
static inline float clamp(float v, float low, float high)
{
	return v > low ? (v < high ? v : high) : low;
}

/* vap.c */
bool vap_begin(struct draw *d);
void vap_fetch(const struct draw *d, uint32_t index, uint32_t *stream);
void vap_shade(const struct draw *d, const uint32_t *stream, struct vertex *v);
#define STREAM_DWORDS	128u

/* pvs.c */
void pvs_run(const struct draw *d, float in[MAX_INPUTS][4], float out[MAX_INPUTS][4]);

/* prim.c */
/**
 * struct assembler - makes primitives of vertices that come one by one.
 * @d: draw
 * @kind: VF_CNTL's kind of primitive
 * @count: vertices so far
 * @v: those that are still needed
 */
struct assembler {
	struct draw *d;
	unsigned int kind;
	uint32_t count;
	struct vertex v[4];
};

bool prim_known(unsigned int kind);
void prim_add(struct assembler *a, const struct vertex *v);
void prim_end(struct assembler *a);

/* raster.c: window coordinates */
void raster_point(struct draw *d, const struct vertex *v);
void raster_line(struct draw *d, const struct vertex *a, const struct vertex *b);
void raster_triangle(struct draw *d, const struct vertex *a, const struct vertex *b,
		     const struct vertex *c, bool cull);

/** struct shape - what raster.c draws: a triangle, or a rectangle around a point. */
struct shape {
	const struct vertex *v[3];
	bool point, front;
	float left, top, right, bottom;		/* of a point */
};

/* rs.c */
void rs_begin(struct draw *d);
void rs_run(const struct draw *d, const struct shape *shape, const float weight[3], float x,
	    float y, struct fragment *f);

/* us.c; three fragments: the pixel, the one to the right, the one below */
#define FRAGMENTS	3u
bool us_begin(struct draw *d);
void us_run(const struct draw *d, struct fragment f[FRAGMENTS]);

/* tx.c */
bool tx_begin(struct draw *d, unsigned int unit);
void tx_sample(const struct draw *d, unsigned int unit, const float at[4], const float right[4],
	       const float below[4], float bias, float out[4]);

/* zb.c */
void zb_begin(struct draw *d);
bool zb_test(const struct draw *d, double depth, bool front, uint32_t *pixel);

/* cb.c */
bool cb_begin(struct draw *d);
bool cb_alpha_test(const struct draw *d, float alpha);
uint32_t cb_write(const struct draw *d, const float color[4], uint32_t pixel);

#endif
