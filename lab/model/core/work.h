/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The engine thread and the commands that it carries out. See work.c. */
#ifndef LAB_WORK_H
#define LAB_WORK_H

#include <assert.h>
#include <string.h>

#include "core/card.h"

#define COMMAND_WORDS	16u
#define WORK_QUEUE_SIZE	64u

/**
 * struct command - one thing for the engine thread to do.
 * @run: does it; &card.lock not held
 * @data: what @run needs
 */
struct command {
	void (*run)(struct card *card, const void *data);
	uint64_t data[COMMAND_WORDS];
};

/* Make a command of a function and a struct that it needs. */
#define command_set(cmd, function, src) do { \
	static_assert(sizeof(*(src)) <= sizeof((cmd)->data), "a command is too large"); \
	(cmd)->run = (function); \
	memcpy((cmd)->data, (src), sizeof(*(src))); \
} while (0)

extern const struct block work_block;

int work_start(struct card *card);	/* start the engine thread */
void work_stop(struct card *card);	/* end it; returns when it has ended */
/*
 * Do the work that there is now on the calling thread, until there is none or a stream is
 * stopped; for unit tests and fuzzing, without work_start().
 */
void work_run_to_idle(struct card *card);

/*
 * Work that one kick of the CPU may cause, in units of a dword of commands or
 * 64 bytes drawn; tests and fuzzing set a small one. &card.lock not held.
 */
#define WORK_BUDGET	(256u << 20)
void work_set_budget(struct card *card, uint32_t units);

/* &card.lock held */
void work_post(struct card *card, const struct command *cmd, enum reg_source source);
bool work_take(struct card *card, struct command *cmd);
void work_kick(struct card *card);
void work_abort(struct card *card);
void work_cancel(struct card *card);
bool work_hold(struct card *card, bool hold);
bool work_busy(const struct card *card);
bool work_hung(const struct card *card);
unsigned int work_free(const struct card *card);

/* engine thread, &card.lock not held */
bool work_aborted(struct card *card);
bool work_continue(struct card *card, uint32_t units);
void work_wait_until(struct card *card, uint64_t end);
void work_pace(struct card *card);
void work_hang(struct card *card, const char *why);

#endif
