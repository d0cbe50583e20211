/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Command processor: rings, indirect buffers, packets. See cp.c. */
#ifndef LAB_CP_H
#define LAB_CP_H

#include "core/card.h"

struct e2d_cmd;

extern const struct block cp_block;

int cp_start(struct card *card);	/* start the engine thread */
void cp_stop(struct card *card);	/* end it; returns when it has ended */
/*
 * Run what the ring holds now on the calling thread, until the ring is empty
 * or the stream is stopped; for unit tests and fuzzing, without cp_start().
 */
void cp_run_to_idle(struct card *card);
bool cp_busy(struct card *card);	/* &card.lock held */

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

/* For the 2D engine. */
void cp_post(struct card *card, const struct e2d_cmd *cmd, enum reg_source source);
bool cp_continue(struct card *card, uint32_t units);
void cp_pace(struct card *card);

/*
 * Work that one kick of the CPU may cause, in units of a dword of commands or
 * 64 bytes drawn; tests and fuzzing set a small one. &card.lock not held.
 */
#define CP_BUDGET	(256u << 20)
void cp_set_budget(struct card *card, uint32_t units);

#endif
