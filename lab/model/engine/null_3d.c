// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The null 3D engine: it takes 3D packets, and counts what it does not draw.
 */
#include "engine/null_3d.h"

#include "core/regs.h"

#define VF_VERTICES(cntl)	((cntl) >> 16)

/**
 * null_3d_state() - packet that draws nothing by itself
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void null_3d_state(struct card *card, struct packet *p, unsigned int op)
{
	(void)p;
	(void)op;
	stat_inc(card, packets_3d);
}

/**
 * null_3d_draw() - packet that draws
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 *
 * See r100_packet3_check() and r300_packet3_check() for the place of VF_CNTL.
 */
void null_3d_draw(struct card *card, struct packet *p, unsigned int op)
{
	unsigned int before = 0;
	uint32_t val;

	if (op == PACKET3_3D_RNDR_GEN_INDX_PRIM)
		before = 3;
	else if (op == PACKET3_3D_DRAW_VBUF || op == PACKET3_3D_DRAW_IMMD ||
		 op == PACKET3_3D_DRAW_INDX)
		before = 1;
	stat_inc(card, packets_3d);
	do {
		if (!packet_pull(card, p, &val))
			return;
	} while (before--);
	stat_inc(card, draws_skipped);
	stat_add(card, vertices_skipped, VF_VERTICES(val));
}
