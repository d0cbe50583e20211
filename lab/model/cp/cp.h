/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Command processor: rings, indirect buffers, packets. See cp.c. */
#ifndef LAB_CP_H
#define LAB_CP_H

#include "core/card.h"

extern const struct block cp_block;

#define CP_SCRATCH_COUNT	8u

/**
 * struct cp_state - state of a card, also of one that hangs.
 * @rptr: the ring's read pointer, in dwords
 * @wptr: its write pointer
 * @busy: it is at work or has work
 * @hung: a stream was stopped, and only a reset helps
 * @scratch: scratch registers, in which the driver counts its fences
 */
struct cp_state {
	uint32_t rptr, wptr;
	bool busy, hung;
	uint32_t scratch[CP_SCRATCH_COUNT];
};

void cp_get_state(struct card *card, struct cp_state *state);	/* &card.lock not held */

#endif
