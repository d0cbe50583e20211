// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Fragment programs (US). An instruction has a part for R, G, B and a part for A, each with up to
 * three sources and an operation. Instructions that read textures stand apart; a program has up to
 * four nodes, and each runs its textures first.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"

#define ALU_COUNT		64u
#define LAST_NODE(config)	((config) & 3)	/* US_CONFIG */
#define FIRST_NODE_HAS_TEX	(1u << 3)
#define NODES			4u
#define TEX_COUNT		32u
#define NODE_TEX(node)		((node) >> 12 & 31)
#define NODE_TEXS(node)		(((node) >> 17 & 31) + 1)
#define OFFSET_TEX(offset)	((offset) >> 13 & 31)
#define NODE_ALU(node)		((node) & 63)	/* US_CODE_ADDR */
#define NODE_ALUS(node)		(((node) >> 6 & 63) + 1)
#define OFFSET_ALU(offset)	((offset) & 63)	/* US_CODE_OFFSET */
#define DEPTH_FROM_PROGRAM	1u		/* FG_DEPTH_SRC */
#define ALPHA_TEST_ON		(1u << 11)	/* FG_ALPHA_FUNC */

/* Addresses: three sources of 6 bits, a constant if the highest is set; destination; masks */
#define SOURCE(addr, i)		((addr) >> 6 * (i) & 63)
#define IS_CONSTANT		32u
#define DEST(addr)		((addr) >> 18 & 31)
#define RGB_WRITE(addr, k)	((addr) >> (23 + (k)) & 1)
#define RGB_OUT(addr, k)	((addr) >> (26 + (k)) & 1)
#define RGB_TARGET(addr)	((addr) >> 29 & 3)
#define A_WRITE			(1u << 23)
#define A_OUT			(1u << 24)
#define A_TARGET(addr)		((addr) >> 25 & 3)
#define A_DEPTH			(1u << 27)

/* Instructions: three arguments of 7 bits, presubtraction, operation, factor, clamp */
#define ARGUMENT(inst, i)	((inst) >> 7 * (i) & 127)
#define ARG_SELECT(arg)		((arg) & 31)
#define ARG_NEGATE		(1u << 5)
#define ARG_ABS			(1u << 6)
#define PRESUB(inst)		((inst) >> 21 & 3)
#define OPERATION(inst)		((inst) >> 23 & 15)
#define FACTOR(inst)		((inst) >> 27 & 7)
#define CLAMP			(1u << 30)

enum {
	RGB_MAD, RGB_DP3, RGB_DP4, RGB_MIN = 4, RGB_MAX, RGB_CND = 7, RGB_CMP, RGB_FRACTION,
	RGB_ALPHA,
};
enum { A_MAD, A_DOT, A_MIN, A_MAX, A_CND = 5, A_CMP, A_FRACTION, A_EXP2, A_LOG2, A_RCP, A_RSQ };

/* Texture instructions */
#define TEX_SOURCE(inst)	((inst) & 31)
#define TEX_DEST(inst)		((inst) >> 6 & 31)
#define TEX_UNIT(inst)		((inst) >> 11 & 15)
#define TEX_OP(inst)		((inst) >> 15 & 7)

enum { TEX_LOAD = 1, TEX_KILL, TEX_PROJECT, TEX_BIAS };

/* Seven bits of exponent, bias 63, and sixteen of mantissa. */
static float from_fp24(uint32_t v)
{
	float f;

	if (!(v & 0x7fffff))
		return 0;
	f = ldexpf(1.0f + (float)(v & 0xffff) / 65536.0f, (int)(v >> 16 & 0x7f) - 63);
	return v & 0x800000 ? -f : f;
}

static uint32_t node_reg(const struct draw *d, unsigned int n)
{
	/* Nodes stand at the end of the four. */
	unsigned int last = LAST_NODE(reg_3d(d, REG_R300_US_CONFIG));

	return reg_3d(d, REG_R300_US_CODE_ADDR_0 + (NODES - 1 - last + n) * 4);
}

/* Texture instructions of a node; the first one may have none. */
static unsigned int node_texs(const struct draw *d, unsigned int n)
{
	if (!n && !(reg_3d(d, REG_R300_US_CONFIG) & FIRST_NODE_HAS_TEX))
		return 0;
	return NODE_TEXS(node_reg(d, n));
}

static uint32_t tex_inst(const struct draw *d, unsigned int node, unsigned int i)
{
	unsigned int first = NODE_TEX(node_reg(d, node)) +
			     OFFSET_TEX(reg_3d(d, REG_R300_US_CODE_OFFSET));

	return reg_3d(d, REG_R300_US_TEX_INST_0 + (first + i) % TEX_COUNT * 4);
}

/**
 * us_begin() - decode the fragment program and the textures that it reads
 * @d: draw with its registers
 *
 * Return: false if it needs what is not modelled.
 */
