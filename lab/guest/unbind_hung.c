// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * unbind-hung: does the driver let go of a GPU that hangs?
 *
 * The GPU is given a copy that it does not end: the model takes its time for each row of it. The
 * driver finds that the ring has made no progress for ten seconds, and must not wait for it. One
 * of the two BOs of that copy nobody has any more at the unbind; the other has an owner, which has
 * it mapped, and closes it later. The mapping shows nothing of the BO then.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lab_console.h"
#include "lab_drm.h"

/* Rows of a page, each of which takes PACE_US: 40 s for one BO. */
#define BO_BYTES	(16u << 20)
#define PACE_US		10000u
#define WORD		0xf04e16b0u

static struct lab_card card;
static char name[64];

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "card", required_argument, NULL, 'c' }, { 0 } };
	struct lab_bo bos[2], *list[2] = { &bos[0], &bos[1] };
	volatile uint32_t *word;
	const char *which = NULL;
	int c, ret = 0;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c != 'c') {
			fprintf(stderr, "usage: unbind-hung [--card rv370|rv100]\n");
			return 2;
		}
		which = optarg;
	}
	lab_card_open_or_die(&card, which, true, "unbind-hung");
	snprintf(name, sizeof(name), "%s.unbind-hung", card.name);
	for (unsigned int i = 0; i < 2 && !ret; i++)
		ret = lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_GTT, list[i]);
	if (!ret) {
		word = list[1]->map;
		*word = WORD;
		lab_slow_down(card.name, name, "pace", PACE_US);
		ret = lab_move(&card, list, 2, RADEON_GEM_DOMAIN_VRAM);
	}
	if (ret)
		lab_die(name, "the GPU cannot be given a long copy: %s", strerror(-ret));
	lab_bo_close(&card, list[0]);
	lab_card_unbind(&card, name);
	if (lab_bo_busy(&card, list[1], NULL) != -ENODEV)
		lab_result(LAB_FAIL, name, "an ioctl finds the GPU, which has gone");
	if (*word)
		lab_result(LAB_FAIL, name, "the mapping shows %#x, and the GPU has gone", *word);
	*word = ~WORD;
	if (*word != ~WORD)
		lab_result(LAB_FAIL, name, "what is written to the mapping is not there");
	lab_slow_down(card.name, name, "pace", 0);
	lab_bo_close(&card, list[1]);
	close(card.fd);
	if (!lab_exit_status())
		lab_result(LAB_PASS, name, "the driver has let go of a GPU that hangs");
	return lab_exit_status();
}
