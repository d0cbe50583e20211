// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * 2D engine: rectangles with any of the 256 raster operations, host data, and
 * the byte copies of the CP's DMA.
 *
 * A write to a register that starts an operation takes a copy of all state and
 * posts it; the engine thread draws it, row by row and without locks. That
 * covers what radeon (r100_copy_blit(), r200_copy_dma()) and xf86-video-ati's
 * EXA ask for: solid brush, colour source, 8, 16 and 32 bits per pixel. Other operations (mono
 * sources, pattern brushes, colour compare, 24 bits) are not drawn and count as bad packets. Tile
 * flags are ignored throughout the model: a tiled surface is linear for the engine, the scan-out
 * and the CPU alike.
 */
#include "engine/engine_2d.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem/mc.h"
#include "core/regs.h"
#include "core/trace.h"
#include "core/work.h"

/* DP_GUI_MASTER_CNTL */
#define GMC_SRC_PITCH_OFFSET	(1u << 0)	/* clear: take the default */
#define GMC_DST_PITCH_OFFSET	(1u << 1)
#define GMC_SRC_CLIPPING	(1u << 2)
#define GMC_DST_CLIPPING	(1u << 3)
#define GMC_BRUSH(gmc)		(((gmc) >> 4) & 0xf)
#define GMC_DST_TYPE(gmc)	(((gmc) >> 8) & 0xf)
#define GMC_SRC_TYPE(gmc)	(((gmc) >> 12) & 3)
#define GMC_ROP3(gmc)		(((gmc) >> 16) & 0xff)
#define GMC_SOURCE(gmc)		(((gmc) >> 24) & 7)
#define GMC_CLR_CMP_DIS		(1u << 28)
#define GMC_WR_MSK_DIS		(1u << 30)
#define BRUSH_SOLID		13u
#define BRUSH_NONE		15u
#define SRC_TYPE_COLOR		3u
#define SOURCE_MEMORY		2u
#define SOURCE_HOST_DATA	3u

/* DP_CNTL, and the same as DP_CNTL_XDIR_YDIR_YMAJOR has it */
#define LEFT_TO_RIGHT		(1u << 0)
#define TOP_TO_BOTTOM		(1u << 1)
#define XDIR_LEFT_TO_RIGHT	(1u << 31)
#define YDIR_TOP_TO_BOTTOM	(1u << 15)

#define CLR_CMP_FUNCTIONS	0x00000707u
#define SC_MAX			0x1fff1fffu
#define SIZE_MASK		0x3fff
#define DMA_SIZE_MASK		0x1fffffu

#define ROW_SIZE		65536u	/* 16383 pixels of 4 bytes, and a bit */
#define UNIT_SIZE		64u	/* bytes that count as one unit of work */

/**
 * struct engine_2d - state of the engine thread, which &card.lock does not protect.
 * @src: one row of the source
 * @dst: one row of the destination
 * @host_row: row of host data as far as it has come
 * @host: rectangle that awaits host data
 * @host_active: there is one
 * @host_line: rows of it done
 * @host_used: bytes in @host_row
 * @cancel: set on reset: forget @host
 */
struct engine_2d {
	uint64_t src[ROW_SIZE / 8];
	uint64_t dst[ROW_SIZE / 8];
	uint64_t host_row[ROW_SIZE / 8];
	struct e2d_rect host;
	bool host_active;
	int32_t host_line;
	uint32_t host_used;
	atomic_bool cancel;
};

/* A coordinate has 14 bits, the highest of which is the sign. */
static int32_t coordinate(uint32_t v)
{
	return (int32_t)((v & 0x3fff) ^ 0x2000) - 0x2000;
}

static unsigned int pixel_bytes(uint32_t gmc)
{
	switch (GMC_DST_TYPE(gmc)) {
	case 2:		/* 8BPP_CI */
	case 7:		/* RGB332 */
	case 8:		/* Y8 */
	case 9:		/* RGB8 */
		return 1;
	case 3:		/* ARGB1555 */
	case 4:		/* RGB565 */
	case 11:	/* VYUY */
	case 12:	/* YVYU */
	case 15:	/* ARGB4444 */
		return 2;
	case 6:		/* ARGB8888 */
	case 14:	/* AYUV444 */
		return 4;
	}
	return 0;
}

/* Does the result depend on pattern, source, destination? */
static bool rop_has_pattern(uint8_t rop)
{
	return (rop ^ rop >> 4) & 0x0f;
}