bool us_begin(struct draw *d)
{
	unsigned int last = LAST_NODE(reg_3d(d, REG_R300_US_CONFIG)), cost = 8;
	uint32_t known = 0;

	for (unsigned int i = 0; i < 32 * 4; i++)
		d->constant[i / 4][i % 4] =
			from_fp24(reg_3d(d, REG_R300_PFS_PARAM_0_X + i * 4));
	d->shade = d->target.draw_color ||
		   (reg_3d(d, REG_R300_FG_ALPHA_FUNC) & ALPHA_TEST_ON) ||
		   (reg_3d(d, REG_R300_FG_DEPTH_SRC) & DEPTH_FROM_PROGRAM);
	d->textured = false;
	d->pixel_cost = 1;
	if (!d->shade)
		return true;
	for (unsigned int n = 0; n <= last; n++) {
		cost += 4 * NODE_ALUS(node_reg(d, n));
		for (unsigned int i = 0; i < node_texs(d, n); i++) {
			uint32_t inst = tex_inst(d, n, i), unit = TEX_UNIT(inst);

			d->textured = true;
			cost += 16;
			if (TEX_OP(inst) == TEX_KILL || known >> unit & 1)
				continue;
			if (!tx_begin(d, unit))
				return false;
			known |= 1u << unit;
		}
	}
	d->pixel_cost = d->textured ? FRAGMENTS * cost : cost;
	return true;
}

static void run_tex(const struct draw *d, struct fragment f[FRAGMENTS], uint32_t inst)
{
	float at[FRAGMENTS][4], bias[FRAGMENTS] = { 0 };
	unsigned int op = TEX_OP(inst);

	for (unsigned int i = 0; i < FRAGMENTS; i++) {
		memcpy(at[i], f[i].reg[TEX_SOURCE(inst)], sizeof(at[i]));
		if (op == TEX_KILL)
			f[i].killed |= at[i][0] < 0 || at[i][1] < 0 || at[i][2] < 0 || at[i][3] < 0;
		if (op == TEX_PROJECT)
			for (unsigned int k = 0; k < 3; k++)
				at[i][k] /= at[i][3];
		if (op == TEX_BIAS)
			bias[i] = at[i][3];
	}
	if (op != TEX_LOAD && op != TEX_PROJECT && op != TEX_BIAS)
		return;
	for (unsigned int i = 0; i < FRAGMENTS; i++) {
		float out[4];

		/* All have the level of detail of the pixel. */
		float right[4], below[4];

		for (unsigned int k = 0; k < 4; k++) {
			right[k] = at[i][k] + at[1][k] - at[0][k];
			below[k] = at[i][k] + at[2][k] - at[0][k];
		}
		tx_sample(d, TEX_UNIT(inst), at[i], right, below, bias[i], out);
		memcpy(f[i].reg[TEX_DEST(inst)], out, sizeof(out));
	}
}

static float presubtract(unsigned int op, float a, float b)
{
	switch (op) {
	case 0:
		return 1 - 2 * a;
	case 1:
		return b - a;
	case 2:
		return b + a;
	}
	return 1 - a;
}

static float modify(float v, uint32_t arg)
{
	if (arg & ARG_ABS)
		v = fabsf(v);
	return arg & ARG_NEGATE ? -v : v;
}

static float finish(float v, uint32_t inst)
{
	static const float factor[8] = { 1, 2, 4, 8, 0.5f, 0.25f, 0.125f, 1 };

	v *= factor[FACTOR(inst)];
	return inst & CLAMP ? clamp(v, 0, 1) : v;
}

/* Argument of the R, G, B part. @src: the three sources, and the result of the presubtraction. */
static void rgb_argument(float src[4][4], uint32_t arg, float out[3])
{
	uint32_t select = ARG_SELECT(arg);

	for (unsigned int k = 0; k < 3; k++) {
		float v;

		if (select < 12)	/* RGB, RRR, GGG, BBB of a source */
			v = src[select / 4][select % 4 ? select % 4 - 1 : k];
		else if (select < 15)	/* its A */
			v = src[select - 12][3];
		else if (select < 20)	/* RGB, RRR, GGG, BBB, AAA of the presubtraction */
			v = src[3][select == 15 ? k : select - 16];
		else if (select < 23)
			v = select == 20 ? 0.0f : select == 21 ? 1.0f : 0.5f;
		else if (select < 26)	/* GBR */
			v = src[select - 23][(k + 1) % 3];
		else if (select < 29)	/* BRG */
			v = src[select - 26][(k + 2) % 3];
		else			/* ABG */
			v = src[select - 29][3 - k];
		out[k] = modify(v, arg);
	}
}

static float a_argument(float src[4][4], uint32_t arg)
{
	uint32_t select = ARG_SELECT(arg);
	float v;

	if (select < 9)
		v = src[select / 3][select % 3];
	else if (select < 12)
		v = src[select - 9][3];
	else if (select < 16)
		v = src[3][select - 12];
	else
		v = select == 16 ? 0.0f : select == 17 ? 1.0f : 0.5f;
	return modify(v, arg);
}

