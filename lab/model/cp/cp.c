// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Command processor, and the engine thread that it and the 2D engine run on.
 *
 * A register write by the CPU only queues work and wakes the engine: the
 * ring's write pointer, 2D operations in a FIFO, scratch registers to write
 * back. The engine takes &card.lock for each register that a packet writes,
 * and does everything that touches memory without it.
 *
 * Streams are hostile (packet.c has more). An indirect buffer cannot start
 * another one, and no packet can reprogram the command processor, so every
 * stream ends. A budget for each kick of the CPU limits its work until then;
 * a stream beyond the budget leaves the card hung, busy until the
 * driver resets it. Resets and the end of the process bump an epoch that ends
 * running work at the next packet or row.
 *
 * The engine works in order, so WAIT_UNTIL and ISYNC_CNTL have nothing to wait
 * for.
 */
#include "cp/cp.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "engine/engine_2d.h"
#include "mem/mc.h"
#include "cp/packet.h"
#include "core/regs.h"
#include "core/trace.h"

/* CP_RB_CNTL */
#define RB_BUFSZ(cntl)		((cntl) & 0x3f)
#define RB_BLKSZ(cntl)		(((cntl) >> 8) & 0x3f)
#define RB_NO_UPDATE		(1u << 27)
#define RB_RPTR_WR_ENA		(1u << 31)
#define RB_MAX_ORDER		22u	/* the pointers have 23 bits */

/* CP_CSQ_CNTL bits 31:28 */
#define CSQ_MODE(cntl)		((cntl) >> 28)
#define CSQ_PRIBM_INDDIS	2u
#define CSQ_PRIBM_INDBM		4u

#define IB_SIZE_MASK		0x7fffffu	/* dwords */
#define SOFT_RESET_CP		(1u << 0)
#define RBBM_ACTIVE		(1u << 31)
#define RBBM_CP_CMDSTRM_BUSY	(1u << 16)
#define CP_STAT_BUSY		(1u << 31)

#define FIFO_SIZE		64u
#define ME_RAM_SIZE		256u

/**
 * struct cp - command processor; &card.lock protects it where not said otherwise.
 * @thread: engine thread
 * @started: there is one
 * @cond: there is work, or a reason to stop
 * @quit: the engine thread shall end
 * @epoch: counts events that end running work
 * @run_epoch: @epoch when the running work began; engine thread only
 * @running: the engine is at work
 * @hung: a stream was stopped; only a soft reset ends this
 * @in_reset: RBBM_SOFT_RESET holds the CP
 * @incomplete: the ring ends within a packet, as long as WPTR is @stuck_wptr
 * @stuck_wptr: see @incomplete
 * @written_back: read pointer last written to memory
 * @budget: units of work left for this kick; negative when overdrawn
 * @budget_limit: what a kick sets @budget to
 * @fifo: 2D operations started by the CPU
 * @fifo_head: oldest of them
 * @fifo_count: number of them
 * @cmd: 2D operation started by the packet at hand
 * @cmd_pending: there is one
 * @ib_pending: the packet at hand started an indirect buffer
 * @scratch_pending: scratch registers to write back, a bit for each
 * @me_ram: microcode: stored and never run, the packets are built in
 */
struct cp {
	pthread_t thread;
	bool started;
	pthread_cond_t cond;
	atomic_bool quit;
	atomic_uint epoch;
	unsigned int run_epoch;
	bool running;
	bool hung;
	bool in_reset;
	bool incomplete;
	uint32_t stuck_wptr;
	uint32_t written_back;
	_Atomic int64_t budget;
	uint32_t budget_limit;
	struct e2d_cmd fifo[FIFO_SIZE];
	unsigned int fifo_head, fifo_count;
	struct e2d_cmd cmd;
	bool cmd_pending;
	bool ib_pending;
	uint32_t scratch_pending;
	uint32_t me_ram[ME_RAM_SIZE][2];
};

static void run_ib(struct card *card, const struct stream *ring);

/**
 * cp_aborted() - has the engine's current work been cancelled?
 * @card: card; engine thread
 *
 * Return: true after a reset, and when the process or the thread is to end.
 */
bool cp_aborted(struct card *card)
{
	struct cp *cp = card->cp;

	return atomic_load(&card->stopping) || atomic_load(&cp->quit) ||
	       atomic_load(&cp->epoch) != cp->run_epoch;
}

