/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A 3D engine that draws nothing, for the packet table of a family. See null_3d.c. */
#ifndef LAB_NULL_3D_H
#define LAB_NULL_3D_H

#include "cp/packet.h"

void null_3d_state(struct card *card, struct packet *p, unsigned int op);
void null_3d_draw(struct card *card, struct packet *p, unsigned int op);

/* Draws that R300 has no more, draws of R200 and R300, and what clears compressed buffers. */
#define PACKETS_3D_NULL_R100 \
	[PACKET3_3D_RNDR_GEN_INDX_PRIM]	= { null_3d_draw }, \
	[PACKET3_3D_DRAW_VBUF]		= { null_3d_draw }, \
	[PACKET3_3D_DRAW_IMMD]		= { null_3d_draw }, \
	[PACKET3_3D_DRAW_INDX]		= { null_3d_draw }

#define PACKETS_3D_NULL_R300 \
	[PACKET3_3D_DRAW_VBUF_2]	= { null_3d_draw }, \
	[PACKET3_3D_DRAW_IMMD_2]	= { null_3d_draw }, \
	[PACKET3_3D_DRAW_INDX_2]	= { null_3d_draw }, \
	[PACKET3_3D_LOAD_VBPNTR]	= { null_3d_state }, \
	[PACKET3_INDX_BUFFER]		= { null_3d_state }

#define PACKETS_3D_NULL_CLEARS \
	[PACKET3_3D_CLEAR_ZMASK]	= { null_3d_state }, \
	[PACKET3_3D_CLEAR_HIZ]		= { null_3d_state }, \
	[PACKET3_3D_CLEAR_CMASK]	= { null_3d_state }

#endif
