// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The CRTCs' display clock: current line, frame counter, vertical blank and
 * its interrupt, and the double-buffered scan-out offset of a page flip.
 *
 * Nothing counts lines: the current line and frame follow from the clock at the
 * time of a read, and events that are due are handled at the next access or
 * display_tick(), whichever is first. So the driver reads consistent values
 * even if the timer is late.
 *
 * radeon_get_vblank_counter_kms() and radeon_get_crtc_scanoutpos() combine
 * frame counter, current line and vertical blank bit. They fit together if the
 * frame counter advances with the wrap to line 0, and the vertical blank begins
 * before the last visible line, by the lead of the line buffer that the driver
 * assumes (LINE_BUFFER pixels, r100_bandwidth_update()). At any other line the
 * driver would see a new frame with the old frame's time.
 */
#include "display/display.h"
#include "display/display_blocks.h"
#include "core/irq.h"
#include "core/regs.h"
#include "core/trace.h"

#define NS_PER_SEC	1000000000ull
#define PERIOD_MIN	(NS_PER_SEC / 200)	/* no register value makes a */
#define PERIOD_MAX	(NS_PER_SEC / 10)	/* storm, or a standstill */
#define PERIOD_DEFAULT	(NS_PER_SEC / 60)	/* PLL off */

#define LINE_BUFFER	8192u	/* pixels */

#define CRTC_EN		(1u << 25)	/* CRTC_GEN_CNTL, CRTC2_GEN_CNTL */
#define VBLANK_CUR	(1u << 0)	/* CRTC_STATUS, CRTC2_STATUS */
#define VBLANK_SAVE	(1u << 1)
#define VLINE_MASK	0x7ffu
#define FRAME_MASK	0x1fffffu
#define OFFSET_MASK	0x07ffffffu
#define OFFSET_PENDING	(1u << 30)	/* GUI_TRIG_OFFSET */
#define OFFSET_LOCK	(1u << 31)

/*
 * On the bus of a real card the two reads of radeon_get_crtc_scanoutpos(), line
 * and status, are a microsecond apart, here perhaps many lines. The status that
 * belongs to a line is kept for the read that follows, for this long.
 */
#define HOLD_NS		2000000u

/* Which CRTC a register of the 0x2xx or 0x3xx block belongs to. */
static unsigned int crtc_of(uint32_t off)
{
	return off >= REG_CRTC2_H_TOTAL_DISP;
}

static uint32_t crtc_reg(struct card *card, unsigned int n, uint32_t off)
{
	return card->regs[(off + n * CRTC_STRIDE) / 4];
}

static struct crtc_timing timing_from_regs(struct card *card, unsigned int n)
{
	uint32_t gen = card->regs[(n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL) / 4];
	uint32_t h = crtc_reg(card, n, REG_CRTC_H_TOTAL_DISP);
	uint32_t v = crtc_reg(card, n, REG_CRTC_V_TOTAL_DISP);
	unsigned int htotal = ((h & 0x3ff) + 1) * 8;
	unsigned int hdisp = ((h >> 16 & 0x1ff) + 1) * 8;
	unsigned int last_line = v >> 16 & 0x7ff;
	unsigned int lead = (LINE_BUFFER + hdisp - 1) / hdisp;
	struct crtc_timing timing = {
		.running = gen & CRTC_EN,
		.vtotal = (v & 0x7ff) + 1,
		.period = PERIOD_DEFAULT,
	};
	uint64_t clock = pll_pixel_clock(card, n);

	if (clock)
		timing.period = (uint64_t)htotal * timing.vtotal * NS_PER_SEC /
				clock;
	if (timing.period < PERIOD_MIN)
		timing.period = PERIOD_MIN;
	if (timing.period > PERIOD_MAX)
		timing.period = PERIOD_MAX;

	timing.vblank_line = last_line > lead ? last_line - lead : 1;
	if (timing.vblank_line >= timing.vtotal)
		timing.vblank_line = timing.vtotal - 1;
	return timing;
}