/**
 * cp_continue() - charge work to the budget of this kick
 * @card: card; engine thread, no locks needed
 * @units: cost: dwords of commands, or 64 bytes drawn
 *
 * Return: false if the work was cancelled or has used up its budget.
 */
bool cp_continue(struct card *card, uint32_t units)
{
	return atomic_fetch_sub(&card->cp->budget, units) >= (int64_t)units &&
	       !cp_aborted(card);
}

static void hang(struct card *card, const char *why)
{
	static atomic_bool warned;

	pthread_mutex_lock(&card->lock);
	if (!cp_aborted(card) && !card->cp->hung) {
		card->cp->hung = true;
		stat_inc(card, streams_stopped);
		warn_once_print(&warned, "command stream stopped: %s", why);
	}
	pthread_mutex_unlock(&card->lock);
}

/* The CPU may poll for a fence, so its number waits like its interrupt. */
static bool completes_fence(uint32_t off, uint32_t val)
{
	return (off >= REG_SCRATCH_REG0 && off <= REG_SCRATCH_REG7) ||
	       (off == REG_GEN_INT_STATUS && (val & INT_SW_FIRE));
}

static void wait_until(struct card *card, uint64_t end)
{
	struct cp *cp = card->cp;
	struct timespec ts = {
		.tv_sec = (time_t)(end / 1000000000u),
		.tv_nsec = (long)(end % 1000000000u),
	};

	pthread_mutex_lock(&card->lock);
	while (!cp_aborted(card) && clock_ns() < end)
		pthread_cond_timedwait(&cp->cond, &card->lock, &ts);
	pthread_mutex_unlock(&card->lock);
}

/**
 * cp_pace() - wait as long as a row of a copy takes
 * @card: card; engine thread, &card.lock not held
 *
 * Waits only if the control socket has set a pace, for tests that look at a copy in progress.
 */
void cp_pace(struct card *card)
{
	unsigned int us = atomic_load_explicit(&card->pace_us, memory_order_relaxed);

	if (us)
		wait_until(card, clock_ns() + (uint64_t)us * 1000);
}

/* Write scratch registers to memory as they are now; &card.lock not held. */
static void write_back_scratch(struct card *card, uint32_t which)
{
	uint32_t val[CP_SCRATCH_COUNT], addr;

	pthread_mutex_lock(&card->lock);
	addr = card->regs[REG_SCRATCH_ADDR / 4] & ~3u;
	memcpy(val, &card->regs[REG_SCRATCH_REG0 / 4], sizeof(val));
	pthread_mutex_unlock(&card->lock);
	for (uint32_t i = 0; i < CP_SCRATCH_COUNT; i++) {
		if (!(which >> i & 1))
			continue;
		mc_write(card, addr + 4 * i, &val[i], sizeof(val[i]));
		stat_inc(card, writebacks);
	}
}

/**
 * cp_write_reg() - write a register for a packet, and run the operation that it starts
 * @card: card; engine thread, &card.lock not held
 * @s: the packet's stream
 * @off: byte offset; may be beyond the registers
 * @val: value
 */
void cp_write_reg(struct card *card, struct stream *s, uint32_t off,
		  uint32_t val)
{
	struct cp *cp = card->cp;
	struct e2d_cmd cmd;
	bool run_cmd, start_ib;
	uint32_t scratch;

	if (off >= CARD_MMIO_SIZE) {
		packet_bad(card, "write beyond the registers", off);
		return;
	}
	if (card->latency_us && completes_fence(off, val))
		wait_until(card, s->fetched_ns + (uint64_t)card->latency_us * 1000);

	pthread_mutex_lock(&card->lock);
	if (cp_aborted(card)) {
		pthread_mutex_unlock(&card->lock);
		return;
	}
	card_reg_write(card, off, val, REG_FROM_CP);
	run_cmd = cp->cmd_pending;
	if (run_cmd)
		cmd = cp->cmd;
	start_ib = cp->ib_pending;
	scratch = cp->scratch_pending;
	cp->cmd_pending = false;
	cp->ib_pending = false;
	cp->scratch_pending = 0;
	pthread_mutex_unlock(&card->lock);

	if (scratch)
		write_back_scratch(card, scratch);
	if (run_cmd)
		engine_2d_run(card, &cmd);
	if (start_ib && s->ib)
		packet_bad(card, "indirect buffer inside an indirect buffer", val);
	else if (start_ib)
		run_ib(card, s);
}