static bool rop_has_source(uint8_t rop)
{
	return (rop ^ rop >> 2) & 0x33;
}

static bool rop_has_dest(uint8_t rop)
{
	return (rop ^ rop >> 1) & 0x55;
}

/* Bit i of the code is the result for pattern i[2], source i[1], dest i[0]. */
static uint64_t rop3(uint8_t rop, uint64_t p, uint64_t s, uint64_t d)
{
	uint64_t result = 0;

	for (unsigned int i = 0; i < 8; i++)
		if (rop >> i & 1)
			result |= (i & 4 ? p : ~p) & (i & 2 ? s : ~s) &
				  (i & 1 ? d : ~d);
	return result;
}

static uint64_t replicate(uint32_t pixel, unsigned int bytes)
{
	if (bytes == 1)
		return (pixel & 0xff) * 0x0101010101010101u;
	if (bytes == 2)
		return (pixel & 0xffff) * 0x0001000100010001u;
	return pixel * 0x0000000100000001u;
}

/*
 * Draw pixels x0 to x1 of row @row (counted from the top of the rectangle).
 * @host: row of host data, or NULL for a source in memory.
 */
static void draw_row(struct card *card, const struct e2d_rect *r, int32_t row,
		     int32_t x0, int32_t x1, const uint8_t *host)
{
	struct engine_2d *e2d = card->e2d;
	unsigned int bytes = pixel_bytes(r->gmc);
	uint8_t rop = (uint8_t)GMC_ROP3(r->gmc);
	uint32_t len = (uint32_t)(x1 - x0) * bytes;
	uint64_t p = replicate(r->brush, bytes);
	uint64_t mask = replicate(r->write_mask, bytes);
	uint32_t dst = r->dst_offset + (uint32_t)(r->dst_y + row) * r->dst_pitch +
		       (uint32_t)x0 * bytes;
	uint32_t first = (uint32_t)(x0 - r->dst_x) * bytes;

	if (rop_has_source(rop)) {
		if (host)
			memcpy(e2d->src, host + first, len);
		else
			mc_read(card, r->src_offset +
				(uint32_t)(r->src_y + row) * r->src_pitch +
				(uint32_t)r->src_x * bytes + first, e2d->src, len);
	}
	if (rop == 0xcc && mask == UINT64_MAX) {
		mc_write(card, dst, e2d->src, len);
	} else {
		if (rop_has_dest(rop) || mask != UINT64_MAX)
			mc_read(card, dst, e2d->dst, len);
		for (uint32_t i = 0; i < (len + 7) / 8; i++)
			e2d->dst[i] = (rop3(rop, p, e2d->src[i], e2d->dst[i]) & mask) |
				      (e2d->dst[i] & ~mask);
		mc_write(card, dst, e2d->dst, len);
	}
	stat_add(card, blit_bytes, len);
}

/* What scissors leave of a rectangle; false if nothing. */
static bool clip(const struct e2d_rect *r, int32_t *x0, int32_t *x1, int32_t *y0,
		 int32_t *y1)
{
	*x0 = r->dst_x > r->left ? r->dst_x : r->left;
	*y0 = r->dst_y > r->top ? r->dst_y : r->top;
	*x1 = r->dst_x + r->width < r->right ? r->dst_x + r->width : r->right;
	*y1 = r->dst_y + r->height < r->bottom ? r->dst_y + r->height : r->bottom;
	if (rop_has_source((uint8_t)GMC_ROP3(r->gmc)) &&
	    GMC_SOURCE(r->gmc) == SOURCE_MEMORY) {
		int32_t right = r->dst_x + r->src_right - r->src_x;
		int32_t bottom = r->dst_y + r->src_bottom - r->src_y;

		if (*x1 > right)
			*x1 = right;
		if (*y1 > bottom)
			*y1 = bottom;
	}
	return *x0 < *x1 && *y0 < *y1;
}

static bool supported(const struct e2d_rect *r)
{
	uint8_t rop = (uint8_t)GMC_ROP3(r->gmc);
	uint32_t source = GMC_SOURCE(r->gmc);
	uint32_t brush = GMC_BRUSH(r->gmc);

	if (!pixel_bytes(r->gmc))
		return false;
	if (rop_has_pattern(rop) && brush != BRUSH_SOLID && brush != BRUSH_NONE)
		return false;
	return !rop_has_source(rop) ||
	       (GMC_SRC_TYPE(r->gmc) == SRC_TYPE_COLOR &&
		(source == SOURCE_MEMORY || source == SOURCE_HOST_DATA));
}

