// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * 2D packets: they set registers of the 2D engine, and draw from the top left.
 */
#include "engine/packets_2d.h"

#include "core/regs.h"
#include "engine/engine_2d.h"

/* The start of every 2D packet: GUI_MASTER_CNTL says what comes with it. */
static bool load_setup(struct card *card, struct packet *p)
{
	uint16_t offs[6];
	unsigned int n = 0;
	uint32_t gmc;

	if (!packet_pull(card, p, &gmc))
		return false;
	packet_write_reg(card, p->s, REG_DP_GUI_MASTER_CNTL, gmc);
	if (gmc & 1u << 0)
		offs[n++] = REG_SRC_PITCH_OFFSET;
	if (gmc & 1u << 1)
		offs[n++] = REG_DST_PITCH_OFFSET;
	if (gmc & 1u << 2)
		offs[n++] = REG_SRC_SC_BOTTOM_RIGHT;
	if (gmc & 1u << 3) {
		offs[n++] = REG_SC_TOP_LEFT;
		offs[n++] = REG_SC_BOTTOM_RIGHT;
	}
	switch (gmc >> 4 & 0xf) {
	case 13:	/* solid */
		offs[n++] = REG_DP_BRUSH_FRGD_CLR;
		break;
	case 14:
	case 15:	/* none */
		break;
	default:
		packet_bad(card, "pattern brush", gmc);
		return false;
	}
	return packet_load_regs(card, p, offs, n);
}

/* Any number of rectangles: r100_copy_blit() has one in each packet. */
static void draw_rects(struct card *card, struct packet *p, bool copy)
{
	static const uint16_t offs[] = { REG_SRC_X_Y, REG_DST_X_Y };
	uint32_t wh;

	if (!load_setup(card, p))
		return;
	while (packet_load_regs(card, p, offs + !copy, 1 + copy) && packet_pull(card, p, &wh))
		engine_2d_packet_rect(card, wh >> 16, wh & 0xffff);
}

/**
 * packet_paint() - fill rectangles
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void packet_paint(struct card *card, struct packet *p, unsigned int op)
{
	(void)op;
	draw_rects(card, p, false);
}

/**
 * packet_blit() - copy rectangles
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void packet_blit(struct card *card, struct packet *p, unsigned int op)
{
	(void)op;
	draw_rects(card, p, true);
}

/**
 * packet_host_data() - draw a rectangle whose pixels are in the packet
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @op: its opcode
 */
void packet_host_data(struct card *card, struct packet *p, unsigned int op)
{
	static const uint16_t offs[] = {
		REG_DP_SRC_FRGD_CLR, REG_DP_SRC_BKGD_CLR, REG_DST_Y_X,
	};
	struct e2d_cmd cmd = { .kind = E2D_HOST_DATA };
	uint32_t hw, count;

	(void)op;
	if (!load_setup(card, p) || !packet_load_regs(card, p, offs, 3) ||
	    !packet_pull(card, p, &hw) || !packet_pull(card, p, &count))
		return;
	engine_2d_packet_rect(card, hw & 0xffff, hw >> 16);
	while (count-- && packet_pull(card, p, &cmd.host_data))
		engine_2d_run(card, &cmd);
	engine_2d_cancel(card);
}
