// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The display side put together: its state, and its blocks' power-on states.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "display/display_blocks.h"

/**
 * display_init() - allocate the display side and claim its registers
 * @card: card being made
 *
 * Return: 0 or -ENOMEM.
 */
int display_init(struct card *card)
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

/**
 * display_reset() - power-on state: CRTCs off, linear palettes, idle DDC buses
 * @card: card, &card.lock held
 */
void display_reset(struct card *card)
{
	memset(card->display->cursor, 0, sizeof(card->display->cursor));
	crtc_reset(card);
	dac_reset(card);
	ddc_reset(card);
}

/**
 * display_fini() - free what display_init() allocated
 * @card: card being taken apart
 */
void display_fini(struct card *card)
{
	free(card->display);
	card->display = NULL;
}