static void run_rect(struct card *card, const struct e2d_rect *r)
{
	struct engine_2d *e2d = card->e2d;
	uint8_t rop = (uint8_t)GMC_ROP3(r->gmc);
	int32_t x0, x1, y0, y1;

	trace(TRACE_2D, "rop %02x %dx%d %08x/%u (%d,%d) to %08x/%u (%d,%d)", rop,
	      r->width, r->height, r->src_offset, r->src_pitch, r->src_x,
	      r->src_y, r->dst_offset, r->dst_pitch, r->dst_x, r->dst_y);
	e2d->host_active = false;
	if (!supported(r)) {
		static atomic_bool warned;

		stat_inc(card, packets_bad);
		warn_once_print(&warned, "2D operation not drawn: DP_GUI_MASTER_CNTL %08x",
				r->gmc);
		return;
	}
	stat_inc(card, blits);
	if (rop_has_source(rop) && GMC_SOURCE(r->gmc) == SOURCE_HOST_DATA) {
		e2d->host = *r;
		e2d->host_active = r->width && r->height;
		e2d->host_line = 0;
		e2d->host_used = 0;
		return;
	}
	if (!clip(r, &x0, &x1, &y0, &y1))
		return;
	for (int32_t i = 0; i < y1 - y0; i++) {
		int32_t y = r->bottom_up ? y1 - 1 - i : y0 + i;

		if (!work_continue(card, 1 + (uint32_t)(x1 - x0) *
				 pixel_bytes(r->gmc) / UNIT_SIZE))
			return;
		draw_row(card, r, y - r->dst_y, x0, x1, NULL);
		work_pace(card);
	}
}

/* A row of host data begins with a new dword. */
static void run_host_data(struct card *card, uint32_t val)
{
	struct engine_2d *e2d = card->e2d;
	const struct e2d_rect *r = &e2d->host;
	uint8_t *row = (uint8_t *)e2d->host_row;
	int32_t x0, x1, y0, y1, y;

	if (!e2d->host_active || !work_continue(card, 1))
		return;
	memcpy(row + e2d->host_used, &val, sizeof(val));
	e2d->host_used += sizeof(val);
	if (e2d->host_used < (uint32_t)r->width * pixel_bytes(r->gmc))
		return;

	y = r->bottom_up ? r->height - 1 - e2d->host_line : e2d->host_line;
	if (clip(r, &x0, &x1, &y0, &y1) && r->dst_y + y >= y0 && r->dst_y + y < y1)
		draw_row(card, r, y, x0, x1, row);
	e2d->host_used = 0;
	e2d->host_active = ++e2d->host_line < r->height;
}

static void run_dma(struct card *card, uint32_t src, uint32_t dst, uint32_t size)
{
	struct engine_2d *e2d = card->e2d;

	trace(TRACE_2D, "DMA %u bytes %08x to %08x", size, src, dst);
	stat_inc(card, dma_copies);
	while (size) {
		uint32_t n = size < ROW_SIZE ? size : ROW_SIZE;

		if (!work_continue(card, 1 + n / UNIT_SIZE))
			return;
		mc_read(card, src, e2d->src, n);
		mc_write(card, dst, e2d->src, n);
		work_pace(card);
		src += n;
		dst += n;
		size -= n;
	}
}

/**
 * engine_2d_run() - execute one operation
 * @card: card; engine thread, &card.lock not held
 * @cmd: what to do
 *
 * Returns early when work_continue() says so.
 */
void engine_2d_run(struct card *card, const struct e2d_cmd *cmd)
{
	struct engine_2d *e2d = card->e2d;

	if (atomic_exchange(&e2d->cancel, false))
		e2d->host_active = false;
	switch (cmd->kind) {
	case E2D_RECT:
		run_rect(card, &cmd->rect);
		break;
	case E2D_HOST_DATA:
		run_host_data(card, cmd->host_data);
		break;
	case E2D_HOST_LAST:
		run_host_data(card, cmd->host_data);
		e2d->host_active = false;
		break;
	case E2D_DMA:
		run_dma(card, cmd->dma.src, cmd->dma.dst, cmd->dma.size);
		break;
	}
}

/**
 * engine_2d_cancel() - forget a rectangle that awaits host data
 * @card: card, any thread
 */
void engine_2d_cancel(struct card *card)
{
	atomic_store(&card->e2d->cancel, true);
}

