// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The cards: everything in which one differs from another, as data.
 *
 * A new card is a new entry. Register values are those a card has after its
 * BIOS has posted it, as far as the driver looks at them; all others start at
 * zero. Blocks set the power-on values of the registers they own themselves.
 */
#include <stdio.h>
#include <string.h>

#include "card.h"
#include "regs.h"

#define MIB	(1u << 20)

static const struct card_info cards[] = {
	{
		.name = "rv370",
		.product = "ATI Radeon X300 (RV370)",
		.pci_device = 0x5b60,
		.pci_subdevice = 0x0302,
		.pcie = true,
		.msi = true,
		.gart = GART_PCIE,
		.dma_bits = 40,
		.writeback = true,
		.vram_size = 64 * MIB,
		.is_r300 = true,
		.reg_init = {
			/* r300_mc_init(): two channels, 128 bit */
			{ REG_MEM_CNTL, 0x00000001 },
			/* Set by the driver: one 64 MiB aperture is all VRAM */
			{ REG_CONFIG_MEMSIZE, 64 * MIB },
			{ REG_CONFIG_APER_SIZE, 64 * MIB },
			{ REG_INIT_END, 0 },
		},
	},
	{
		.name = "rv100",
		.product = "ATI Radeon 7000 (RV100)",
		.pci_device = 0x5159,
		.pci_subdevice = 0x000a,
		.gart = GART_PCI,
		.dma_bits = 32,
		.vram_size = 64 * MIB,
		.reg_init = {
			/* r100_vram_get_type(): DDR on a 64-bit bus */
			{ REG_MEM_SDRAM_MODE_REG, 1u << 30 },
			{ REG_CONFIG_MEMSIZE, 64 * MIB },
			{ REG_CONFIG_APER_SIZE, 64 * MIB },
			{ REG_INIT_END, 0 },
		},
	},
};

/**
 * card_info_find() - look up a card by its name
 * @name: e.g. "rv370"
 *
 * Return: the card's description, or NULL if there is none of that name.
 */
const struct card_info *card_info_find(const char *name)
{
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++)
		if (!strcmp(cards[i].name, name))
			return &cards[i];
	return NULL;
}

/**
 * card_info_list() - names of all cards, for messages
 * @buf: where to put "rv370, rv100"
 * @size: bytes in @buf
 */
void card_info_list(char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		int n = snprintf(buf + used, size - used, "%s%s",
				 i ? ", " : "", cards[i].name);

		if (n < 0 || (size_t)n >= size - used)
			return;
		used += (size_t)n;
	}
}
