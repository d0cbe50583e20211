// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * unbind-hung: does the driver let go of a GPU that hangs?
 *
 * The GPU is given a copy that it does not end: the model takes its time for each row of it. The
 * driver finds that the ring has made no progress for ten seconds, and must not wait for it. One
 * of the two BOs of that copy nobody has any more at the unbind; the other has an owner, which has
 * it mapped, and closes it later. The mapping shows nothing of the BO then. Memory of the process
 * that the GPU has in its GTT is the process's alone again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <radeon_drm.h>

#include "lab_console.h"
#include "lab_drm.h"

/* Rows of a page, each of which takes PACE_US: 40 s for one BO. */
#define BO_BYTES	(16u << 20)
#define PACE_US		10000u
#define WORD		0xf04e16b0u

/* What the GPU may use of this process's memory. */
#define USER_BYTES	(1u << 20)

static struct lab_card card;
static char name[64];

/*
 * Memory of the process in GTT, or NULL: RV100 does not reach most of what there is, and only what
 * it does is taken.
 */
static uint8_t *lend_memory(void)
{
	struct drm_radeon_gem_userptr userptr = {
		.size = USER_BYTES,
		.flags = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_REGISTER |
			 RADEON_GEM_USERPTR_VALIDATE,
	};
	uint8_t *memory;
	int ret;

	if (!strcmp(card.name, "rv100"))
		return NULL;
	memory = mmap(NULL, USER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		lab_die(name, "no memory: %s", strerror(errno));
	memset(memory, 0x5a, USER_BYTES);
	userptr.addr = (uintptr_t)memory;
	ret = drmCommandWriteRead(card.fd, DRM_RADEON_GEM_USERPTR, &userptr, sizeof(userptr));
	if (ret)
		lab_die(name, "the GPU does not take this process's memory: %s", strerror(-ret));
	return memory;
}

/* Nobody but the process has used it meanwhile. */
static void check_memory(uint8_t *memory)
{
	unsigned int wrong = 0;

	if (!memory)
		return;
	for (unsigned int i = 0; i < USER_BYTES; i++)
		wrong += memory[i] != 0x5a;
	if (wrong)
		lab_result(LAB_FAIL, name, "%u bytes of the process's own memory have changed",
			   wrong);
	munmap(memory, USER_BYTES);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = { { "card", required_argument, NULL, 'c' }, { 0 } };
	struct lab_bo bos[2], *list[2] = { &bos[0], &bos[1] };
	volatile uint32_t *word;
	uint8_t *memory;
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
	memory = lend_memory();
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
	check_memory(memory);
	lab_slow_down(card.name, name, "pace", 0);
	lab_bo_close(&card, list[1]);
	close(card.fd);
	if (!lab_exit_status())
		lab_result(LAB_PASS, name, "the driver has let go of a GPU that hangs");
	return lab_exit_status();
}
