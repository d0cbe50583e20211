// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Command processor: rings, indirect buffers, and the registers that control them.
 *
 * A register write by the CPU only wakes the engine thread (work.c): the ring's write pointer,
 * scratch registers to write back. The engine takes &card.lock for each register that a packet
 * writes, and does everything that touches memory without it.
 *
 * Streams are hostile (packet.c has more). An indirect buffer cannot start
 * another one, and no packet can reprogram the command processor, so every
 * stream ends. The budget of the engine thread limits its work until then.
 *
 * The engine works in order, so WAIT_UNTIL and ISYNC_CNTL have nothing to wait
 * for.
 */
#include "cp/cp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/regs.h"
#include "core/trace.h"
#include "core/work.h"
#include "cp/packet.h"
#include "mem/mc.h"

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

#define ME_RAM_SIZE		256u

/**
 * struct cp - command processor; &card.lock protects it where not said otherwise.
 * @ring: the ring being read; engine thread only
 * @in_ib: an indirect buffer is being read; engine thread only
 * @incomplete: the ring ends within a packet, as long as WPTR is @stuck_wptr
 * @stuck_wptr: see @incomplete
 * @written_back: read pointer last written to memory
 * @scratch_pending: scratch registers to write back for the CPU, a bit for each
 * @me_ram: microcode: stored and never run, the packets are built in
 */
struct cp {
	const struct stream *ring;
	bool in_ib;
	bool incomplete;
	uint32_t stuck_wptr;
	uint32_t written_back;
	uint32_t scratch_pending;
	uint32_t me_ram[ME_RAM_SIZE][2];
};

/** struct span - a piece of a ring or an indirect buffer, for the engine thread. */
struct span {
	uint32_t base;	/* as in struct stream */
	uint32_t mask;
	uint32_t pos;
	uint32_t left;
};

/* Write scratch registers to memory as they are now. @data: a bit for each. */
static void write_back_scratch(struct card *card, const void *data)
{
	const uint32_t *which = data;
	uint32_t val[CP_SCRATCH_COUNT], addr;

	pthread_mutex_lock(&card->lock);
	addr = card->regs[REG_SCRATCH_ADDR / 4] & ~3u;
	memcpy(val, &card->regs[REG_SCRATCH_REG0 / 4], sizeof(val));
	pthread_mutex_unlock(&card->lock);
	for (uint32_t i = 0; i < CP_SCRATCH_COUNT; i++) {
		if (!(*which >> i & 1))
			continue;
		mc_write(card, addr + 4 * i, &val[i], sizeof(val[i]));
		stat_inc(card, writebacks);
	}
}

