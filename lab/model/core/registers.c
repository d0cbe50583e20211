// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The register file: values, and the behaviour that blocks give to some of them.
 */
#include "core/card.h"

/**
 * card_claim_regs() - give registers a behaviour
 * @card: card being made
 * @first: byte offset of the first register, a multiple of four
 * @last: byte offset of the last register
 * @ops: behaviour
 */
void card_claim_regs(struct card *card, uint32_t first, uint32_t last,
		     const struct reg_ops *ops)
{
	for (uint32_t off = first; off <= last; off += 4)
		card->reg_ops[off / 4] = ops;
}

/**
 * card_reg_read() - read a register
 * @card: card, &card.lock held
 * @off: byte offset below CARD_MMIO_SIZE; the low two bits are ignored
 *
 * Return: the register's value.
 */
uint32_t card_reg_read(struct card *card, uint32_t off)
{
	const struct reg_ops *ops = card->reg_ops[off / 4];

	if (ops && ops->read)
		return ops->read(card, off & ~3u);
	return card->regs[off / 4];
}

/**
 * card_reg_write() - write a register
 * @card: card, &card.lock held
 * @off: byte offset below CARD_MMIO_SIZE; the low two bits are ignored
 * @val: value
 * @source: who writes
 */
void card_reg_write(struct card *card, uint32_t off, uint32_t val,
		    enum reg_source source)
{
	const struct reg_ops *ops = card->reg_ops[off / 4];

	if (ops && ops->write)
		ops->write(card, off & ~3u, val, source);
	else
		card->regs[off / 4] = val;
}

/**
 * card_ignore_write() - &reg_ops.write of a register that software cannot change
 * @card: ignored
 * @off: ignored
 * @val: ignored
 * @source: ignored
 */
void card_ignore_write(struct card *card, uint32_t off, uint32_t val,
		       enum reg_source source)
{
	(void)card;
	(void)off;
	(void)val;
	(void)source;
}
