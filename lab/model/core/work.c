// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The engine thread: it carries out commands, in order.
 *
 * A command comes from one of three places. A register write by the CPU puts it in a queue and
 * wakes the engine. A register write by a packet posts it, and it runs before the next dword of
 * the packet. A block gives one when the queue is empty (&block.next): the rest of a ring.
 * A command runs without &card.lock, so that the front thread never waits for it.
 *
 * Commands are hostile. A budget for each kick of the CPU limits the work until the next one:
 * what goes beyond it leaves the card hung, busy until the driver resets it. Resets and the
 * end of the process bump an epoch; running work compares it at each step and ends.
 */
#include "core/work.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/trace.h"

/**
 * struct work - the engine thread's state; &card.lock protects it where not said otherwise.
 * @thread: engine thread
 * @started: there is one
 * @cond: there is work, or a reason to stop
 * @quit: the engine thread shall end
 * @epoch: counts events that end running work
 * @run_epoch: @epoch when the running work began; engine thread only
 * @running: the engine is at work
 * @hung: work was stopped; only a reset ends this
 * @held: no work begins (the driver holds the engine in reset)
 * @budget: units of work left for this kick; negative when overdrawn
 * @budget_limit: what a kick sets @budget to
 * @queue: commands of the CPU
 * @first: oldest of them
 * @count: number of them
 * @posted: command that the packet at hand has started
 * @is_posted: there is one
 */
struct work {
	pthread_t thread;
	bool started;
	pthread_cond_t cond;
	atomic_bool quit;
	atomic_uint epoch;
	unsigned int run_epoch;
	bool running;
	bool hung;
	bool held;
	_Atomic int64_t budget;
	uint32_t budget_limit;
	struct command queue[WORK_QUEUE_SIZE];
	unsigned int first, count;
	struct command posted;
	bool is_posted;
};

/**
 * work_aborted() - has the running work been cancelled?
 * @card: card; engine thread
 *
 * Return: true after a reset, and when the process or the thread is to end.
 */
bool work_aborted(struct card *card)
{
	struct work *work = card->work;

	return atomic_load(&card->stopping) || atomic_load(&work->quit) ||
	       atomic_load(&work->epoch) != work->run_epoch;
}

/**
 * work_continue() - charge work to the budget of this kick
 * @card: card; engine thread, no locks needed
 * @units: cost: dwords of commands, or 64 bytes drawn
 *
 * Return: false if the work was cancelled or has used up its budget.
 */
bool work_continue(struct card *card, uint32_t units)
{
	return atomic_fetch_sub(&card->work->budget, units) >= (int64_t)units &&
	       !work_aborted(card);
}

/**
 * work_hang() - stop all work until the driver resets the card
 * @card: card; engine thread, &card.lock not held
 * @why: for the log
 */
void work_hang(struct card *card, const char *why)
{
	static atomic_bool warned;

	pthread_mutex_lock(&card->lock);
	if (!work_aborted(card) && !card->work->hung) {
		card->work->hung = true;
		stat_inc(card, streams_stopped);
		warn_once_print(&warned, "command stream stopped: %s", why);
	}
	pthread_mutex_unlock(&card->lock);
}

/**
 * work_wait_until() - wait, but not beyond the end of the running work
 * @card: card; engine thread, &card.lock not held
 * @end: CLOCK_MONOTONIC nanoseconds
 */
void work_wait_until(struct card *card, uint64_t end)
{
	struct timespec ts = {
		.tv_sec = (time_t)(end / 1000000000u),
		.tv_nsec = (long)(end % 1000000000u),
	};

	pthread_mutex_lock(&card->lock);
	while (!work_aborted(card) && clock_ns() < end)
		pthread_cond_timedwait(&card->work->cond, &card->lock, &ts);
	pthread_mutex_unlock(&card->lock);
}

/**
 * work_pace() - wait as long as a row of a copy takes
 * @card: card; engine thread, &card.lock not held
 *
 * Waits only if the control socket has set a pace, for tests that look at a copy in progress.
 */
void work_pace(struct card *card)
{
	unsigned int us = atomic_load_explicit(&card->pace_us, memory_order_relaxed);

	if (us)
		work_wait_until(card, clock_ns() + (uint64_t)us * 1000);
}

/**
 * work_post() - hand a command to the engine thread
 * @card: card, &card.lock held
 * @cmd: command, copied
 * @source: a packet's command runs as soon as the lock is dropped; the CPU's is
 *	queued, and lost if the queue is full (RBBM_STATUS has the free entries)
 */
void work_post(struct card *card, const struct command *cmd, enum reg_source source)
{
	struct work *work = card->work;

	if (source == REG_FROM_CP) {
		work->posted = *cmd;
		work->is_posted = true;
		return;
	}
	if (work->count == WORK_QUEUE_SIZE) {
		stat_inc(card, fifo_overflows);
		return;
	}
	work->queue[(work->first + work->count++) % WORK_QUEUE_SIZE] = *cmd;
	work_kick(card);
}

/**
 * work_take() - take the command that a register write by a packet has posted
 * @card: card, &card.lock held, engine thread
 * @cmd: gets the command; run it without the lock
 *
 * Return: false if there is none.
 */
bool work_take(struct card *card, struct command *cmd)
{
	struct work *work = card->work;

	if (!work->is_posted)
		return false;
	*cmd = work->posted;
	work->is_posted = false;
	return true;
}

/**
 * work_kick() - there is new work from the CPU
 * @card: card, &card.lock held
 */
void work_kick(struct card *card)
{
	atomic_store(&card->work->budget, card->work->budget_limit);
	pthread_cond_broadcast(&card->work->cond);
}

