/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The 3D engine of R300 and R400, for a family. See draw.c and r300.h. */
#ifndef LAB_R300_DRAW_H
#define LAB_R300_DRAW_H

#include "cp/packet.h"

extern const struct block r300_block;

void r300_load_arrays(struct card *card, struct packet *p, unsigned int op);
void r300_draw(struct card *card, struct packet *p, unsigned int op);
void r300_index_buffer(struct card *card, struct packet *p, unsigned int op);

#define PACKETS_R300 \
	[PACKET3_3D_LOAD_VBPNTR]	= { r300_load_arrays }, \
	[PACKET3_INDX_BUFFER]		= { r300_index_buffer }, \
	[PACKET3_3D_DRAW_VBUF_2]	= { r300_draw }, \
	[PACKET3_3D_DRAW_IMMD_2]	= { r300_draw }, \
	[PACKET3_3D_DRAW_INDX_2]	= { r300_draw }

#endif
