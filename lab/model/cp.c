// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Command processor, and the engine thread that it and the 2D engine run on.
 *
 * The CPU's register writes only leave work behind and wake the engine: the
 * ring's write pointer, 2D operations in a FIFO, scratch registers to write
 * back. The engine takes &card.lock for each register that a packet writes,
 * and does everything that touches memory without it.
 *
 * Streams are hostile. All lengths are known before a packet is executed; an
 * indirect buffer cannot start another one, and no packet can reprogram the
 * command processor, so every stream ends. How much work it may cause until
 * then is bounded by a budget for each kick of the CPU; a stream beyond it
 * leaves the card hung, busy until the driver resets it. Resets and the end of
 * the process bump an epoch that ends running work at the next packet or row.
 *
 * The engine works in order, so WAIT_UNTIL and ISYNC_CNTL have nothing to wait
 * for. There is no 3D pipe: 3D packets are consumed and counted, not drawn.
 */
#include "cp.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine_2d.h"
#include "mc.h"
#include "regs.h"
#include "trace.h"

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

#define SCRATCH_COUNT		8u
#define FIFO_SIZE		64u
#define ME_RAM_SIZE		256u
#define STREAM_BUF		512u

/**
 * struct cp - command processor; &card.lock protects it where not said otherwise.
 * @thread: engine thread
 * @started: there is one
 * @cond: work, or a reason to stop, has come
 * @quit: the engine thread shall end
 * @epoch: counts events that end running work
 * @run_epoch: @epoch when the running work began; engine thread only
 * @running: the engine is at work
 * @hung: a stream was stopped; only a soft reset gets out of it
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
 * @fetched_ns: when the ring was last read; engine thread only
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
	uint64_t fetched_ns;
	uint32_t me_ram[ME_RAM_SIZE][2];
};

/**
 * struct stream - dwords of a ring or an indirect buffer, read in batches.
 * @ib: indirect buffer
 * @base: MC address of dword 0
 * @mask: ring size in dwords - 1; all ones for an indirect buffer
 * @pos: index of the next dword
 * @left: dwords from there to the end
 * @next: next dword in @buf
 * @have: dwords in @buf
 * @buf: what was read: each dword is read from memory once
 */
struct stream {
	bool ib;
	uint32_t base;
	uint32_t mask;
	uint32_t pos;
	uint32_t left;
	unsigned int next, have;
	uint32_t buf[STREAM_BUF];
};

static void run_ib(struct card *card);

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* Has the work that the engine is at been overtaken? Engine thread. */
static bool aborted(struct card *card)
{
	struct cp *cp = card->cp;

	return atomic_load(&card->stopping) || atomic_load(&cp->quit) ||
	       atomic_load(&cp->epoch) != cp->run_epoch;
}

/**
 * cp_continue() - pay for work, and learn whether to go on
 * @card: card; engine thread, no locks needed
 * @units: cost: dwords of commands, or 64 bytes drawn
 *
 * Return: false if the work was overtaken or has used up its budget.
 */
bool cp_continue(struct card *card, uint32_t units)
{
	return atomic_fetch_sub(&card->cp->budget, units) >= (int64_t)units &&
	       !aborted(card);
}

static void stream_fill(struct card *card, struct stream *s)
{
	uint32_t n = s->left < STREAM_BUF ? s->left : STREAM_BUF;

	if (!s->ib) {
		if (n > s->mask + 1 - s->pos)
			n = s->mask + 1 - s->pos;
		card->cp->fetched_ns = now_ns();
	}
	mc_read(card, s->base + s->pos * 4, s->buf, n * 4);
	s->next = 0;
	s->have = n;
}

/* The next dword; @left is not 0. */
static uint32_t stream_peek(struct card *card, struct stream *s)
{
	if (s->next == s->have)
		stream_fill(card, s);
	return s->buf[s->next];
}

static void stream_skip(struct stream *s, uint32_t n)
{
	if (n <= s->have - s->next)
		s->next += n;
	else
		s->next = s->have = 0;
	s->pos = (s->pos + n) & s->mask;
	s->left -= n;
}

/**
 * struct packet - a packet being executed.
 * @s: where its body comes from
 * @left: dwords of the body not yet taken; @s has as many
 */