/**
 * work_abort() - end the running work
 * @card: card, &card.lock held
 */
void work_abort(struct card *card)
{
	atomic_fetch_add(&card->work->epoch, 1);
	pthread_cond_broadcast(&card->work->cond);
}

/**
 * work_cancel() - end the running work, forget the queue and all unfinished work of the blocks
 * @card: card, &card.lock held
 */
void work_cancel(struct card *card)
{
	work_abort(card);
	card->work->count = 0;
	for (const struct block *const *block = card->info->family->blocks; *block; block++)
		if ((*block)->cancel)
			(*block)->cancel(card);
}

/**
 * work_hold() - keep work from beginning, as long as the driver holds the engine in reset
 * @card: card, &card.lock held
 * @hold: false lets it begin again; true also ends a hang
 *
 * Return: whether it was held.
 */
bool work_hold(struct card *card, bool hold)
{
	bool was = card->work->held;

	card->work->held = hold;
	if (hold)
		card->work->hung = false;
	return was;
}

/**
 * work_busy() - is there work in progress or in the queue?
 * @card: card, &card.lock held
 *
 * Return: true also if the card is hung. Work that a block has is not counted.
 */
bool work_busy(const struct card *card)
{
	return card->work->running || card->work->hung || card->work->count;
}

/**
 * work_hung() - was a stream stopped?
 * @card: card, &card.lock held
 *
 * Return: true until the driver resets the card.
 */
bool work_hung(const struct card *card)
{
	return card->work->hung;
}

/**
 * work_free() - free entries of the queue
 * @card: card, &card.lock held
 *
 * Return: how many commands the CPU can post before one is lost.
 */
unsigned int work_free(const struct card *card)
{
	return WORK_QUEUE_SIZE - card->work->count;
}

/* The next command; &card.lock held. Returns false if there is none. */
static bool next_command(struct card *card, struct command *cmd)
{
	struct work *work = card->work;

	if (work->count) {
		*cmd = work->queue[work->first];
		work->first = (work->first + 1) % WORK_QUEUE_SIZE;
		work->count--;
		return true;
	}
	for (const struct block *const *block = card->info->family->blocks; *block; block++)
		if ((*block)->next && (*block)->next(card, cmd))
			return true;
	return false;
}

/*
 * Carry out a command; &card.lock held, but not while working.
 * Returns false if there is none.
 */
static bool work_step(struct card *card)
{
	struct work *work = card->work;
	struct command cmd;

	work->run_epoch = atomic_load(&work->epoch);
	if (work->held || work->hung || work_aborted(card) || !next_command(card, &cmd))
		return false;

	work->running = true;
	pthread_mutex_unlock(&card->lock);
	cmd.run(card, cmd.data);
	if (atomic_load(&work->budget) < 0)
		work_hang(card, "too much work for one kick");
	pthread_mutex_lock(&card->lock);
	work->running = false;
	return true;
}

/**
 * work_run_to_idle() - do the work that there is on the calling thread
 * @card: card without an engine thread; &card.lock not held
 */
void work_run_to_idle(struct card *card)
{
	pthread_mutex_lock(&card->lock);
	while (work_step(card))
		;
	pthread_mutex_unlock(&card->lock);
}

static void *engine_main(void *arg)
{
	struct card *card = arg;
	struct work *work = card->work;

	pthread_mutex_lock(&card->lock);
	while (!atomic_load(&work->quit)) {
		if (!work_step(card))
			pthread_cond_wait(&work->cond, &card->lock);
	}
	pthread_mutex_unlock(&card->lock);
	return NULL;
}

/**
 * work_start() - start the engine thread
 * @card: card
 *
 * Signals stay with the calling thread.
 *
 * Return: 0, or a negative errno.
 */
int work_start(struct card *card)
{
	struct work *work = card->work;
	sigset_t all, old;
	int ret;

	atomic_store(&work->quit, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&work->thread, NULL, engine_main, card);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	work->started = !ret;
	return -ret;
}

/**
 * work_stop() - end the engine thread, also in the middle of its work
 * @card: card; &card.lock not held
 */
void work_stop(struct card *card)
{
	struct work *work = card->work;

	if (!work || !work->started)
		return;
	pthread_mutex_lock(&card->lock);
	atomic_store(&work->quit, true);
	pthread_cond_broadcast(&work->cond);
	pthread_mutex_unlock(&card->lock);
	pthread_join(work->thread, NULL);
	work->started = false;
}

/**
 * work_set_budget() - set how much work one kick may cause
 * @card: card; &card.lock not held
 * @units: dwords of commands, or 64 bytes drawn
 */
void work_set_budget(struct card *card, uint32_t units)
{
	pthread_mutex_lock(&card->lock);
	card->work->budget_limit = units;
	atomic_store(&card->work->budget, units);
	pthread_mutex_unlock(&card->lock);
}

static int init(struct card *card)
{
	struct work *work = calloc(1, sizeof(*work));
	pthread_condattr_t attr;

	if (!work)
		return -ENOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&work->cond, &attr);
	pthread_condattr_destroy(&attr);
	work->budget_limit = WORK_BUDGET;
	card->work = work;
	return 0;
}

static void reset(struct card *card)
{
	struct work *work = card->work;

	work_cancel(card);
	work->hung = false;
	work->held = false;
	atomic_store(&work->budget, work->budget_limit);
}

static void fini(struct card *card)
{
	if (!card->work)
		return;
	pthread_cond_destroy(&card->work->cond);
	free(card->work);
	card->work = NULL;
}

const struct block work_block = { .init = init, .reset = reset, .fini = fini };
