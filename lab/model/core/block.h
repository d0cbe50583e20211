/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a card is made of: blocks of hardware, and families of cards that have the same blocks.
 * card.c, work.c and packet.c reach a block only through these tables.
 */
#ifndef LAB_BLOCK_H
#define LAB_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct card;
struct card_info;
struct command;
struct gart_kind;
struct packet3;

/**
 * struct block - operations of a block; those that it does not need are NULL.
 * @init: allocate its state, store it in struct card and claim its registers; 0 or -ENOMEM
 * @reset: power-on state; &card.lock held, from card_new() and on a device reset
 * @fini: free its state; also called if @init was not, or has failed
 * @cancel: forget unfinished work, because the driver resets the engine; &card.lock held
 * @next: get the next command that the block has for the engine thread (work.c), if there is one;
 *	&card.lock held
 */
struct block {
	int (*init)(struct card *card);
	void (*reset)(struct card *card);
	void (*fini)(struct card *card);
	void (*cancel)(struct card *card);
	bool (*next)(struct card *card, struct command *cmd);
};

/** enum generation - generations of cards that differ in registers, oldest first. */
enum generation { GENERATION_R100, GENERATION_R300 };

/** struct posted_reg - a register as the BIOS leaves it. */
struct posted_reg {
	uint16_t off;
	uint32_t val;
};

/**
 * struct family - cards that have the same blocks.
 * @generation: for blocks whose registers differ by it
 * @blocks: NULL-ended; made and reset in this order, taken apart in the reverse one
 * @packets: type-3 packets by opcode (packet.h)
 * @gart: kind of GART (mem/gart.h)
 * @mc_bits: width of the card's own addresses
 * @posted: registers that are not 0 after the BIOS has posted the card, up to offset 0; those that
 *	a block owns are in its reset
 * @bios: makes the option ROM, malloc()ed; NULL without memory
 */
struct family {
	enum generation generation;
	const struct block *const *blocks;
	const struct packet3 *packets;
	const struct gart_kind *gart;
	unsigned int mc_bits;
	const struct posted_reg *posted;
	uint8_t *(*bios)(const struct card_info *info, size_t *size);
};

extern const struct family family_r100, family_r300;	/* family/ */

#endif
