// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Packets: what the dwords of a ring or an indirect buffer mean.
 *
 * Type 0 and 1 write registers, type 2 is filler, type 3 has an opcode. Streams
 * are hostile: the length of a packet is known, and within its stream, before any
 * of it is executed, and each of its dwords is read from memory once. What an opcode means is in
 * the table of the card's family (&family.packets).
 */
#include "cp/packet.h"

#include "core/clock.h"
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
 * packet_pull() - take the next dword of a packet's body
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @val: gets the dword
 *
 * Return: false if there is none, or the work was cancelled.
 */
bool packet_pull(struct card *card, struct packet *p, uint32_t *val)
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
	while (packet_pull(card, p, &val)) {
		packet_write_reg(card, p->s, off, val);
		off += step;
	}
}

static void type1(struct card *card, struct packet *p, uint32_t header)
{
	uint32_t val;

	trace(TRACE_PACKET, "%s type 1 %08x", p->s->ib ? "IB" : "ring", header);
	if (packet_pull(card, p, &val))
		packet_write_reg(card, p->s, (header & 0x7ff) << 2, val);
	if (packet_pull(card, p, &val))
		packet_write_reg(card, p->s, (header >> 11 & 0x7ff) << 2, val);
}

/**
 * packet_load_regs() - move dwords of a packet's body into registers
 * @card: card; engine thread, &card.lock not held
 * @p: packet
 * @offs: byte offsets of the registers
 * @count: how many
 *
 * Return: false if the packet has not that many.
 */
bool packet_load_regs(struct card *card, struct packet *p, const uint16_t *offs,
		      unsigned int count)
{
	uint32_t val;

	while (count--) {
		if (!packet_pull(card, p, &val))
			return false;
		packet_write_reg(card, p->s, *offs++, val);
	}
	return true;
}

/**
 * packet_ignore() - packet that needs nothing done
 * @card: ignored
 * @p: ignored
 * @op: ignored
 */
void packet_ignore(struct card *card, struct packet *p, unsigned int op)
{
	(void)card;
	(void)p;
	(void)op;
}

static void type3(struct card *card, struct packet *p, uint32_t header)
{
	unsigned int op = header >> 8 & 0xff;
	const struct packet3 *packet = &card->info->family->packets[op];
	const char *name = packet3_name(op);

	trace(TRACE_PACKET, "%s type 3 %s %02x, %u dwords",
	      p->s->ib ? "IB" : "ring", name ? name : "?", op, p->left);
	if (packet->run)
		packet->run(card, p, op);
	else
		packet_bad(card, "type-3 packet skipped", header);
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
