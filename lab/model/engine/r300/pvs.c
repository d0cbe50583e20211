// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Vertex programs (PVS). An instruction has a dword for the destination and one for each of three
 * sources. Programs run straight on: loops, jumps and subroutines are not modelled.
 */
#include <math.h>

#include "core/regs.h"
#include "engine/r300/r300.h"

#define MAX_TEMPS	32u

/* Destination */
#define OPCODE(dst)	((dst) & 0x3f)
#define IS_MATH		(1u << 6)
#define IS_MACRO	(1u << 7)
#define DST_FILE(dst)	((dst) >> 8 & 0xf)
#define DST_INDEX(dst)	((dst) >> 13 & 0x7f)
#define DST_WRITE(dst)	((dst) >> 20 & 0xf)

enum { DST_TEMP, DST_ADDRESS, DST_OUT, DST_OUT_X, DST_ALT_TEMP };

/* Source */
#define SRC_FILE(src)	((src) & 3)
#define SRC_ABS		(1u << 3)
#define SRC_RELATIVE	(1u << 4)
#define SRC_INDEX(src)	((src) >> 5 & 0xff)
#define SRC_SELECT(src, i)	((src) >> (13 + 3 * (i)) & 7)
#define SRC_NEGATE(src, i)	((src) >> (25 + (i)) & 1)
#define SRC_ADDRESS(src)	((src) >> 29 & 3)

enum { SRC_TEMP, SRC_INPUT, SRC_CONSTANT };
enum { SELECT_0 = 4, SELECT_1 = 5 };

enum vector_op {
	VE_DOT = 1, VE_MUL, VE_ADD, VE_MAD, VE_DISTANCE, VE_FRACTION, VE_MAX, VE_MIN, VE_GE,
	VE_LT, VE_MUL2_ADD, VE_FLOOR = 13, VE_ROUND,
};

enum math_op {
	ME_EXP_DX = 1, ME_LOG_DX, ME_EXP_E, ME_LIGHT, ME_POWER, ME_RCP, ME_RCP_FF, ME_RSQ,
	ME_RSQ_FF, ME_MUL, ME_EXP2, ME_LOG2, ME_SIN = 16, ME_COS,
};

struct machine {
	float temp[MAX_TEMPS][4];
	int address[4];
	float (*in)[4], (*out)[4];
};

static void load(const struct draw *d, const struct machine *m, uint32_t src, float out[4])
{
	unsigned int index = SRC_INDEX(src);
	float constant[4];
	const float *from;

	if (src & SRC_RELATIVE)
		index = (unsigned int)((int)index + m->address[SRC_ADDRESS(src)]);
	switch (SRC_FILE(src)) {
	case SRC_INPUT:
		from = m->in[index % MAX_INPUTS];
		break;
	case SRC_CONSTANT:
		index += vap_reg(d, REG_R300_VAP_PVS_CONST_CNTL) & 0x3ff;
		if (index >= PVS_PLANES - PVS_CONSTANTS)
			index = 0;
		memcpy(constant, d->pvs[PVS_CONSTANTS + index], sizeof(constant));
		from = constant;
		break;
	default:
		from = m->temp[index % MAX_TEMPS];
	}
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int select = SRC_SELECT(src, i);
		float f = select < SELECT_0 ? from[select] : select == SELECT_1 ? 1.0f : 0.0f;

		if (src & SRC_ABS)
			f = fabsf(f);
		out[i] = SRC_NEGATE(src, i) ? -f : f;
	}
}

static float dot4(const float a[4], const float b[4])
{
	return a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
}

static float vector_component(unsigned int op, float a, float b, float c)
{
	switch (op) {
	case VE_MUL:
		return a * b;
	case VE_ADD:
		return a + b;
	case VE_MAD:
		return a * b + c;
	case VE_FRACTION:
		return a - floorf(a);
	case VE_MAX:
		return a > b ? a : b;
	case VE_MIN:
		return a < b ? a : b;
	case VE_GE:
		return a >= b;
	case VE_LT:
		return a < b;
	case VE_MUL2_ADD:
		return 2 * a * b + c;
	case VE_FLOOR:
		return floorf(a);
	case VE_ROUND:
		return floorf(a + 0.5f);
	}
	return 0;
}