static bool timing_equal(const struct crtc_timing *a,
			 const struct crtc_timing *b)
{
	return a->running == b->running && a->vtotal == b->vtotal &&
	       a->vblank_line == b->vblank_line && a->period == b->period;
}

static uint64_t elapsed(const struct crtc *crtc, uint64_t now)
{
	return now > crtc->start ? now - crtc->start : 0;
}

static uint32_t crtc_frame(const struct crtc *crtc, uint64_t now)
{
	if (!crtc->timing.running)
		return crtc->first_frame;
	return crtc->first_frame +
	       (uint32_t)(elapsed(crtc, now) / crtc->timing.period);
}

static unsigned int crtc_line(const struct crtc *crtc, uint64_t now)
{
	const struct crtc_timing *timing = &crtc->timing;

	if (!timing->running)
		return 0;
	return (unsigned int)(elapsed(crtc, now) % timing->period *
			      timing->vtotal / timing->period);
}

/* A CRTC that is off shows nothing: blank. */
static bool crtc_in_vblank(const struct crtc *crtc, uint64_t now)
{
	return !crtc->timing.running ||
	       crtc_line(crtc, now) >= crtc->timing.vblank_line;
}

/* As on the cards before AVIVO, an update takes effect at any time in the vertical blank. */
static void latch_update(struct card *card, unsigned int n, uint64_t now)
{
	struct crtc *crtc = &card->display->crtc[n];

	if (!crtc->pending || crtc->locked || !crtc_in_vblank(crtc, now))
		return;
	crtc->pending = false;
	crtc->scan_offset = crtc->offset;
	crtc->scan_pitch = crtc_reg(card, n, REG_CRTC_PITCH);
	if (crtc->timing.running)
		stat_inc(card, flips);
	trace(TRACE_DISPLAY, "crtc%u: offset %08x pitch %08x", n,
	      crtc->scan_offset, crtc->scan_pitch);
}

static void set_timing(struct crtc *crtc, const struct crtc_timing *timing,
		       uint64_t now)
{
	uint64_t line = timing->vblank_line;

	/* The counter never runs backwards: an unfinished frame is over. */
	crtc->first_frame = crtc_frame(crtc, now);
	if (crtc->timing.running)
		crtc->first_frame++;
	crtc->start = now;
	crtc->timing = *timing;
	crtc->next_vblank = !timing->running ? UINT64_MAX : now +
		(line * timing->period + timing->vtotal - 1) / timing->vtotal;
}

/**
 * crtc_sync() - handle what has become due, and follow the registers
 * @card: card, &card.lock held
 * @n: CRTC
 * @now: current time
 *
 * Before a register of a CRTC changes, this accounts for the time until now;
 * after it, it puts a changed timing into force. A changed PLL divider is seen
 * at the next call, which is at most one frame later.
 */
void crtc_sync(struct card *card, unsigned int n, uint64_t now)
{
	struct crtc *crtc = &card->display->crtc[n];
	struct crtc_timing timing = timing_from_regs(card, n);

	if (crtc->next_vblank <= now) {
		uint64_t period = crtc->timing.period;
		uint64_t count = (now - crtc->next_vblank) / period + 1;

		crtc->next_vblank += count * period;
		crtc->vblank_save = true;
		stat_add(card, vblanks, count);
		/* Also if @now is active again: there was a blank to latch in */
		latch_update(card, n, crtc->next_vblank - period);
		irq_raise(card, n ? INT_CRTC2_VBLANK : INT_CRTC_VBLANK);
	}
	if (!timing_equal(&timing, &crtc->timing)) {
		set_timing(crtc, &timing, now);
		trace(TRACE_DISPLAY, "crtc%u: %s, %u lines, %llu ns", n,
		      timing.running ? "on" : "off", timing.vtotal,
		      (unsigned long long)timing.period);
	}
	latch_update(card, n, now);
}

