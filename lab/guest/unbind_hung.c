// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * unbind-hung: can the driver be unbound from a GPU that hangs?
 *
 * The GPU is given a copy that does not end: the model delays each row. The driver finds that the
 * ring has made no progress for ten seconds, and must not wait for it. One of the two BOs of the
 * copy has been closed before the unbind; the other is mapped and closed later. After the unbind
 * its mapping must not show the BO. Memory of the process that was in the GTT (userptr) must be
 * unchanged.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <radeon_drm.h>

#include "lab_console.h"
#include "lab_drm.h"
#include "lab_options.h"

/* A BO has BO_BYTES / 4096 rows, each delayed by PACE_US: 40 s. */
#define BO_BYTES	(16u << 20)
#define PACE_US		10000u
#define WORD		0xf04e16b0u

/* Size of the userptr BO. */
#define USER_BYTES	(1u << 20)

static struct lab_card card;
static char name[64];

/*
 * Memory of this process in the GTT, or NULL: a 32-bit card does not reach most pages of a process,
 * and the driver refuses these.
 */
static uint8_t *create_userptr(void)
{
	struct drm_radeon_gem_userptr userptr = {
		.size = USER_BYTES,
		.flags = RADEON_GEM_USERPTR_ANONONLY | RADEON_GEM_USERPTR_REGISTER |
			 RADEON_GEM_USERPTR_VALIDATE,
	};
	uint8_t *memory;
	int ret;

	if (card.dma_bits <= 32)
		return NULL;
	memory = mmap(NULL, USER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		lab_die(name, "no memory: %s", strerror(errno));
	memset(memory, 0x5a, USER_BYTES);
	userptr.addr = (uintptr_t)memory;
	ret = drmCommandWriteRead(card.fd, DRM_RADEON_GEM_USERPTR, &userptr, sizeof(userptr));
	if (ret)
		lab_die(name, "userptr: %s", strerror(-ret));
	return memory;
}

/* Has the GPU written to the process's memory? */
static void check_memory(uint8_t *memory)
{
	unsigned int wrong = 0;

	if (!memory)
		return;
	for (unsigned int i = 0; i < USER_BYTES; i++)
		wrong += memory[i] != 0x5a;
	if (wrong)
		lab_result(LAB_FAIL, name, "%u bytes of the userptr memory have changed", wrong);
	munmap(memory, USER_BYTES);
}

int main(int argc, char **argv)
{
	const char *which = NULL;
	const struct lab_option option_table[] = { LAB_OPTION_CARD(&which), { 0 } };
	const struct lab_program program = {
		.name = "unbind-hung",
		.purpose = "Unbinds the driver from a GPU that hangs. Needs the lab's model.",
		.options = option_table,
	};
	struct lab_bo bos[2], *list[2] = { &bos[0], &bos[1] };
	volatile uint32_t *word;
	uint8_t *memory;
	int ret = 0;

	lab_parse_options(&program, argc, argv);
	lab_card_open_or_die(&card, which, true, "unbind-hung");
	snprintf(name, sizeof(name), "%s.unbind-hung", card.name);
	memory = create_userptr();
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
	lab_card_unbind(&card, name, NULL);
	if (lab_bo_busy(&card, list[1], NULL) != -ENODEV)
		lab_result(LAB_FAIL, name, "an ioctl after the unbind does not return ENODEV");
	if (*word)
		lab_result(LAB_FAIL, name, "after the unbind the mapping still shows %#x", *word);
	*word = ~WORD;
	if (*word != ~WORD)
		lab_result(LAB_FAIL, name, "a write to the mapping after the unbind is lost");
	check_memory(memory);
	lab_slow_down(card.name, name, "pace", 0);
	lab_bo_close(&card, list[1]);
	close(card.fd);
	if (lab_passed())
		lab_result(LAB_PASS, name, "the driver was unbound from a GPU that hangs");
	return lab_finish();
}
