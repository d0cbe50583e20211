/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A card whose 3D engine can draw: state for coloured vertices in window coordinates, without a
 * vertex program. Shared by the unit test and the fuzzer of draws.
 */
#ifndef LAB_DRAW_FIXTURE_H
#define LAB_DRAW_FIXTURE_H

#include "card_fixture.h"

#define TARGET_SIZE	64u		/* pixels, in both directions */
#define COLOR_VRAM	0x100000u
#define DEPTH_VRAM	0x180000u
#define VERTEX_DWORDS	8u		/* position and colour */

/* Where the scissor registers have their origin. */
#define SCISSOR(x, y)	(((x) + 1440u) | ((y) + 1440u) << 13)

/* VF_CNTL */
#define POINTS		1u
#define TRIANGLES	4u
#define FAN		5u
#define QUADS		13u
#define INDEXED		(1u << 4)
#define LISTED		(2u << 4)
#define EMBEDDED	(3u << 4)
#define VERTICES(n)	((n) << 16)

void draw_reg(struct fixture *f, uint32_t off, uint32_t val);
void draw_setup(struct fixture *f);
void draw_vertices(struct fixture *f, uint32_t kind, const float (*v)[VERTEX_DWORDS],
		   uint32_t count);
uint32_t draw_pixel(struct fixture *f, unsigned int x, unsigned int y);

#endif
