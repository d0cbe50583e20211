/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* 2D packets, for the packet table of a family. See packets_2d.c. */
#ifndef LAB_PACKETS_2D_H
#define LAB_PACKETS_2D_H

#include "cp/packet.h"

void packet_paint(struct card *card, struct packet *p, unsigned int op);
void packet_blit(struct card *card, struct packet *p, unsigned int op);
void packet_host_data(struct card *card, struct packet *p, unsigned int op);

#define PACKETS_2D \
	[PACKET3_CNTL_PAINT_MULTI]	= { packet_paint }, \
	[PACKET3_CNTL_BITBLT]		= { packet_blit }, \
	[PACKET3_CNTL_BITBLT_MULTI]	= { packet_blit }, \
	[PACKET3_CNTL_HOSTDATA_BLT]	= { packet_host_data }

#endif
