// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * evict-hung: BOs are evicted from VRAM while the GPU hangs.
 *
 * VRAM is full of BOs. The GPU is given a copy that takes longer than the driver waits for: the
 * model delays each row. Then more BOs are created in VRAM, so that others have to be evicted.
 * Their copies are queued after the long one, and the driver finds that the ring makes no progress.
 * When it has reset the GPU, the model works at its usual speed again. In the end each BO must have
 * its contents, also the one of the long copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"
#include "lab_pattern.h"

#define MIB		(1u << 20)
#define BO_BYTES	(2u * MIB)
#define MAX_BOS		256u
/* LONG_BYTES / 4096 rows, each delayed by PACE_US: 20 s. */
#define LONG_BYTES	(8u * MIB)
#define PACE_US		10000u
#define HANG_S		60

static struct lab_card card;
static char name[64];
static struct lab_bo bos[MAX_BOS];

static struct lab_pattern pattern(uint32_t number)
{
	return (struct lab_pattern){ .set = 2, .write = 1, .bo = number };
}

static void create(uint32_t number)
{
	struct lab_pattern words = pattern(number);
	int ret = lab_bo_create(&card, BO_BYTES, RADEON_GEM_DOMAIN_VRAM, &bos[number]);

	if (ret)
		lab_die(name, "BO %u of 2 MiB: %s", number, strerror(-ret));
	lab_pattern_fill(bos[number].map, BO_BYTES, &words);
}

/* Runs in a child process, and ends the delay when the driver has reset the GPU. */
static void end_delay_at_reset(int log)
{
	char record[1024];
	ssize_t got;

	alarm(HANG_S);
	for (;;) {
		got = read(log, record, sizeof(record) - 1);
		/* EPIPE: records were overwritten. */
		if (got < 0 && errno != EPIPE && errno != EINTR)
			_exit(1);
		if (got < 0)
			continue;
		record[got] = 0;
		if (strstr(record, card.pci) && strstr(record, "GPU reset succeeded")) {
			lab_slow_down(card.name, name, "pace", 0);
			_exit(0);
		}
	}
}

int main(int argc, char **argv)
{
	const char *which = NULL;
	uint64_t mib = 64;
	const struct lab_option option_table[] = {
		LAB_OPTION_CARD(&which),
		{ "vram-mib", "N", "size of VRAM in MiB (64)", .number = &mib, .min = 16,
		  .max = MAX_BOS },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "evict-hung",
		.purpose = "Fills VRAM while the GPU hangs, and compares all BOs. Needs the lab's model.",
		.options = option_table,
	};
	struct lab_bo copied, *stream = &copied;
	struct lab_pattern words;
	struct lab_pattern_wrong wrong = { 0 };
	uint32_t i, count;
	int ret, log, status;
	pid_t child;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, which, true, "evict-hung");
	snprintf(name, sizeof(name), "%s.evict-hung", card.name);
	log = open("/dev/kmsg", O_RDONLY | O_CLOEXEC);
	if (log < 0 || lseek(log, 0, SEEK_END))
		lab_die(name, "/dev/kmsg: %s", strerror(errno));
	/* Use half of VRAM: the driver does not evict BOs for a command stream. */
	count = mib * MIB / 2 / BO_BYTES;
	for (i = 0; i < count; i++)
		create(i);
	ret = lab_bo_create(&card, LONG_BYTES, RADEON_GEM_DOMAIN_GTT, &copied);
	if (!ret) {
		words = pattern(MAX_BOS);
		lab_pattern_fill(copied.map, LONG_BYTES, &words);
		lab_slow_down(card.name, name, "pace", PACE_US);
		ret = lab_move(&card, &stream, 1, RADEON_GEM_DOMAIN_VRAM);
	}
	if (ret)
		lab_die(name, "the GPU cannot be given a long copy: %s", strerror(-ret));
	child = fork();
	if (child < 0)
		lab_die(name, "fork: %s", strerror(errno));
	if (!child)
		end_delay_at_reset(log);
	/* As much as all of VRAM. */
	for (; i < count + mib * MIB / BO_BYTES; i++)
		create(i);
	count = i;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status) {
		lab_slow_down(card.name, name, "pace", 0);
		lab_result(LAB_FAIL, name, "the driver has not reset the GPU");
	}
	for (i = 0; i < count; i++) {
		lab_bo_wait_or_die(&card, &bos[i], name);
		words = pattern(i);
		lab_pattern_check(bos[i].map, BO_BYTES, &words, &wrong);
	}
	lab_bo_wait_or_die(&card, &copied, name);
	words = pattern(MAX_BOS);
	lab_pattern_check(copied.map, LONG_BYTES, &words, &wrong);
	if (wrong.words)
		lab_result(LAB_FAIL, name, "%llu words in %llu pages are wrong",
			   (unsigned long long)wrong.words, (unsigned long long)wrong.pages);
	for (i = 0; i < count; i++)
		lab_bo_close(&card, &bos[i]);
	lab_bo_close(&card, &copied);
	close(card.fd);
	if (lab_passed())
		lab_result(LAB_PASS, name, "%u BOs of 2 MiB have kept their contents", count);
	return lab_finish();
}