static uint64_t sync_now(struct card *card, unsigned int n)
{
	uint64_t now = card->display->clock();

	crtc_sync(card, n, now);
	return now;
}

/* CRTC_GEN_CNTL, CRTC2_GEN_CNTL, totals: storage that makes the timing */

static void store_and_sync(struct card *card, unsigned int n, uint32_t off,
			   uint32_t val)
{
	uint64_t now = sync_now(card, n);

	card->regs[off / 4] = val;
	crtc_sync(card, n, now);
}

static void gen_cntl_write(struct card *card, uint32_t off, uint32_t val,
			   enum reg_source source)
{
	(void)source;
	store_and_sync(card, off == REG_CRTC2_GEN_CNTL, off, val);
}

static void total_write(struct card *card, uint32_t off, uint32_t val,
			enum reg_source source)
{
	(void)source;
	store_and_sync(card, crtc_of(off), off, val);
}

/* CRTC_OFFSET, CRTC_PITCH: see r100_page_flip() and r100_page_flip_pending() */

static void pitch_write(struct card *card, uint32_t off, uint32_t val,
			enum reg_source source)
{
	unsigned int n = crtc_of(off);
	uint64_t now = sync_now(card, n);

	(void)source;
	card->regs[off / 4] = val;
	card->display->crtc[n].pending = true;
	crtc_sync(card, n, now);
}

static uint32_t offset_read(struct card *card, uint32_t off)
{
	unsigned int n = crtc_of(off);
	const struct crtc *crtc = &card->display->crtc[n];

	sync_now(card, n);
	return crtc->offset | (crtc->pending ? OFFSET_PENDING : 0) |
	       (crtc->locked ? OFFSET_LOCK : 0);
}

static void offset_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	unsigned int n = crtc_of(off);
	struct crtc *crtc = &card->display->crtc[n];
	uint64_t now = sync_now(card, n);

	(void)source;
	crtc->offset = val & OFFSET_MASK;
	crtc->locked = val & OFFSET_LOCK;
	crtc->pending = true;
	card->regs[off / 4] = val;
	crtc_sync(card, n, now);
}

/* Position and status */

static uint32_t vline_read(struct card *card, uint32_t off)
{
	unsigned int n = crtc_of(off);
	struct crtc *crtc = &card->display->crtc[n];
	uint64_t now = sync_now(card, n);

	crtc->vblank_held = crtc_in_vblank(crtc, now);
	crtc->held_until = now + HOLD_NS;
	return (card->regs[off / 4] & VLINE_MASK) | crtc_line(crtc, now) << 16;
}

static uint32_t frame_read(struct card *card, uint32_t off)
{
	unsigned int n = crtc_of(off);
	uint64_t now = sync_now(card, n);

	return crtc_frame(&card->display->crtc[n], now) & FRAME_MASK;
}

static uint32_t status_read(struct card *card, uint32_t off)
{
	unsigned int n = off == REG_CRTC2_STATUS;
	struct crtc *crtc = &card->display->crtc[n];
	uint64_t now = sync_now(card, n);
	bool vblank = crtc_in_vblank(crtc, now);

	if (now < crtc->held_until)
		vblank = crtc->vblank_held;
	crtc->held_until = 0;
	return (vblank ? VBLANK_CUR : 0) | (crtc->vblank_save ? VBLANK_SAVE : 0);
}

static void status_write(struct card *card, uint32_t off, uint32_t val,
			 enum reg_source source)
{
	unsigned int n = off == REG_CRTC2_STATUS;

	(void)source;
	sync_now(card, n);
	if (val & VBLANK_SAVE)
		card->display->crtc[n].vblank_save = false;
}