/**
 * cp_draw_rect() - draw the rectangle of a 2D packet, with the registers as set
 * @card: card; engine thread, &card.lock not held
 * @width: pixels, 14 bits count
 * @height: lines, likewise
 */
void cp_draw_rect(struct card *card, uint32_t width, uint32_t height)
{
	struct cp *cp = card->cp;
	struct e2d_cmd cmd;

	pthread_mutex_lock(&card->lock);
	engine_2d_packet_rect(card, (int32_t)(width & 0x3fff),
			      (int32_t)(height & 0x3fff));
	cmd = cp->cmd;
	cp->cmd_pending = false;
	pthread_mutex_unlock(&card->lock);
	engine_2d_run(card, &cmd);
}

static void run_ib(struct card *card, const struct stream *ring)
{
	struct stream s = {
		.ib = true,
		.mask = UINT32_MAX,
		.fetched_ns = ring->fetched_ns,
	};

	pthread_mutex_lock(&card->lock);
	s.base = card->regs[REG_CP_IB_BASE / 4] & ~3u;
	s.left = card->regs[REG_CP_IB_BUFSZ / 4] & IB_SIZE_MASK;
	pthread_mutex_unlock(&card->lock);

	trace(TRACE_PACKET, "IB at %08x, %u dwords", s.base, s.left);
	stat_inc(card, ib_count);
	while (s.left) {
		uint32_t header = packet_peek(card, &s);
		uint32_t size = packet_size(header);

		if (size > s.left) {
			packet_bad(card, "packet beyond its indirect buffer", header);
			return;
		}
		if (!cp_continue(card, size))
			return;
		stat_add(card, ib_dwords, size);
		packet_run(card, &s, header, size);
	}
}

static uint32_t ring_mask(const struct card *card)
{
	uint32_t order = RB_BUFSZ(card->regs[REG_CP_RB_CNTL / 4]);

	return (2u << (order < RB_MAX_ORDER ? order : RB_MAX_ORDER)) - 1;
}

static bool ring_enabled(const struct card *card)
{
	uint32_t mode = CSQ_MODE(card->regs[REG_CP_CSQ_CNTL / 4]);

	return mode == CSQ_PRIBM_INDDIS || mode == CSQ_PRIBM_INDBM;
}

/* Dwords between the pointers; &card.lock held. */
static uint32_t ring_pending(const struct card *card)
{
	if (!ring_enabled(card))
		return 0;
	return (card->regs[REG_CP_RB_WPTR / 4] - card->regs[REG_CP_RB_RPTR / 4]) &
	       ring_mask(card);
}

/* Publish the read pointer in the register, and at intervals in memory. */
static void advance_rptr(struct card *card, const struct stream *s)
{
	struct cp *cp = card->cp;
	uint32_t cntl, addr, order;
	bool write_back = false;

	pthread_mutex_lock(&card->lock);
	cntl = card->regs[REG_CP_RB_CNTL / 4];
	addr = card->regs[REG_CP_RB_RPTR_ADDR / 4] & ~3u;
	order = RB_BLKSZ(cntl) < RB_MAX_ORDER ? RB_BLKSZ(cntl) : RB_MAX_ORDER;
	if (!cp_aborted(card)) {
		card->regs[REG_CP_RB_RPTR / 4] = s->pos;
		write_back = !(cntl & RB_NO_UPDATE) &&
			     (!s->left || ((s->pos - cp->written_back) & s->mask) >=
					  2u << order);
	}
	if (write_back)
		cp->written_back = s->pos;
	pthread_mutex_unlock(&card->lock);

	if (write_back) {
		mc_write(card, addr, &s->pos, sizeof(s->pos));
		stat_inc(card, writebacks);
	}
}

/* Run the packets that the ring holds now; &card.lock not held. */
static void run_ring(struct card *card, struct stream *s)
{
	while (s->left) {
		uint32_t header = packet_peek(card, s);
		uint32_t size = packet_size(header);

		if (size > s->mask) {
			hang(card, "packet larger than its ring");
			return;
		}
		if (size > s->left) {
			/* The rest comes with a later write of WPTR. */
			pthread_mutex_lock(&card->lock);
			if (!cp_aborted(card)) {
				card->cp->incomplete = true;
				card->cp->stuck_wptr = (s->pos + s->left) & s->mask;
			}
			pthread_mutex_unlock(&card->lock);
			return;
		}
		if (!cp_continue(card, size))
			return;
		stat_add(card, ring_dwords, size);
		packet_run(card, s, header, size);
		advance_rptr(card, s);
	}
}

