// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Fragment programs (US). An instruction has a part for R, G, B and a part for A, each with up to
 * three sources and an operation. Textures are not modelled: a program that reads one is not run.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"

#define ALU_COUNT		64u
#define LAST_NODE(config)	((config) & 3)	/* US_CONFIG */
#define FIRST_NODE_HAS_TEX	(1u << 3)
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

/* Seven bits of exponent, bias 63, and sixteen of mantissa. */
static float from_fp24(uint32_t v)
{
	float f;

	if (!(v & 0x7fffff))
		return 0;
	f = ldexpf(1.0f + (float)(v & 0xffff) / 65536.0f, (int)(v >> 16 & 0x7f) - 63);
	return v & 0x800000 ? -f : f;
}

/**
 * us_begin() - decode the fragment program
 * @d: draw with its registers
 *
 * Return: false if it needs what is not modelled.
 */
bool us_begin(struct draw *d)
{
	uint32_t config = reg_3d(d, REG_R300_US_CONFIG);

	for (unsigned int i = 0; i < 32 * 4; i++)
		d->constant[i / 4][i % 4] =
			from_fp24(reg_3d(d, REG_R300_PFS_PARAM_0_X + i * 4));
	d->shade = d->target.draw_color ||
		   (reg_3d(d, REG_R300_FG_ALPHA_FUNC) & ALPHA_TEST_ON) ||
		   (reg_3d(d, REG_R300_FG_DEPTH_SRC) & DEPTH_FROM_PROGRAM);
	d->pixel_cost = 1 + (d->shade ? 8 + 4 * NODE_ALUS(reg_3d(d, REG_R300_US_CODE_ADDR_3)) : 0);
	/* Only the first node may be without textures; then it is the only one. */
	return !d->shade || (!LAST_NODE(config) && !(config & FIRST_NODE_HAS_TEX));
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
 * @f: pixel with its registers
 */
void us_run(const struct draw *d, struct fragment *f)
{
	/* Nodes stand at the end of the four. */
	uint32_t node = reg_3d(d, REG_R300_US_CODE_ADDR_3);
	unsigned int first = NODE_ALU(node) + OFFSET_ALU(reg_3d(d, REG_R300_US_CODE_OFFSET));

	for (unsigned int i = 0; i < NODE_ALUS(node); i++)
		step(d, f, (first + i) % ALU_COUNT);
}