static const struct reg_ops gen_cntl_ops = { .write = gen_cntl_write };
static const struct reg_ops total_ops = { .write = total_write };
static const struct reg_ops pitch_ops = { .write = pitch_write };
static const struct reg_ops offset_ops = {
	.read = offset_read, .write = offset_write,
};
static const struct reg_ops vline_ops = { .read = vline_read };
static const struct reg_ops frame_ops = {
	.read = frame_read, .write = card_ignore_write,
};
static const struct reg_ops status_ops = {
	.read = status_read, .write = status_write,
};

/**
 * crtc_init() - claim the CRTCs' registers
 * @card: card being made
 */
void crtc_init(struct card *card)
{
	static const struct {
		uint32_t reg;
		const struct reg_ops *ops;
	} claims[] = {
		{ REG_CRTC_H_TOTAL_DISP, &total_ops },
		{ REG_CRTC_V_TOTAL_DISP, &total_ops },
		{ REG_CRTC_PITCH, &pitch_ops },
		{ REG_CRTC_OFFSET, &offset_ops },
		{ REG_CRTC_VLINE_CRNT_VLINE, &vline_ops },
		{ REG_CRTC_CRNT_FRAME, &frame_ops },
	};

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		for (unsigned int n = 0; n < CRTC_COUNT; n++) {
			uint32_t reg = claims[i].reg + n * CRTC_STRIDE;

			card_claim_regs(card, reg, reg, claims[i].ops);
		}
	card_claim_regs(card, REG_CRTC_GEN_CNTL, REG_CRTC_GEN_CNTL, &gen_cntl_ops);
	card_claim_regs(card, REG_CRTC2_GEN_CNTL, REG_CRTC2_GEN_CNTL,
			&gen_cntl_ops);
	card_claim_regs(card, REG_CRTC_STATUS, REG_CRTC_STATUS, &status_ops);
	card_claim_regs(card, REG_CRTC2_STATUS, REG_CRTC2_STATUS, &status_ops);
}

/**
 * crtc_reset() - both CRTCs off, VGA's 640x480 in the timing registers
 * @card: card, &card.lock held
 *
 * For radeon_card_posted() an enabled CRTC means that the card shows a console.
 */
void crtc_reset(struct card *card)
{
	for (unsigned int n = 0; n < CRTC_COUNT; n++) {
		struct crtc *crtc = &card->display->crtc[n];
		uint32_t *regs = card->regs + n * CRTC_STRIDE / 4;

		regs[REG_CRTC_H_TOTAL_DISP / 4] = 79u << 16 | 99;
		regs[REG_CRTC_V_TOTAL_DISP / 4] = 479u << 16 | 524;
		regs[REG_CRTC_PITCH / 4] = 80;
		regs[REG_CRTC_OFFSET / 4] = 0;
		card->regs[(n ? REG_CRTC2_GEN_CNTL : REG_CRTC_GEN_CNTL) / 4] = 0;
		*crtc = (struct crtc){
			.scan_pitch = 80,
			.next_vblank = UINT64_MAX,
			.timing = timing_from_regs(card, n),
		};
	}
}

/**
 * display_next_event() - when display_tick() is next to be called
 * @card: card; front thread, &card.lock not held
 *
 * Return: CLOCK_MONOTONIC nanoseconds, or UINT64_MAX if no CRTC is running.
 */
uint64_t display_next_event(struct card *card)
{
	uint64_t next = UINT64_MAX;

	pthread_mutex_lock(&card->lock);
	for (unsigned int n = 0; n < CRTC_COUNT; n++)
		if (card->display->crtc[n].next_vblank < next)
			next = card->display->crtc[n].next_vblank;
	pthread_mutex_unlock(&card->lock);
	return next;
}

/**
 * display_tick() - handle the vertical blanks that are due
 * @card: card; front thread, &card.lock not held
 * @now: CLOCK_MONOTONIC nanoseconds
 */
void display_tick(struct card *card, uint64_t now)
{
	pthread_mutex_lock(&card->lock);
	for (unsigned int n = 0; n < CRTC_COUNT; n++)
		crtc_sync(card, n, now);
	pthread_mutex_unlock(&card->lock);
}
