// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Vertex fetch (VAP, PSC): from arrays in memory, or from the packet, to the inputs of the vertex
 * program, and from its outputs to a vertex.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"
#include "mem/mc.h"

#define PSC_LAST(v)		((v) >> 13 & 1)
#define TCL_BYPASS		(1u << 8)	/* VAP_CNTL_STATUS */
#define FMT_POINT_SIZE		(1u << 16)	/* VAP_OUTPUT_VTX_FMT_0 */
#define FMT_COLOR(n)		(2u << (n))
#define MAX_INDEX_MASK		0xffffffu

/* Without a program the inputs are the vertex. */
#define INPUT_SIZE		1u
#define INPUT_COLOR		2u
#define INPUT_COORD		6u

static float from_half(uint32_t half)
{
	int exponent = (int)(half >> 10 & 31);
	float mantissa = (float)(half & 0x3ff);
	float f = exponent ? ldexpf(1024 + mantissa, exponent - 25) : ldexpf(mantissa, -24);

	return half & 0x8000 ? -f : f;
}

/* As PSC_SGN_NORM_CNTL says "no zero": -1 and 1 are both exact. */
static float from_fixed(uint32_t val, unsigned int bits, const struct element *e)
{
	float max = (float)((1u << bits) - 1);
	float f;

	if (!e->is_signed)
		return e->normalised ? (float)val / max : (float)val;
	f = (float)((int32_t)(val << (32 - bits)) >> (32 - bits));
	return e->normalised ? (2 * f + 1) / max : f;
}

/* Components of an element; returns the dwords that it takes. */
static unsigned int convert(const struct element *e, const uint32_t *data, float out[4])
{
	unsigned int n;

	switch (e->type) {
	case 0:
	case 1:
	case 2:
	case 3:		/* floats */
		for (unsigned int i = 0; i <= e->type; i++)
			out[i] = as_float(data[i]);
		return e->type + 1u;
	case 4:		/* bytes */
		for (unsigned int i = 0; i < 4; i++)
			out[i] = from_fixed(data[0] >> 8 * i & 0xff, 8, e);
		return 1;
	case 5:		/* a colour of Direct3D: B, G, R, A */
		for (unsigned int i = 0; i < 4; i++)
			out[i == 3 ? 3 : 2 - i] = from_fixed(data[0] >> 8 * i & 0xff, 8, e);
		return 1;
	case 6:
	case 7:		/* shorts */
		n = e->type - 5u;
		for (unsigned int i = 0; i < 2 * n; i++)
			out[i] = from_fixed(data[i / 2] >> 16 * (i & 1) & 0xffff, 16, e);
		return n;
	case 11:
	case 12:	/* half floats */
		n = e->type - 10u;
		for (unsigned int i = 0; i < 2 * n; i++)
			out[i] = from_half(data[i / 2] >> 16 * (i & 1) & 0xffff);
		return n;
	}
	return 1;
}

/* @stream has STREAM_DWORDS. */
static void read_inputs(const struct draw *d, const uint32_t *stream, float in[MAX_INPUTS][4])
{
	unsigned int at = 0;

	memset(in, 0, MAX_INPUTS * sizeof(in[0]));
	for (unsigned int n = 0; n < d->elements; n++) {
		const struct element *e = &d->element[n];
		float val[6] = { 0, 0, 0, 1, 0, 1 };	/* the last two can be selected */
		float part[4] = { 0, 0, 0, 1 };

		at += e->skip;
		if (at + 4 > STREAM_DWORDS)
			return;
		at += convert(e, stream + at, part);
		memcpy(val, part, sizeof(part));
		for (unsigned int i = 0; i < 4; i++)
			if (e->write >> i & 1)
				in[e->dest][i] = e->select[i] < 6 ? val[e->select[i]] : 0;
	}
}

/**
 * vap_begin() - decode the state of vertices
 * @d: draw with its registers
 *
 * Return: false if the vertex program needs what is not modelled.
 */