struct packet {
	struct stream *s;
	uint32_t left;
};

static bool pull(struct card *card, struct packet *p, uint32_t *val)
{
	if (!p->left || aborted(card))
		return false;
	*val = stream_peek(card, p->s);
	stream_skip(p->s, 1);
	p->left--;
	return true;
}

static void bad_packet(struct card *card, const char *why, uint32_t what)
{
	static atomic_bool warned;

	stat_inc(card, packets_bad);
	trace(TRACE_PACKET, "%s: %08x", why, what);
	warn_once_print(&warned, "command stream: %s: %08x", why, what);
}

static void hang(struct card *card, const char *why)
{
	static atomic_bool warned;

	pthread_mutex_lock(&card->lock);
	if (!aborted(card) && !card->cp->hung) {
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

static void wait_latency(struct card *card)
{
	struct cp *cp = card->cp;
	uint64_t end = cp->fetched_ns + (uint64_t)card->latency_us * 1000;
	struct timespec ts = {
		.tv_sec = (time_t)(end / 1000000000u),
		.tv_nsec = (long)(end % 1000000000u),
	};

	pthread_mutex_lock(&card->lock);
	while (!aborted(card) && now_ns() < end)
		pthread_cond_timedwait(&cp->cond, &card->lock, &ts);
	pthread_mutex_unlock(&card->lock);
}

/* Write scratch registers to memory as they are now; &card.lock not held. */
static void write_back_scratch(struct card *card, uint32_t which)
{
	uint32_t val[SCRATCH_COUNT], addr;

	pthread_mutex_lock(&card->lock);
	addr = card->regs[REG_SCRATCH_ADDR / 4] & ~3u;
	memcpy(val, &card->regs[REG_SCRATCH_REG0 / 4], sizeof(val));
	pthread_mutex_unlock(&card->lock);
	for (uint32_t i = 0; i < SCRATCH_COUNT; i++) {
		if (!(which >> i & 1))
			continue;
		mc_write(card, addr + 4 * i, &val[i], sizeof(val[i]));
		stat_inc(card, writebacks);
	}
}

/* A packet writes a register, and what that starts is done. */
static void write_reg(struct card *card, struct stream *s, uint32_t off,
		      uint32_t val)
{
	struct cp *cp = card->cp;
	struct e2d_cmd cmd;
	bool run_cmd, start_ib;
	uint32_t scratch;

	if (off >= CARD_MMIO_SIZE) {
		bad_packet(card, "write beyond the registers", off);
		return;
	}
	if (card->latency_us && completes_fence(off, val))
		wait_latency(card);

	pthread_mutex_lock(&card->lock);
	if (aborted(card)) {
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
		bad_packet(card, "indirect buffer inside an indirect buffer", val);
	else if (start_ib)
		run_ib(card);
}

static void type0(struct card *card, struct packet *p, uint32_t header)
{
	uint32_t off = (header & 0x1fff) << 2;
	uint32_t step = header & 1u << 15 ? 0 : 4;
	const char *name = reg_name(off);
	uint32_t val;

	trace(TRACE_PACKET, "%s type 0 %s %04x, %u dwords",
	      p->s->ib ? "IB" : "ring", name ? name : "?", off, p->left);
	while (pull(card, p, &val)) {
		write_reg(card, p->s, off, val);
		off += step;
	}
}

static void type1(struct card *card, struct packet *p, uint32_t header)
{
	uint32_t val;

	trace(TRACE_PACKET, "%s type 1 %08x", p->s->ib ? "IB" : "ring", header);
	if (pull(card, p, &val))
		write_reg(card, p->s, (header & 0x7ff) << 2, val);
	if (pull(card, p, &val))
		write_reg(card, p->s, (header >> 11 & 0x7ff) << 2, val);
}

/* Move dwords of the body into registers, those that the packet has. */
static bool load_regs(struct card *card, struct packet *p, const uint16_t *offs,
		      unsigned int count)
{
	uint32_t val;

	while (count--) {
		if (!pull(card, p, &val))
			return false;
		write_reg(card, p->s, *offs++, val);
	}
	return true;
}

/* The start of every 2D packet: GUI_MASTER_CNTL says what comes with it. */
static bool load_2d_setup(struct card *card, struct packet *p)
{
	uint16_t offs[6];
	unsigned int n = 0;
	uint32_t gmc;

	if (!pull(card, p, &gmc))
		return false;
	write_reg(card, p->s, REG_DP_GUI_MASTER_CNTL, gmc);
	if (gmc & 1u << 0)
		offs[n++] = REG_SRC_PITCH_OFFSET;
	if (gmc & 1u << 1)
		offs[n++] = REG_DST_PITCH_OFFSET;
	if (gmc & 1u << 2)
		offs[n++] = REG_SRC_SC_BOTTOM_RIGHT;
	if (gmc & 1u << 3) {
		offs[n++] = REG_SC_TOP_LEFT;
		offs[n++] = REG_SC_BOTTOM_RIGHT;
	}
	switch (gmc >> 4 & 0xf) {
	case 13:	/* solid */
		offs[n++] = REG_DP_BRUSH_FRGD_CLR;
		break;
	case 14:
	case 15:	/* none */
		break;
	default:
		bad_packet(card, "pattern brush", gmc);
		return false;
	}
	return load_regs(card, p, offs, n);
}

static void packet_rect(struct card *card, uint32_t width, uint32_t height)
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

/* Any number of rectangles: r100_copy_blit() has one in each packet. */
static void packet_rects(struct card *card, struct packet *p, bool copy)
{
	static const uint16_t offs[] = { REG_SRC_X_Y, REG_DST_X_Y };
	uint32_t wh;

	if (!load_2d_setup(card, p))
		return;
	while (load_regs(card, p, offs + !copy, 1 + copy) && pull(card, p, &wh))
		packet_rect(card, wh >> 16, wh & 0xffff);
}

static void packet_host_data(struct card *card, struct packet *p)
{
	static const uint16_t offs[] = {
		REG_DP_SRC_FRGD_CLR, REG_DP_SRC_BKGD_CLR, REG_DST_Y_X,
	};
	struct e2d_cmd cmd = { .kind = E2D_HOST_DATA };
	uint32_t hw, count;

	if (!load_2d_setup(card, p) || !load_regs(card, p, offs, 3) ||
	    !pull(card, p, &hw) || !pull(card, p, &count))
		return;
	packet_rect(card, hw & 0xffff, hw >> 16);
	while (count-- && pull(card, p, &cmd.host_data))
		engine_2d_run(card, &cmd);
	engine_2d_cancel(card);
}

static void type3(struct card *card, struct packet *p, uint32_t header)
{
	unsigned int op = header >> 8 & 0xff;
	const char *name = packet3_name(op);

	trace(TRACE_PACKET, "%s type 3 %s %02x, %u dwords",
	      p->s->ib ? "IB" : "ring", name ? name : "?", op, p->left);
	switch (op) {
	case PACKET3_NOP:		/* also a relocation */
	case PACKET3_WAIT_FOR_IDLE:	/* always is, in order */
		break;
	case PACKET3_CNTL_PAINT_MULTI:
		packet_rects(card, p, false);
		break;
	case PACKET3_CNTL_BITBLT:
	case PACKET3_CNTL_BITBLT_MULTI:
		packet_rects(card, p, true);
		break;
	case PACKET3_CNTL_HOSTDATA_BLT:
		packet_host_data(card, p);
		break;
	case PACKET3_3D_RNDR_GEN_INDX_PRIM:
	case PACKET3_3D_DRAW_VBUF:
	case PACKET3_3D_DRAW_IMMD:
	case PACKET3_3D_DRAW_INDX:
	case PACKET3_3D_LOAD_VBPNTR:
	case PACKET3_3D_CLEAR_ZMASK:
	case PACKET3_INDX_BUFFER:
	case PACKET3_3D_DRAW_VBUF_2:
	case PACKET3_3D_DRAW_IMMD_2:
	case PACKET3_3D_DRAW_INDX_2:
	case PACKET3_3D_CLEAR_HIZ:
	case PACKET3_3D_CLEAR_CMASK:
		stat_inc(card, packets_3d);
		break;
	default:
		bad_packet(card, "type-3 packet skipped", header);
	}
}

/* Dwords of a packet, its header included. */
static uint32_t packet_size(uint32_t header)
{
	switch (header >> 30) {
	case 1:
		return 3;
	case 2:
		return 1;
	}
	return (header >> 16 & 0x3fff) + 2;
}

/* Execute a packet that the stream holds in full. */
static void run_packet(struct card *card, struct stream *s, uint32_t header,
		       uint32_t size)
{
	struct packet p = { .s = s, .left = size - 1 };

	stream_skip(s, 1);
	stat_inc(card, packets);
	switch (header >> 30) {
	case 0:
		type0(card, &p, header);
		break;
	case 1:
		type1(card, &p, header);
		break;
	case 3:
		type3(card, &p, header);
		break;
	}
	stream_skip(s, p.left);
}

static void run_ib(struct card *card)
{
	struct stream s = { .ib = true, .mask = UINT32_MAX };

	pthread_mutex_lock(&card->lock);
	s.base = card->regs[REG_CP_IB_BASE / 4] & ~3u;
	s.left = card->regs[REG_CP_IB_BUFSZ / 4] & IB_SIZE_MASK;
	pthread_mutex_unlock(&card->lock);

	trace(TRACE_PACKET, "IB at %08x, %u dwords", s.base, s.left);
	stat_inc(card, ib_count);
	while (s.left) {
		uint32_t header = stream_peek(card, &s);
		uint32_t size = packet_size(header);

		if (size > s.left) {
			bad_packet(card, "packet beyond its indirect buffer", header);
			return;
		}
		if (!cp_continue(card, size))
			return;
		stat_add(card, ib_dwords, size);
		run_packet(card, &s, header, size);
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

/* Publish the read pointer in the register, and now and then in memory. */
static void advance_rptr(struct card *card, const struct stream *s)
{
	struct cp *cp = card->cp;
	uint32_t cntl, addr, order;
	bool write_back = false;

	pthread_mutex_lock(&card->lock);
	cntl = card->regs[REG_CP_RB_CNTL / 4];
	addr = card->regs[REG_CP_RB_RPTR_ADDR / 4] & ~3u;
	order = RB_BLKSZ(cntl) < RB_MAX_ORDER ? RB_BLKSZ(cntl) : RB_MAX_ORDER;
	if (!aborted(card)) {
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
		uint32_t header = stream_peek(card, s);
		uint32_t size = packet_size(header);

		if (size > s->mask) {
			hang(card, "packet larger than its ring");
			return;
		}
		if (size > s->left) {
			/* The rest comes with a later write of WPTR. */
			pthread_mutex_lock(&card->lock);
			if (!aborted(card)) {
				card->cp->incomplete = true;
				card->cp->stuck_wptr = (s->pos + s->left) & s->mask;
			}
			pthread_mutex_unlock(&card->lock);
			return;
		}
		if (!cp_continue(card, size))
			return;
		stat_add(card, ring_dwords, size);
		run_packet(card, s, header, size);
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
	if (cp->in_reset || cp->hung || aborted(card))
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
 * cp_run_to_idle() - run what is there on the calling thread
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
 * cp_stop() - end the engine thread, whatever it is doing
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
 * cp_busy() - is the card at work, as RBBM_STATUS tells?
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

/* What runs is overtaken; &card.lock held. */
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
 * @source: a packet's is done as soon as the lock is dropped, the CPU's waits
 *	in the FIFO; when that is full it is lost, as RBBM_STATUS would have told
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

static void status_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	(void)card;
	(void)off;
	(void)val;
	(void)source;
}

static const struct reg_ops status_ops = {
	.read = status_read,
	.write = status_write,
};

/* r100_asic_reset() and r300_asic_reset(): the CP has a reset of its own. */
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
		bad_packet(card, "write to a register of the command processor", off);
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
		bad_packet(card, "indirect buffers are off", val);
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
		bad_packet(card, "write to a register of the command processor", off);
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

int cp_init(struct card *card)
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

void cp_reset(struct card *card)
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

void cp_fini(struct card *card)
{
	if (!card->cp)
		return;
	cp_stop(card);
	pthread_cond_destroy(&card->cp->cond);
	free(card->cp);
	card->cp = NULL;
}