static void run(struct card *card, const void *data)
{
	engine_2d_run(card, data);
}

static void post(struct card *card, const struct e2d_cmd *cmd, enum reg_source source)
{
	struct command command;

	command_set(&command, run, cmd);
	work_post(card, &command, source);
}

/* The rectangle that the registers describe. */
static void make_rect(struct card *card, struct e2d_cmd *cmd, uint32_t width, uint32_t height,
		      uint32_t direction)
{
	const uint32_t *regs = card->regs;
	uint32_t src = regs[REG_SRC_PITCH_OFFSET / 4];
	uint32_t dst = regs[REG_DST_PITCH_OFFSET / 4];
	uint32_t src_yx = regs[REG_SRC_Y_X / 4], dst_yx = regs[REG_DST_Y_X / 4];
	uint32_t tl = regs[REG_SC_TOP_LEFT / 4], br = regs[REG_SC_BOTTOM_RIGHT / 4];
	uint32_t src_br = regs[REG_SRC_SC_BOTTOM_RIGHT / 4];
	struct e2d_rect *r = &cmd->rect;

	*cmd = (struct e2d_cmd){
		.kind = E2D_RECT,
		.rect = {
			.gmc = regs[REG_DP_GUI_MASTER_CNTL / 4],
			.src_offset = src << 10,
			.src_pitch = (src >> 22 & 0xff) * 64,
			.dst_offset = dst << 10,
			.dst_pitch = (dst >> 22 & 0xff) * 64,
			.brush = regs[REG_DP_BRUSH_FRGD_CLR / 4],
			.write_mask = regs[REG_DP_WRITE_MASK / 4],
			.src_x = coordinate(src_yx),
			.src_y = coordinate(src_yx >> 16),
			.dst_x = coordinate(dst_yx),
			.dst_y = coordinate(dst_yx >> 16),
			.width = (int32_t)(width & SIZE_MASK),
			.height = (int32_t)(height & SIZE_MASK),
			.left = (int16_t)tl,
			.top = (int16_t)(tl >> 16),
			.right = (int16_t)br,
			.bottom = (int16_t)(br >> 16),
			.src_right = (int16_t)src_br,
			.src_bottom = (int16_t)(src_br >> 16),
			.bottom_up = !(direction & TOP_TO_BOTTOM),
		},
	};
	if (regs[REG_CLR_CMP_CNTL / 4] & CLR_CMP_FUNCTIONS)
		r->gmc &= ~(0xfu << 8);		/* refused by supported() */
	/* The registers name the corner in which the drawing begins. */
	if (!(direction & LEFT_TO_RIGHT)) {
		r->src_x -= r->width - 1;
		r->dst_x -= r->width - 1;
	}
	if (r->bottom_up) {
		r->src_y -= r->height - 1;
		r->dst_y -= r->height - 1;
	}
}

/**
 * engine_2d_packet_rect() - draw the rectangle of a packet, with the registers as set
 * @card: card; engine thread, &card.lock not held
 * @width: pixels, 14 bits count
 * @height: rows, likewise
 *
 * As a write to DST_WIDTH_HEIGHT, except that packets ignore DP_CNTL and draw from
 * the top left: r100_copy_blit() relies on that, and user space may leave any value
 * in DP_CNTL.
 */
void engine_2d_packet_rect(struct card *card, uint32_t width, uint32_t height)
{
	struct e2d_cmd cmd;

	pthread_mutex_lock(&card->lock);
	make_rect(card, &cmd, width, height, LEFT_TO_RIGHT | TOP_TO_BOTTOM);
	pthread_mutex_unlock(&card->lock);
	engine_2d_run(card, &cmd);
}

/* Where the bits say "default", the write puts the default in the register. */
static void gmc_write(struct card *card, uint32_t val)
{
	uint32_t *regs = card->regs;

	if (!(val & GMC_SRC_PITCH_OFFSET))
		regs[REG_SRC_PITCH_OFFSET / 4] = regs[REG_DEFAULT_PITCH_OFFSET / 4];
	if (!(val & GMC_DST_PITCH_OFFSET))
		regs[REG_DST_PITCH_OFFSET / 4] = regs[REG_DEFAULT_PITCH_OFFSET / 4];
	if (!(val & GMC_SRC_CLIPPING))
		regs[REG_SRC_SC_BOTTOM_RIGHT / 4] = regs[REG_DEFAULT_SC_BOTTOM_RIGHT / 4];
	if (!(val & GMC_DST_CLIPPING)) {
		regs[REG_SC_TOP_LEFT / 4] = 0;
		regs[REG_SC_BOTTOM_RIGHT / 4] = regs[REG_DEFAULT_SC_BOTTOM_RIGHT / 4];
	}
	if (val & GMC_CLR_CMP_DIS)
		regs[REG_CLR_CMP_CNTL / 4] = 0;
	if (val & GMC_WR_MSK_DIS)
		regs[REG_DP_WRITE_MASK / 4] = ~0u;
}

