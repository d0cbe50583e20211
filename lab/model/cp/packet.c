// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Packets: what the dwords of a ring or an indirect buffer mean.
 *
 * Type 0 and 1 write registers, type 2 is filler, type 3 has an opcode. Streams
 * are hostile: the length of a packet is known, and within its stream, before any
 * of it is executed, and each of its dwords is read from memory once.
 *
 * There is no 3D pipe: 3D packets are consumed and counted, not drawn.
 */
#include "cp/packet.h"

#include "core/clock.h"
#include "engine/engine_2d.h"
#include "mem/mc.h"
#include "core/regs.h"
#include "core/trace.h"
#include "core/work.h"

static void stream_fill(struct card *card, struct stream *s)
{
	uint32_t n = s->left < STREAM_BUF ? s->left : STREAM_BUF;

	if (!s->ib) {
		if (n > s->mask + 1 - s->pos)
			n = s->mask + 1 - s->pos;
		s->fetched_ns = clock_ns();
	}
	mc_read(card, s->base + s->pos * 4, s->buf, n * 4);
	s->next = 0;
	s->have = n;
}

/**
 * packet_peek() - look at the next dword of a stream
 * @card: card; engine thread, &card.lock not held
 * @s: stream whose @left is not 0
 *
 * Return: the dword; it is read from memory only once, even if it is peeked at again.
 */
uint32_t packet_peek(struct card *card, struct stream *s)
{
	if (s->next == s->have)
		stream_fill(card, s);
	return s->buf[s->next];
}

static void stream_skip(struct stream *s, uint32_t n)
{
	if (n <= s->have - s->next)
		s->next += n;
	else
		s->next = s->have = 0;
	s->pos = (s->pos + n) & s->mask;
	s->left -= n;
}

/**
 * struct packet - a packet being executed.
 * @s: where its body comes from
 * @left: dwords of the body not yet taken; @s has as many
 */
struct packet {
	struct stream *s;
	uint32_t left;
};

static bool pull(struct card *card, struct packet *p, uint32_t *val)
{
	if (!p->left || work_aborted(card))
		return false;
	*val = packet_peek(card, p->s);
	stream_skip(p->s, 1);
	p->left--;
	return true;
}

/**
 * packet_bad() - count a packet that is malformed or not known
 * @card: card; any locks
 * @why: what is wrong, for the trace
 * @what: the header or register
 */
void packet_bad(struct card *card, const char *why, uint32_t what)
{
	static atomic_bool warned;

	stat_inc(card, packets_bad);
	trace(TRACE_PACKET, "%s: %08x", why, what);
	warn_once_print(&warned, "command stream: %s: %08x", why, what);
}

/* The CPU may poll for a fence, so its number waits like its interrupt. */
static bool completes_fence(uint32_t off, uint32_t val)
{
	return (off >= REG_SCRATCH_REG0 && off <= REG_SCRATCH_REG7) ||
	       (off == REG_GEN_INT_STATUS && (val & INT_SW_FIRE));
}

/**
 * packet_write_reg() - write a register for a packet, and do the work that it starts
 * @card: card; engine thread, &card.lock not held
 * @s: the packet's stream
 * @off: byte offset; may be beyond the registers
 * @val: value
 */
void packet_write_reg(struct card *card, struct stream *s, uint32_t off,
		      uint32_t val)
{
	struct command cmd;
	bool posted;

	if (off >= CARD_MMIO_SIZE) {
		packet_bad(card, "write beyond the registers", off);
		return;
	}
	if (card->latency_us && completes_fence(off, val))
		work_wait_until(card, s->fetched_ns + (uint64_t)card->latency_us * 1000);

	pthread_mutex_lock(&card->lock);
	if (work_aborted(card)) {
		pthread_mutex_unlock(&card->lock);
		return;
	}
	card_reg_write(card, off, val, REG_FROM_CP);
	posted = work_take(card, &cmd);
	pthread_mutex_unlock(&card->lock);
	if (posted)
		cmd.run(card, cmd.data);
}

static void type0(struct card *card, struct packet *p, uint32_t header)
{
	uint32_t off = (header & 0x1fff) << 2;
	uint32_t step = header & 1u << 15 ? 0 : 4;
	const char *name = reg_name(off);
	uint32_t val;

	trace(TRACE_PACKET, "%s type 0 %s %04x, %u dwords",
	      p->s->ib ? "IB" : "ring", name ? name : "?", off, p->left);
	while (pull(card, p, &val)) {
		packet_write_reg(card, p->s, off, val);
		off += step;
	}
}

static void type1(struct card *card, struct packet *p, uint32_t header)
{
	uint32_t val;

	trace(TRACE_PACKET, "%s type 1 %08x", p->s->ib ? "IB" : "ring", header);
	if (pull(card, p, &val))
		packet_write_reg(card, p->s, (header & 0x7ff) << 2, val);
	if (pull(card, p, &val))
		packet_write_reg(card, p->s, (header >> 11 & 0x7ff) << 2, val);
}