static void vector(unsigned int op, const float a[4], const float b[4], const float c[4],
		   float r[4])
{
	for (unsigned int i = 0; i < 4; i++)
		r[i] = op == VE_DOT ? dot4(a, b) : vector_component(op, a[i], b[i], c[i]);
	if (op == VE_DISTANCE) {
		r[0] = 1;
		r[1] = a[1] * b[1];
		r[2] = a[2];
		r[3] = b[3];
	}
}

static float math_scalar(unsigned int op, float x, float y)
{
	switch (op) {
	case ME_EXP_E:
		return expf(x);
	case ME_POWER:
		return powf(x, y);
	case ME_RCP:
	case ME_RCP_FF:
		return 1 / x;
	case ME_RSQ:
	case ME_RSQ_FF:
		return 1 / sqrtf(fabsf(x));
	case ME_MUL:
		return x * y;
	case ME_EXP2:
		return exp2f(x);
	case ME_LOG2:
		return log2f(fabsf(x));
	case ME_SIN:
		return sinf(x);
	case ME_COS:
		return cosf(x);
	}
	return 0;
}

static void math(unsigned int op, const float a[4], const float c[4], float r[4])
{
	float x = a[0];

	switch (op) {
	case ME_EXP_DX:
		r[0] = exp2f(floorf(x));
		r[1] = x - floorf(x);
		r[2] = exp2f(x);
		break;
	case ME_LOG_DX:
		r[0] = floorf(log2f(fabsf(x)));
		r[1] = fabsf(x) / exp2f(r[0]);
		r[2] = log2f(fabsf(x));
		break;
	case ME_LIGHT:	/* diffuse, exponent, -, specular */
		r[0] = 1;
		r[1] = x > 0 ? x : 0;
		r[2] = x > 0 ? powf(a[3] > 0 ? a[3] : 0, clamp(a[1], -128, 128)) : 0;
		break;
	default:
		r[0] = r[1] = r[2] = r[3] = math_scalar(op, x, c[0]);
		return;
	}
	r[3] = 1;
}

static void store(struct machine *m, uint32_t dst, float r[4])
{
	unsigned int index = DST_INDEX(dst);
	float *to;

	switch (DST_FILE(dst)) {
	case DST_TEMP:
	case DST_ALT_TEMP:
		to = m->temp[index % MAX_TEMPS];
		break;
	case DST_ADDRESS:
		for (unsigned int i = 0; i < 4; i++)
			if (DST_WRITE(dst) >> i & 1)
				m->address[i] = (int)clamp(r[i], -512, 512);
		return;
	case DST_OUT_X:
		r[1] = r[2] = r[3] = r[0];
		__attribute__((fallthrough));
	case DST_OUT:
		to = m->out[index % MAX_INPUTS];
		break;
	default:
		return;
	}
	for (unsigned int i = 0; i < 4; i++)
		if (DST_WRITE(dst) >> i & 1)
			to[i] = r[i];
}

/**
 * pvs_run() - run the vertex program for a vertex
 * @d: draw
 * @in: inputs
 * @out: outputs; those that the program does not write stay
 */
void pvs_run(const struct draw *d, float in[MAX_INPUTS][4], float out[MAX_INPUTS][4])
{
	uint32_t code = vap_reg(d, REG_R300_VAP_PVS_CODE_CNTL_0);
	uint32_t last = code >> 20 & 0x3ff;
	struct machine m = { .in = in, .out = out };

	for (uint32_t pc = code & 0x3ff; pc <= last && pc < PVS_CODE; pc++) {
		const uint32_t *inst = d->pvs[pc];
		uint32_t dst = inst[0];
		float a[4], b[4], c[4], r[4];

		load(d, &m, inst[1], a);
		load(d, &m, inst[2], b);
		load(d, &m, inst[3], c);
		if (dst & IS_MACRO)
			vector(OPCODE(dst) ? VE_MUL2_ADD : VE_MAD, a, b, c, r);
		else if (dst & IS_MATH)
			math(OPCODE(dst), a, c, r);
		else
			vector(OPCODE(dst), a, b, c, r);
		store(&m, dst, r);
	}
}