static void e2d_write(struct card *card, uint32_t off, uint32_t val,
		      enum reg_source source)
{
	uint32_t *regs = card->regs;
	uint32_t swapped = val << 16 | val >> 16;
	struct e2d_cmd cmd = { 0 };

	regs[off / 4] = val;
	switch (off) {
	case REG_DP_GUI_MASTER_CNTL:
		gmc_write(card, val);
		break;
	case REG_SRC_X_Y:
		regs[REG_SRC_Y_X / 4] = swapped;
		break;
	case REG_DST_X_Y:
		regs[REG_DST_Y_X / 4] = swapped;
		break;
	case REG_DP_CNTL_XDIR_YDIR_YMAJOR:
		regs[REG_DP_CNTL / 4] &= ~(LEFT_TO_RIGHT | TOP_TO_BOTTOM);
		if (val & XDIR_LEFT_TO_RIGHT)
			regs[REG_DP_CNTL / 4] |= LEFT_TO_RIGHT;
		if (val & YDIR_TOP_TO_BOTTOM)
			regs[REG_DP_CNTL / 4] |= TOP_TO_BOTTOM;
		break;
	case REG_DST_HEIGHT_WIDTH:
		make_rect(card, &cmd, val, val >> 16, regs[REG_DP_CNTL / 4]);
		post(card, &cmd, source);
		break;
	case REG_DST_WIDTH_HEIGHT:
		make_rect(card, &cmd, val >> 16, val, regs[REG_DP_CNTL / 4]);
		post(card, &cmd, source);
		break;
	case REG_CP_GUI_COMMAND:
		cmd.kind = E2D_DMA;
		cmd.dma.src = regs[REG_CP_GUI_SRC_ADDR / 4];
		cmd.dma.dst = regs[REG_CP_GUI_DST_ADDR / 4];
		cmd.dma.size = val & DMA_SIZE_MASK;
		post(card, &cmd, source);
		break;
	default:	/* HOST_DATA0 to HOST_DATA_LAST */
		cmd.kind = off == REG_HOST_DATA_LAST ? E2D_HOST_LAST : E2D_HOST_DATA;
		cmd.host_data = val;
		post(card, &cmd, source);
	}
}

static const struct reg_ops e2d_ops = {
	.write = e2d_write,
};

static int init(struct card *card)
{
	static const uint16_t claimed[] = {
		REG_DP_GUI_MASTER_CNTL, REG_SRC_X_Y, REG_DST_X_Y, REG_DP_CNTL_XDIR_YDIR_YMAJOR,
		REG_DST_HEIGHT_WIDTH, REG_DST_WIDTH_HEIGHT, REG_CP_GUI_COMMAND,
	};

	card->e2d = calloc(1, sizeof(*card->e2d));
	if (!card->e2d)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(claimed) / sizeof(claimed[0]); i++)
		card_claim_regs(card, claimed[i], claimed[i], &e2d_ops);
	card_claim_regs(card, REG_HOST_DATA0, REG_HOST_DATA_LAST, &e2d_ops);
	return 0;
}

/* Scissors start at their maximum: the kernel driver never sets the defaults. */
static void reset(struct card *card)
{
	card->regs[REG_DEFAULT_SC_BOTTOM_RIGHT / 4] = SC_MAX;
	card->regs[REG_SC_BOTTOM_RIGHT / 4] = SC_MAX;
	card->regs[REG_SRC_SC_BOTTOM_RIGHT / 4] = SC_MAX;
	card->regs[REG_DP_WRITE_MASK / 4] = ~0u;
	card->regs[REG_DP_CNTL / 4] = LEFT_TO_RIGHT | TOP_TO_BOTTOM;
	engine_2d_cancel(card);
}

static void fini(struct card *card)
{
	free(card->e2d);
	card->e2d = NULL;
}

const struct block engine_2d_block = {
	.init = init, .reset = reset, .fini = fini, .cancel = engine_2d_cancel,
};
