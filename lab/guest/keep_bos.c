// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * keep-bos: do BOs keep their contents across a suspend or another event?
 *
 * Fills BOs in VRAM and in the GTT, and creates a file when they are filled. When standard input
 * ends, every word is compared; then the GPU moves each BO to the other domain, and every word is
 * compared again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "lab_pattern.h"

#define BO_BYTES	(1u << 20)
#define MAX_MIB		1024u

/** struct kept_bo - a BO, the domain in which it was created, and its words. */
struct kept_bo {
	struct lab_bo bo;
	uint32_t domain;
	struct lab_pattern pattern;
};

static struct kept_bo bos[2 * MAX_MIB];
static uint32_t count;
static struct lab_card card;
static char name[64];

static void create(uint64_t mib, uint32_t domain)
{
	struct kept_bo *bo;
	int ret;

	while (mib--) {
		bo = &bos[count];
		bo->domain = domain;
		bo->pattern = (struct lab_pattern){ .set = 1, .write = 1, .bo = count };
		ret = lab_bo_create(&card, BO_BYTES, domain, &bo->bo);
		if (ret)
			lab_die(name, "BO %u of 1 MiB: %s", count, strerror(-ret));
		lab_pattern_fill(bo->bo.map, BO_BYTES, &bo->pattern);
		count++;
	}
}

static void wait_for_end_of_input(void)
{
	char buffer[64];
	ssize_t got;

	do
		got = read(STDIN_FILENO, buffer, sizeof(buffer));
	while (got > 0 || (got < 0 && errno == EINTR));
}

/* Returns the number of wrong words. */
static uint64_t check(const char *when)
{
	struct lab_pattern_wrong wrong = { 0 };
	uint32_t i, wrong_bos = 0;
	uint64_t before;

	for (i = 0; i < count; i++) {
		before = wrong.words;
		lab_pattern_check(bos[i].bo.map, BO_BYTES, &bos[i].pattern, &wrong);
		wrong_bos += wrong.words != before;
	}
	if (wrong.words)
		lab_result(LAB_FAIL, name, "%s: %llu words in %u of %u BOs are wrong", when,
			   (unsigned long long)wrong.words, wrong_bos, count);
	return wrong.words;
}

/* A stream for each BO: the driver always moves a BO that is alone in its stream. */
static void move_to_other_domain(void)
{
	struct lab_bo *stream;
	uint32_t i, domain;
	int ret;

	for (i = 0; i < count; i++) {
		stream = &bos[i].bo;
		domain = bos[i].domain ^ (RADEON_GEM_DOMAIN_GTT | RADEON_GEM_DOMAIN_VRAM);
		ret = lab_move(&card, &stream, 1, domain);
		if (ret)
			lab_die(name, "command stream for BO %u: %s", i, strerror(-ret));
	}
	for (i = 0; i < count; i++)
		lab_bo_wait_or_die(&card, &bos[i].bo, name);
}

int main(int argc, char **argv)
{
	uint64_t vram_mib = 16, gtt_mib = 16;
	const char *which = NULL, *ready = NULL;
	bool cpu = false;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&which),
		{ "vram-mib", "N", "N MiB of BOs in VRAM (16)", .number = &vram_mib,
		  .max = MAX_MIB },
		{ "gtt-mib", "N", "N MiB of BOs in the GTT (16)", .number = &gtt_mib,
		  .max = MAX_MIB },
		{ "ready", "FILE", "create FILE when the BOs are filled", .text = &ready },
		{ "cpu", NULL, "do not have the GPU move the BOs", .flag = &cpu },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "keep-bos",
		.purpose = "Fills BOs, waits for the end of its standard input, and compares every word.",
		.options = option_table,
	};
	uint32_t i, in_vram = 0, domain;
	int fd;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, which, true, "keep-bos");
	snprintf(name, sizeof(name), "%s.keep-bos", card.name);
	create(vram_mib, RADEON_GEM_DOMAIN_VRAM);
	create(gtt_mib, RADEON_GEM_DOMAIN_GTT);
	for (i = 0; i < count; i++)
		if (lab_bo_busy(&card, &bos[i].bo, &domain) >= 0)
			in_vram += domain == RADEON_GEM_DOMAIN_VRAM;
	if (ready) {
		fd = open(ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			lab_die(name, "%s: %s", ready, strerror(errno));
		close(fd);
	}
	wait_for_end_of_input();
	if (!check("afterwards") && !cpu) {
		move_to_other_domain();
		check("after a move by the GPU");
	}
	for (i = 0; i < count; i++)
		lab_bo_close(&card, &bos[i].bo);
	close(card.fd);
	if (lab_passed())
		lab_result(LAB_PASS, name, "%u BOs of 1 MiB, %u of them were in VRAM: contents are right",
			   count, in_vram);
	return lab_finish();
}