static bool ring_ready(const struct card *card)
{
	const struct cp *cp = card->cp;

	return ring_pending(card) &&
	       !(cp->incomplete && cp->stuck_wptr ==
		 (card->regs[REG_CP_RB_WPTR / 4] & ring_mask(card)));
}

/*
 * Do one piece of work; &card.lock held, but not while working.
 * Returns false if there is none.
 */
static bool work(struct card *card)
{
	struct cp *cp = card->cp;
	struct stream s = { 0 };
	struct e2d_cmd cmd;
	uint32_t scratch;

	cp->run_epoch = atomic_load(&cp->epoch);
	if (cp->in_reset || cp->hung || cp_aborted(card))
		return false;

	if (cp->scratch_pending) {
		scratch = cp->scratch_pending;
		cp->scratch_pending = 0;
		cp->running = true;
		pthread_mutex_unlock(&card->lock);
		write_back_scratch(card, scratch);
	} else if (cp->fifo_count) {
		cmd = cp->fifo[cp->fifo_head];
		cp->fifo_head = (cp->fifo_head + 1) % FIFO_SIZE;
		cp->fifo_count--;
		cp->running = true;
		pthread_mutex_unlock(&card->lock);
		engine_2d_run(card, &cmd);
	} else if (ring_ready(card)) {
		s.base = card->regs[REG_CP_RB_BASE / 4] & ~3u;
		s.mask = ring_mask(card);
		s.pos = card->regs[REG_CP_RB_RPTR / 4] & s.mask;
		s.left = ring_pending(card);
		cp->incomplete = false;
		cp->running = true;
		pthread_mutex_unlock(&card->lock);
		run_ring(card, &s);
	} else {
		return false;
	}
	if (atomic_load(&cp->budget) < 0)
		hang(card, "too much work for one kick");
	pthread_mutex_lock(&card->lock);
	cp->running = false;
	return true;
}

/**
 * cp_run_to_idle() - run the queued work on the calling thread
 * @card: card without an engine thread; &card.lock not held
 */
void cp_run_to_idle(struct card *card)
{
	pthread_mutex_lock(&card->lock);
	while (work(card))
		;
	pthread_mutex_unlock(&card->lock);
}

static void *engine_main(void *arg)
{
	struct card *card = arg;
	struct cp *cp = card->cp;

	pthread_mutex_lock(&card->lock);
	while (!atomic_load(&cp->quit)) {
		if (!work(card))
			pthread_cond_wait(&cp->cond, &card->lock);
	}
	pthread_mutex_unlock(&card->lock);
	return NULL;
}

/**
 * cp_start() - start the engine thread
 * @card: card
 *
 * Signals stay with the calling thread.
 *
 * Return: 0, or a negative errno.
 */
int cp_start(struct card *card)
{
	struct cp *cp = card->cp;
	sigset_t all, old;
	int ret;

	atomic_store(&cp->quit, false);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = pthread_create(&cp->thread, NULL, engine_main, card);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	cp->started = !ret;
	return -ret;
}

/**
 * cp_stop() - end the engine thread, also in the middle of its work
 * @card: card; &card.lock not held
 */
void cp_stop(struct card *card)
{
	struct cp *cp = card->cp;

	if (!cp->started)
		return;
	pthread_mutex_lock(&card->lock);
	atomic_store(&cp->quit, true);
	pthread_cond_broadcast(&cp->cond);
	pthread_mutex_unlock(&card->lock);
	pthread_join(cp->thread, NULL);
	cp->started = false;
}

/**
 * cp_busy() - is the card busy, as RBBM_STATUS reports it?
 * @card: card, &card.lock held
 *
 * Return: true if work is running or waiting, or the card is hung.
 */
bool cp_busy(struct card *card)
{
	const struct cp *cp = card->cp;

	return cp->running || cp->hung || cp->fifo_count || cp->scratch_pending ||
	       ring_pending(card);
}

/**
 * cp_get_state() - snapshot of the command processor
 * @card: card; &card.lock not held
 * @state: filled in, under the lock
 */
