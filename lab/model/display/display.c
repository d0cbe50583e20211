// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The display side put together: its state, and its blocks' power-on states.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "display/display.h"
#include "display/display_blocks.h"

static int init(struct card *card)
{
	card->display = calloc(1, sizeof(*card->display));
	if (!card->display)
		return -ENOMEM;
	card->display->clock = clock_ns;
	crtc_init(card);
	cursor_init(card);
	dac_init(card);
	ddc_init(card);
	return 0;
}

/* CRTCs off, linear palettes, idle DDC buses. */
static void reset(struct card *card)
{
	memset(card->display->cursor, 0, sizeof(card->display->cursor));
	crtc_reset(card);
	dac_reset(card);
	ddc_reset(card);
}

static void fini(struct card *card)
{
	free(card->display);
	card->display = NULL;
}

const struct block display_block = { .init = init, .reset = reset, .fini = fini };