static float a_operation(unsigned int op, const float v[3], float dot, bool three)
{
	switch (op) {
	case A_MAD:
		return v[0] * v[1] + v[2];
	case A_DOT:
		return dot + (three ? 0 : v[0] * v[1]);
	case A_MIN:
		return v[0] < v[1] ? v[0] : v[1];
	case A_MAX:
		return v[0] > v[1] ? v[0] : v[1];
	case A_CND:
		return v[2] > 0.5f ? v[0] : v[1];
	case A_CMP:
		return v[2] >= 0 ? v[0] : v[1];
	case A_FRACTION:
		return v[0] - floorf(v[0]);
	case A_EXP2:
		return exp2f(v[0]);
	case A_LOG2:
		return log2f(v[0]);
	case A_RCP:
		return 1 / v[0];
	case A_RSQ:
		return 1 / sqrtf(fabsf(v[0]));
	}
	return 0;
}

static float rgb_operation(unsigned int op, float a, float b, float c)
{
	switch (op) {
	case RGB_MAD:
		return a * b + c;
	case RGB_MIN:
		return a < b ? a : b;
	case RGB_MAX:
		return a > b ? a : b;
	case RGB_CND:
		return c > 0.5f ? a : b;
	case RGB_CMP:
		return c >= 0 ? a : b;
	case RGB_FRACTION:
		return a - floorf(a);
	}
	return 0;
}

static void step(const struct draw *d, struct fragment *f, unsigned int pc)
{
	uint32_t rgb_addr = reg_3d(d, REG_R300_US_ALU_RGB_ADDR_0 + pc * 4);
	uint32_t a_addr = reg_3d(d, REG_R300_US_ALU_ALPHA_ADDR_0 + pc * 4);
	uint32_t rgb_inst = reg_3d(d, REG_R300_US_ALU_RGB_INST_0 + pc * 4);
	uint32_t a_inst = reg_3d(d, REG_R300_US_ALU_ALPHA_INST_0 + pc * 4);
	unsigned int op = OPERATION(rgb_inst);
	float src[4][4], rgb[3][3], a[3], result[4], dot = 0;

	for (unsigned int i = 0; i < 3; i++) {
		uint32_t s = SOURCE(rgb_addr, i), t = SOURCE(a_addr, i);
		const float *from = s & IS_CONSTANT ? d->constant[s & 31] : f->reg[s];

		memcpy(src[i], from, 3 * sizeof(float));
		src[i][3] = t & IS_CONSTANT ? d->constant[t & 31][3] : f->reg[t][3];
	}
	for (unsigned int k = 0; k < 4; k++)
		src[3][k] = presubtract(PRESUB(k == 3 ? a_inst : rgb_inst), src[0][k], src[1][k]);
	for (unsigned int i = 0; i < 3; i++) {
		rgb_argument(src, ARGUMENT(rgb_inst, i), rgb[i]);
		a[i] = a_argument(src, ARGUMENT(a_inst, i));
	}
	for (unsigned int k = 0; k < 3; k++)
		dot += rgb[0][k] * rgb[1][k];

	result[3] = a_operation(OPERATION(a_inst), a, dot, op == RGB_DP3);
	for (unsigned int k = 0; k < 3; k++) {
		if (op == RGB_DP3)
			result[k] = dot;
		else if (op == RGB_DP4)
			result[k] = dot + a[0] * a[1];
		else if (op == RGB_ALPHA)
			result[k] = result[3];
		else
			result[k] = rgb_operation(op, rgb[0][k], rgb[1][k], rgb[2][k]);
		result[k] = finish(result[k], rgb_inst);
	}
	result[3] = finish(result[3], a_inst);

	/* There is one colour buffer. */
	for (unsigned int k = 0; k < 3; k++) {
		if (RGB_WRITE(rgb_addr, k))
			f->reg[DEST(rgb_addr)][k] = result[k];
		if (RGB_OUT(rgb_addr, k) && !RGB_TARGET(rgb_addr))
			f->out[k] = result[k];
	}
	if (a_addr & A_WRITE)
		f->reg[DEST(a_addr)][3] = result[3];
	if ((a_addr & A_OUT) && !A_TARGET(a_addr))
		f->out[3] = result[3];
	if ((a_addr & A_DEPTH) && (reg_3d(d, REG_R300_FG_DEPTH_SRC) & DEPTH_FROM_PROGRAM)) {
		f->depth = result[3];
		f->has_depth = true;
	}
}

/**
 * us_run() - run the fragment program for a pixel
 * @d: draw
 * @f: the pixel and its neighbours with their registers; the neighbours count for textures only
 */
void us_run(const struct draw *d, struct fragment f[FRAGMENTS])
{
	unsigned int last = LAST_NODE(reg_3d(d, REG_R300_US_CONFIG));
	unsigned int offset = OFFSET_ALU(reg_3d(d, REG_R300_US_CODE_OFFSET));

	for (unsigned int n = 0; n <= last; n++) {
		uint32_t node = node_reg(d, n);

		for (unsigned int i = 0; i < node_texs(d, n); i++)
			run_tex(d, f, tex_inst(d, n, i));
		for (unsigned int i = 0; i < NODE_ALUS(node); i++)
			for (unsigned int k = 0; k < (d->textured ? FRAGMENTS : 1); k++)
				step(d, &f[k], (NODE_ALU(node) + offset + i) % ALU_COUNT);
	}
}