void cp_get_state(struct card *card, struct cp_state *state)
{
	pthread_mutex_lock(&card->lock);
	state->rptr = card->regs[REG_CP_RB_RPTR / 4];
	state->wptr = card->regs[REG_CP_RB_WPTR / 4];
	state->busy = cp_busy(card);
	state->hung = card->cp->hung;
	memcpy(state->scratch, &card->regs[REG_SCRATCH_REG0 / 4], sizeof(state->scratch));
	pthread_mutex_unlock(&card->lock);
}

/**
 * cp_set_budget() - set how much work one kick may cause
 * @card: card; &card.lock not held
 * @units: dwords of commands, or 64 bytes drawn
 */
void cp_set_budget(struct card *card, uint32_t units)
{
	pthread_mutex_lock(&card->lock);
	card->cp->budget_limit = units;
	atomic_store(&card->cp->budget, units);
	pthread_mutex_unlock(&card->lock);
}

/* New work from the CPU; &card.lock held. */
static void kick(struct card *card)
{
	atomic_store(&card->cp->budget, card->cp->budget_limit);
	pthread_cond_broadcast(&card->cp->cond);
}

/* Cancel the running work; &card.lock held. */
static void abort_work(struct card *card)
{
	struct cp *cp = card->cp;

	atomic_fetch_add(&cp->epoch, 1);
	cp->incomplete = false;
	pthread_cond_broadcast(&cp->cond);
}

/**
 * cp_post() - hand an operation to the 2D engine
 * @card: card, &card.lock held
 * @cmd: operation, copied
 * @source: a packet's operation runs as soon as the lock is dropped; the CPU's is
 *	queued in the FIFO, and lost if that is full (RBBM_STATUS has the free entries)
 */
void cp_post(struct card *card, const struct e2d_cmd *cmd, enum reg_source source)
{
	struct cp *cp = card->cp;

	if (source == REG_FROM_CP) {
		cp->cmd = *cmd;
		cp->cmd_pending = true;
		return;
	}
	if (cp->fifo_count == FIFO_SIZE) {
		stat_inc(card, fifo_overflows);
		return;
	}
	cp->fifo[(cp->fifo_head + cp->fifo_count++) % FIFO_SIZE] = *cmd;
	kick(card);
}

static uint32_t status_read(struct card *card, uint32_t off)
{
	bool busy = cp_busy(card);

	if (off == REG_CP_STAT)
		return busy ? CP_STAT_BUSY : 0;
	return (FIFO_SIZE - card->cp->fifo_count) |
	       (busy ? RBBM_ACTIVE | RBBM_CP_CMDSTRM_BUSY : 0);
}

static const struct reg_ops status_ops = {
	.read = status_read,
	.write = card_ignore_write,
};

/* r100_asic_reset() and r300_asic_reset(): the CP has a separate reset. */
static void soft_reset(struct card *card, uint32_t val)
{
	struct cp *cp = card->cp;
	bool was = cp->in_reset;

	cp->in_reset = val & SOFT_RESET_CP;
	if (!val)
		return;
	abort_work(card);
	engine_2d_cancel(card);
	cp->fifo_count = 0;
	cp->scratch_pending = 0;
	if (!cp->in_reset)
		return;
	if (!was)
		stat_inc(card, resets);
	cp->hung = false;
	cp->written_back = 0;
	card->regs[REG_CP_CSQ_CNTL / 4] = 0;
	card->regs[REG_CP_RB_RPTR / 4] = 0;
	card->regs[REG_CP_RB_WPTR / 4] = 0;
}

/* Registers that control the CP: the CPU's alone. */
static void control_write(struct card *card, uint32_t off, uint32_t val,
			  enum reg_source source)
{
	uint32_t *regs = card->regs;

	if (source == REG_FROM_CP) {
		packet_bad(card, "write to a register of the command processor", off);
		return;
	}
	if (off == REG_CP_RB_RPTR)
		return;
	regs[off / 4] = val;
	switch (off) {
	case REG_CP_RB_RPTR_WR:
		if (regs[REG_CP_RB_CNTL / 4] & RB_RPTR_WR_ENA)
			regs[REG_CP_RB_RPTR / 4] = val & ring_mask(card);
		abort_work(card);
		break;
	case REG_CP_RB_BASE:
	case REG_CP_RB_CNTL:
		abort_work(card);
		break;
	case REG_CP_CSQ_CNTL:
		abort_work(card);
		kick(card);
		break;
	case REG_CP_RB_WPTR:
		kick(card);
		break;
	case REG_RBBM_SOFT_RESET:
		soft_reset(card, val);
		kick(card);
		break;
	}
}