/* Move dwords of the body into registers, those that the packet has. */
static bool load_regs(struct card *card, struct packet *p, const uint16_t *offs,
		      unsigned int count)
{
	uint32_t val;

	while (count--) {
		if (!pull(card, p, &val))
			return false;
		packet_write_reg(card, p->s, *offs++, val);
	}
	return true;
}

/* The start of every 2D packet: GUI_MASTER_CNTL says what comes with it. */
static bool load_2d_setup(struct card *card, struct packet *p)
{
	uint16_t offs[6];
	unsigned int n = 0;
	uint32_t gmc;

	if (!pull(card, p, &gmc))
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
	return load_regs(card, p, offs, n);
}

/* Any number of rectangles: r100_copy_blit() has one in each packet. */
static void packet_rects(struct card *card, struct packet *p, bool copy)
{
	static const uint16_t offs[] = { REG_SRC_X_Y, REG_DST_X_Y };
	uint32_t wh;

	if (!load_2d_setup(card, p))
		return;
	while (load_regs(card, p, offs + !copy, 1 + copy) && pull(card, p, &wh))
		engine_2d_packet_rect(card, wh >> 16, wh & 0xffff);
}

static void packet_host_data(struct card *card, struct packet *p)
{
	static const uint16_t offs[] = {
		REG_DP_SRC_FRGD_CLR, REG_DP_SRC_BKGD_CLR, REG_DST_Y_X,
	};
	struct e2d_cmd cmd = { .kind = E2D_HOST_DATA };
	uint32_t hw, count;

	if (!load_2d_setup(card, p) || !load_regs(card, p, offs, 3) ||
	    !pull(card, p, &hw) || !pull(card, p, &count))
		return;
	engine_2d_packet_rect(card, hw & 0xffff, hw >> 16);
	while (count-- && pull(card, p, &cmd.host_data))
		engine_2d_run(card, &cmd);
	engine_2d_cancel(card);
}

static void type3(struct card *card, struct packet *p, uint32_t header)
{
	unsigned int op = header >> 8 & 0xff;
	const char *name = packet3_name(op);

	trace(TRACE_PACKET, "%s type 3 %s %02x, %u dwords",
	      p->s->ib ? "IB" : "ring", name ? name : "?", op, p->left);
	switch (op) {
	case PACKET3_NOP:		/* also a relocation */
	case PACKET3_WAIT_FOR_IDLE:	/* always is, in order */
		break;
	case PACKET3_CNTL_PAINT_MULTI:
		packet_rects(card, p, false);
		break;
	case PACKET3_CNTL_BITBLT:
	case PACKET3_CNTL_BITBLT_MULTI:
		packet_rects(card, p, true);
		break;
	case PACKET3_CNTL_HOSTDATA_BLT:
		packet_host_data(card, p);
		break;
	case PACKET3_3D_RNDR_GEN_INDX_PRIM:
	case PACKET3_3D_DRAW_VBUF:
	case PACKET3_3D_DRAW_IMMD:
	case PACKET3_3D_DRAW_INDX:
	case PACKET3_3D_LOAD_VBPNTR:
	case PACKET3_3D_CLEAR_ZMASK:
	case PACKET3_INDX_BUFFER:
	case PACKET3_3D_DRAW_VBUF_2:
	case PACKET3_3D_DRAW_IMMD_2:
	case PACKET3_3D_DRAW_INDX_2:
	case PACKET3_3D_CLEAR_HIZ:
	case PACKET3_3D_CLEAR_CMASK:
		stat_inc(card, packets_3d);
		break;
	default:
		packet_bad(card, "type-3 packet skipped", header);
	}
}

/**
 * packet_size() - length of a packet
 * @header: its first dword
 *
 * Return: dwords, the header included.
 */
uint32_t packet_size(uint32_t header)
{
	switch (header >> 30) {
	case 1:
		return 3;
	case 2:
		return 1;
	}
	return (header >> 16 & 0x3fff) + 2;
}

/**
 * packet_run() - execute the packet at the head of a stream
 * @card: card; engine thread, &card.lock not held
 * @s: stream, which holds the packet in full
 * @header: the packet's first dword
 * @size: packet_size() of it
 */
void packet_run(struct card *card, struct stream *s, uint32_t header,
		uint32_t size)
{
	struct packet p = { .s = s, .left = size - 1 };

	stream_skip(s, 1);
	stat_inc(card, packets);
	switch (header >> 30) {
	case 0:
		type0(card, &p, header);
		break;
	case 1:
		type1(card, &p, header);
		break;
	case 3:
		type3(card, &p, header);
		break;
	}
	stream_skip(s, p.left);
}
