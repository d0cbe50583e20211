/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* 2D engine: commands, and the function that draws them. See engine_2d.c. */
#ifndef LAB_ENGINE_2D_H
#define LAB_ENGINE_2D_H

#include "core/card.h"

/**
 * struct e2d_rect - one rectangle with all that is needed to draw it, taken
 * from the registers at the moment of the write that starts it.
 * @gmc: DP_GUI_MASTER_CNTL: datatype, raster operation, source
 * @src_offset: MC address of the source's origin
 * @dst_offset: MC address of the destination's origin
 * @src_pitch: bytes from row to row
 * @dst_pitch: bytes from row to row
 * @brush: brush colour
 * @write_mask: bits of a pixel that may change
 * @src_x: top left corner, pixels
 * @src_y: likewise
 * @dst_x: likewise
 * @dst_y: likewise
 * @width: pixels, at most 16383
 * @height: rows, at most 16383
 * @left: scissors, pixels; @right and @bottom are outside
 * @top: likewise
 * @right: likewise
 * @bottom: likewise
 * @src_right: scissors of the source, outside
 * @src_bottom: likewise
 * @bottom_up: the last row is drawn first
 */
struct e2d_rect {
	uint32_t gmc;
	uint32_t src_offset, dst_offset;
	uint32_t src_pitch, dst_pitch;
	uint32_t brush;
	uint32_t write_mask;
	int32_t src_x, src_y, dst_x, dst_y;
	int32_t width, height;
	int32_t left, top, right, bottom;
	int32_t src_right, src_bottom;
	bool bottom_up;
};

enum e2d_kind {
	E2D_RECT,	/* draw a rectangle, or await host data for it */
	E2D_HOST_DATA,	/* a dword of host data */
	E2D_HOST_LAST,	/* the last one */
	E2D_DMA,	/* copy bytes */
};

/** struct e2d_cmd - one thing for the 2D engine to do. */
struct e2d_cmd {
	enum e2d_kind kind;
	union {
		struct e2d_rect rect;
		uint32_t host_data;
		struct {
			uint32_t src, dst, size;
		} dma;
	};
};

extern const struct block engine_2d_block;

void engine_2d_run(struct card *card, const struct e2d_cmd *cmd);
void engine_2d_packet_rect(struct card *card, uint32_t width, uint32_t height);
void engine_2d_cancel(struct card *card);

#endif