static const struct reg_ops control_ops = {
	.write = control_write,
};

static void ib_write(struct card *card, uint32_t off, uint32_t val,
		     enum reg_source source)
{
	card->regs[off / 4] = val;
	if (source != REG_FROM_CP)
		return;
	if (CSQ_MODE(card->regs[REG_CP_CSQ_CNTL / 4]) == CSQ_PRIBM_INDBM)
		card->cp->ib_pending = true;
	else
		packet_bad(card, "indirect buffers are off", val);
}

static const struct reg_ops ib_ops = {
	.write = ib_write,
};

static void scratch_write(struct card *card, uint32_t off, uint32_t val,
			  enum reg_source source)
{
	uint32_t bit = 1u << (off - REG_SCRATCH_REG0) / 4;

	card->regs[off / 4] = val;
	if (!(card->regs[REG_SCRATCH_UMSK / 4] & bit))
		return;
	card->cp->scratch_pending |= bit;
	if (source == REG_FROM_CPU)
		kick(card);
}

static const struct reg_ops scratch_ops = {
	.write = scratch_write,
};

/* r100_cp_load_microcode(): an address, then pairs; the low half moves on. */
static uint32_t me_ram_read(struct card *card, uint32_t off)
{
	uint32_t *index = &card->regs[REG_CP_ME_RAM_RADDR / 4];
	uint32_t val = card->cp->me_ram[*index % ME_RAM_SIZE][off == REG_CP_ME_RAM_DATAL];

	if (off == REG_CP_ME_RAM_DATAL)
		*index = (*index + 1) % ME_RAM_SIZE;
	return val;
}

static void me_ram_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	uint32_t *index = &card->regs[REG_CP_ME_RAM_ADDR / 4];

	if (source == REG_FROM_CP) {
		packet_bad(card, "write to a register of the command processor", off);
		return;
	}
	card->cp->me_ram[*index % ME_RAM_SIZE][off == REG_CP_ME_RAM_DATAL] = val;
	if (off == REG_CP_ME_RAM_DATAL)
		*index = (*index + 1) % ME_RAM_SIZE;
}

static const struct reg_ops me_ram_ops = {
	.read = me_ram_read,
	.write = me_ram_write,
};

static int init(struct card *card)
{
	struct cp *cp = calloc(1, sizeof(*cp));
	pthread_condattr_t attr;

	if (!cp)
		return -ENOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&cp->cond, &attr);
	pthread_condattr_destroy(&attr);
	cp->budget_limit = CP_BUDGET;
	card->cp = cp;

	card_claim_regs(card, REG_CP_RB_BASE, REG_CP_RB_RPTR_WR, &control_ops);
	card_claim_regs(card, REG_CP_CSQ_CNTL, REG_CP_CSQ_MODE, &control_ops);
	card_claim_regs(card, REG_RBBM_SOFT_RESET, REG_RBBM_SOFT_RESET, &control_ops);
	card_claim_regs(card, REG_CP_IB_BUFSZ, REG_CP_IB_BUFSZ, &ib_ops);
	card_claim_regs(card, REG_SCRATCH_REG0, REG_SCRATCH_REG7, &scratch_ops);
	card_claim_regs(card, REG_CP_ME_RAM_DATAH, REG_CP_ME_RAM_DATAL, &me_ram_ops);
	card_claim_regs(card, REG_RBBM_STATUS, REG_RBBM_STATUS, &status_ops);
	card_claim_regs(card, REG_CP_STAT, REG_CP_STAT, &status_ops);
	return 0;
}

static void reset(struct card *card)
{
	struct cp *cp = card->cp;

	abort_work(card);
	cp->hung = false;
	cp->in_reset = false;
	cp->fifo_count = 0;
	cp->scratch_pending = 0;
	cp->written_back = 0;
	memset(cp->me_ram, 0, sizeof(cp->me_ram));
	atomic_store(&cp->budget, cp->budget_limit);
}

static void fini(struct card *card)
{
	if (!card->cp)
		return;
	cp_stop(card);
	pthread_cond_destroy(&card->cp->cond);
	free(card->cp);
	card->cp = NULL;
}

const struct block cp_block = { .init = init, .reset = reset, .fini = fini };