static void run_ib(struct card *card, const void *data)
{
	const struct span *span = data;
	struct cp *cp = card->cp;
	struct stream s = {
		.ib = true,
		.base = span->base,
		.mask = UINT32_MAX,
		.left = span->left,
		.fetched_ns = cp->ring->fetched_ns,
	};

	if (cp->in_ib) {
		packet_bad(card, "indirect buffer inside an indirect buffer", s.left);
		return;
	}
	trace(TRACE_PACKET, "IB at %08x, %u dwords", s.base, s.left);
	stat_inc(card, ib_count);
	cp->in_ib = true;
	while (s.left) {
		uint32_t header = packet_peek(card, &s);
		uint32_t size = packet_size(header);

		if (size > s.left) {
			packet_bad(card, "packet beyond its indirect buffer", header);
			break;
		}
		if (!work_continue(card, size))
			break;
		stat_add(card, ib_dwords, size);
		packet_run(card, &s, header, size);
	}
	cp->in_ib = false;
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
	if (!work_aborted(card)) {
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

/* Run the packets that the ring holds now. */
static void run_ring(struct card *card, const void *data)
{
	const struct span *span = data;
	struct stream s = {
		.base = span->base,
		.mask = span->mask,
		.pos = span->pos,
		.left = span->left,
	};

	card->cp->ring = &s;
	while (s.left) {
		uint32_t header = packet_peek(card, &s);
		uint32_t size = packet_size(header);

		if (size > s.mask) {
			work_hang(card, "packet larger than its ring");
			break;
		}
		if (size > s.left) {
			/* The rest comes with a later write of WPTR. */
			pthread_mutex_lock(&card->lock);
			if (!work_aborted(card)) {
				card->cp->incomplete = true;
				card->cp->stuck_wptr = (s.pos + s.left) & s.mask;
			}
			pthread_mutex_unlock(&card->lock);
			break;
		}
		if (!work_continue(card, size))
			break;
		stat_add(card, ring_dwords, size);
		packet_run(card, &s, header, size);
		advance_rptr(card, &s);
	}
	card->cp->ring = NULL;
}

static bool ring_ready(const struct card *card)
{
	const struct cp *cp = card->cp;

	return ring_pending(card) &&
	       !(cp->incomplete && cp->stuck_wptr ==
		 (card->regs[REG_CP_RB_WPTR / 4] & ring_mask(card)));
}

static bool next(struct card *card, struct command *cmd)
{
	struct cp *cp = card->cp;
	struct span span;

	if (cp->scratch_pending) {
		command_set(cmd, write_back_scratch, &cp->scratch_pending);
		cp->scratch_pending = 0;
		return true;
	}
	if (!ring_ready(card))
		return false;
	span.base = card->regs[REG_CP_RB_BASE / 4] & ~3u;
	span.mask = ring_mask(card);
	span.pos = card->regs[REG_CP_RB_RPTR / 4] & span.mask;
	span.left = ring_pending(card);
	cp->incomplete = false;
	command_set(cmd, run_ring, &span);
	return true;
}

static bool cp_busy(const struct card *card)
{
	return work_busy(card) || card->cp->scratch_pending || ring_pending(card);
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
	state->hung = work_hung(card);
	memcpy(state->scratch, &card->regs[REG_SCRATCH_REG0 / 4], sizeof(state->scratch));
	pthread_mutex_unlock(&card->lock);
}

/* End the running work. */
static void abort_work(struct card *card)
{
	work_abort(card);
	card->cp->incomplete = false;
}

static void cancel(struct card *card)
{
	card->cp->incomplete = false;
	card->cp->scratch_pending = 0;
}

static uint32_t status_read(struct card *card, uint32_t off)
{
	bool busy = cp_busy(card);

	if (off == REG_CP_STAT)
		return busy ? CP_STAT_BUSY : 0;
	return work_free(card) |
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
	bool hold = val & SOFT_RESET_CP;
	bool was = work_hold(card, hold);

	if (!val)
		return;
	work_cancel(card);
	if (!hold)
		return;
	if (!was)
		stat_inc(card, resets);
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
		work_kick(card);
		break;
	case REG_CP_RB_WPTR:
		work_kick(card);
		break;
	case REG_RBBM_SOFT_RESET:
		soft_reset(card, val);
		work_kick(card);
		break;
	}
}

static const struct reg_ops control_ops = {
	.write = control_write,
};

static void ib_write(struct card *card, uint32_t off, uint32_t val,
		     enum reg_source source)
{
	struct span ib = {
		.base = card->regs[REG_CP_IB_BASE / 4] & ~3u,
		.left = val & IB_SIZE_MASK,
	};
	struct command cmd;

	card->regs[off / 4] = val;
	if (source != REG_FROM_CP)
		return;
	if (CSQ_MODE(card->regs[REG_CP_CSQ_CNTL / 4]) != CSQ_PRIBM_INDBM) {
		packet_bad(card, "indirect buffers are off", val);
		return;
	}
	command_set(&cmd, run_ib, &ib);
	work_post(card, &cmd, source);
}

static const struct reg_ops ib_ops = {
	.write = ib_write,
};

static void scratch_write(struct card *card, uint32_t off, uint32_t val,
			  enum reg_source source)
{
	uint32_t bit = 1u << (off - REG_SCRATCH_REG0) / 4;
	struct command cmd;

	card->regs[off / 4] = val;
	if (!(card->regs[REG_SCRATCH_UMSK / 4] & bit))
		return;
	if (source == REG_FROM_CP) {
		command_set(&cmd, write_back_scratch, &bit);
		work_post(card, &cmd, source);
		return;
	}
	card->cp->scratch_pending |= bit;
	work_kick(card);
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

	if (!cp)
		return -ENOMEM;
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

	cp->written_back = 0;
	memset(cp->me_ram, 0, sizeof(cp->me_ram));
}

static void fini(struct card *card)
{
	free(card->cp);
	card->cp = NULL;
}

const struct block cp_block = {
	.init = init, .reset = reset, .fini = fini, .cancel = cancel, .next = next,
};
