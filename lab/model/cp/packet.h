/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Command streams and the packets in them. See packet.c. */
#ifndef LAB_PACKET_H
#define LAB_PACKET_H

#include "core/card.h"

#define STREAM_BUF	512u

/**
 * struct stream - dwords of a ring or an indirect buffer, read in batches.
 * @ib: indirect buffer
 * @base: MC address of dword 0
 * @mask: ring size in dwords - 1; all ones for an indirect buffer
 * @pos: index of the next dword
 * @left: dwords from there to the end
 * @fetched_ns: when the ring was last read, CLOCK_MONOTONIC
 * @next: next dword in @buf
 * @have: dwords in @buf
 * @buf: dwords that were read; each is read from memory once
 */
struct stream {
	bool ib;
	uint32_t base;
	uint32_t mask;
	uint32_t pos;
	uint32_t left;
	uint64_t fetched_ns;
	unsigned int next, have;
	uint32_t buf[STREAM_BUF];
};

/**
 * struct packet - a packet being executed.
 * @s: where its body comes from
 * @left: dwords of the body not yet taken; @s has as many
 */
struct packet {
	struct stream *s;
	uint32_t left;
};

/**
 * struct packet3 - a type-3 packet: an entry of &family.packets, which has one for each opcode.
 * @run: carries it out; engine thread, &card.lock not held. It may leave dwords of the body
 *	untaken. NULL: the packet counts as bad
 */
struct packet3 {
	void (*run)(struct card *card, struct packet *p, unsigned int op);
};

#define PACKET3_COUNT	256u

/* NOP is also a relocation; the engine works in order and is always idle. */
#define PACKETS_COMMON \
	[PACKET3_NOP]		= { packet_ignore }, \
	[PACKET3_WAIT_FOR_IDLE]	= { packet_ignore }

void packet_ignore(struct card *card, struct packet *p, unsigned int op);
bool packet_pull(struct card *card, struct packet *p, uint32_t *val);
bool packet_load_regs(struct card *card, struct packet *p, const uint16_t *offs,
		      unsigned int count);
uint32_t packet_peek(struct card *card, struct stream *s);
uint32_t packet_size(uint32_t header);
void packet_run(struct card *card, struct stream *s, uint32_t header,
		uint32_t size);
void packet_write_reg(struct card *card, struct stream *s, uint32_t off,
		      uint32_t val);
void packet_bad(struct card *card, const char *why, uint32_t what);

#endif