bool vap_begin(struct draw *d)
{
	uint32_t code = vap_reg(d, REG_R300_VAP_PVS_CODE_CNTL_0);
	uint32_t first = code & 0x3ff, last = code >> 20 & 0x3ff;
	uint32_t dwords = 0;

	d->elements = 0;
	for (unsigned int n = 0; n < MAX_INPUTS; n++) {
		unsigned int shift = 16 * (n & 1);
		uint32_t cntl = vap_reg(d, REG_R300_VAP_PROG_STREAM_CNTL_0 + n / 2 * 4) >> shift;
		uint32_t ext = vap_reg(d, REG_R300_VAP_PROG_STREAM_CNTL_EXT_0 + n / 2 * 4) >> shift;

		d->element[d->elements++] = (struct element){
			.type = cntl & 15,
			.skip = cntl >> 4 & 15,
			.dest = cntl >> 8 & 15,
			.is_signed = cntl & 1u << 14,
			.normalised = cntl & 1u << 15,
			.select = { ext & 7, ext >> 3 & 7, ext >> 6 & 7, ext >> 9 & 7 },
			.write = ext >> 12 & 15,
		};
		if (PSC_LAST(cntl))
			break;
	}
	for (unsigned int i = 0; i < d->arrays; i++)
		dwords += d->array[i].size;
	d->vertex_dwords = vap_reg(d, REG_R300_VAP_VTX_SIZE) & 0x7f;
	d->vertex_cost = 4 + dwords + (last >= first ? last - first : 0);
	for (unsigned int i = 0; i < MAX_COORDS; i++) {
		unsigned int n = vap_reg(d, REG_R300_VAP_OUTPUT_VTX_FMT_1) >> 3 * i & 7;

		d->components[i] = (uint8_t)(n < 4 ? n : 4);
	}
	/* Loops, jumps and subroutines of vertex programs */
	return vap_reg(d, REG_R300_VAP_CNTL_STATUS) & TCL_BYPASS ||
	       !vap_reg(d, REG_R300_VAP_PVS_FLOW_CNTL_OPC);
}

/**
 * vap_fetch() - read a vertex from the arrays
 * @d: draw
 * @index: which one
 * @stream: gets its STREAM_DWORDS dwords; those beyond the arrays are 0
 */
void vap_fetch(const struct draw *d, uint32_t index, uint32_t *stream)
{
	uint32_t max = vap_reg(d, REG_R300_VAP_VF_MAX_VTX_INDX) & MAX_INDEX_MASK;
	unsigned int at = 0;

	memset(stream, 0, STREAM_DWORDS * 4);
	if (index > max)
		index = max;
	for (unsigned int i = 0; i < d->arrays; i++) {
		const struct vertex_array *array = &d->array[i];

		if (at + array->size > STREAM_DWORDS)
			return;
		if (array->size)
			mc_read(d->card, array->addr + index * array->stride * 4, stream + at,
				array->size * 4u);
		at += array->size;
	}
}

/**
 * vap_shade() - make a vertex
 * @d: draw
 * @stream: STREAM_DWORDS dwords
 * @v: gets the vertex
 */
void vap_shade(const struct draw *d, const uint32_t *stream, struct vertex *v)
{
	uint32_t format = vap_reg(d, REG_R300_VAP_OUTPUT_VTX_FMT_0);
	float in[MAX_INPUTS][4], out[MAX_INPUTS][4] = { 0 };
	unsigned int at = 0;

	*v = (struct vertex){ 0 };
	read_inputs(d, stream, in);
	if (vap_reg(d, REG_R300_VAP_CNTL_STATUS) & TCL_BYPASS) {
		memcpy(v->pos, in[0], sizeof(v->pos));
		v->size = in[INPUT_SIZE][0];
		memcpy(v->color, in[INPUT_COLOR], sizeof(v->color));
		memcpy(v->coord, in[INPUT_COORD], sizeof(v->coord));
		return;
	}
	pvs_run(d, in, out);
	/* The outputs that there are follow each other without a gap. */
	memcpy(v->pos, out[at++], sizeof(v->pos));
	if (format & FMT_POINT_SIZE)
		v->size = out[at++][0];
	for (unsigned int i = 0; i < MAX_COLORS; i++)
		if (format & FMT_COLOR(i))
			memcpy(v->color[i], out[at++], sizeof(v->color[i]));
	for (unsigned int i = 0; i < MAX_COORDS; i++)
		if (d->components[i])
			memcpy(v->coord[i], out[at++], sizeof(v->coord[i]));
}
