// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Cursor registers: position and image change together, when the lock bit that
 * all three registers carry is released (radeon_lock_cursor()).
 */
#include "display/display_blocks.h"
#include "core/regs.h"

#define CUR_LOCK	(1u << 31)

static void cursor_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	unsigned int n = off >= REG_CUR2_OFFSET;
	const uint32_t *regs = card->regs + n * CRTC_STRIDE / 4;

	(void)source;
	card->regs[off / 4] = val;
	if (val & CUR_LOCK)
		return;
	card->display->cursor[n] = (struct cursor){
		.offset = regs[REG_CUR_OFFSET / 4] & ~CUR_LOCK,
		.posn = regs[REG_CUR_HORZ_VERT_POSN / 4] & ~CUR_LOCK,
		.origin = regs[REG_CUR_HORZ_VERT_OFF / 4] & ~CUR_LOCK,
	};
}

static const struct reg_ops cursor_ops = { .write = cursor_write };

/**
 * cursor_init() - claim both cursors' registers
 * @card: card being made
 */
void cursor_init(struct card *card)
{
	card_claim_regs(card, REG_CUR_OFFSET, REG_CUR_HORZ_VERT_OFF,
			&cursor_ops);
	card_claim_regs(card, REG_CUR2_OFFSET, REG_CUR2_HORZ_VERT_OFF,
			&cursor_ops);
}
