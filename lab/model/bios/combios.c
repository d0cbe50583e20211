// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The option ROM: a COMBIOS image with the tables that radeon_combios.c reads,
 * made from a table of fields. Its only code is a far return, for a firmware
 * that calls a VGA ROM's entry point.
 *
 * A header entry of 0 means that there is no such table; the driver then uses
 * its defaults, and for initialisation tables does nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "bios/combios.h"
#include "display/display_blocks.h"

#define ROM_BLOCK	512u
#define ROM_BLOCKS	8u
#define ROM_SIZE	(ROM_BLOCK * ROM_BLOCKS)

/* Where things are in the image */
#define PCIR		0x0060u
#define NAME		0x0080u
#define HEADER		0x0100u
#define PLL_INFO	0x0180u
#define CONNECTOR_INFO	0x01c0u
#define MEM_CONFIG	0x01e1u

#define HEADER_SIZE	0x72u	/* covers every pointer the driver looks for */
#define PCIR_SIZE	0x18u
#define X86_FAR_RETURN	0xcbu

#define PIXEL_PLL_MIN_10KHZ	12500u
#define PIXEL_PLL_MAX_10KHZ	35000u
#define SYSTEM_PLL_MIN_10KHZ	20000u
#define SYSTEM_PLL_MAX_10KHZ	50000u

/*
 * struct field - one number in the image, little endian.
 * Offsets and meanings: radeon_get_bios(), combios_get_table_offset(),
 * radeon_combios_get_clock_info(), combios_write_ram_size().
 */
struct field {
	uint16_t offset;
	uint8_t bytes;
	uint32_t value;
};

static const struct field fields[] = {
	/* Option ROM header; the checksum is added last */
	{ 0x00, 2, 0xaa55 },
	{ 0x02, 1, ROM_BLOCKS },
	{ 0x03, 1, X86_FAR_RETURN },
	{ 0x18, 2, PCIR },
	{ 0x48, 2, HEADER },

	/* PCI data structure; the IDs depend on the card */
	{ PCIR + 0x0a, 2, PCIR_SIZE },
	{ PCIR + 0x0d, 3, 0x030000 },		/* class: VGA */
	{ PCIR + 0x10, 2, ROM_BLOCKS },
	{ PCIR + 0x14, 1, 0 },			/* code type: x86 */
	{ PCIR + 0x15, 1, 0x80 },		/* last image */

	/* COMBIOS header; at +4 an AtomBIOS would have its name */
	{ HEADER + 0x06, 1, HEADER_SIZE },
	{ HEADER + 0x30, 2, PLL_INFO },
	{ HEADER + 0x48, 2, MEM_CONFIG },
	{ HEADER + 0x50, 2, CONNECTOR_INFO },

	/* PLL information, clocks in 10 kHz; revision 9 has no input limits */
	{ PLL_INFO + 0x00, 1, 9 },
	{ PLL_INFO + 0x08, 2, PLL_OUT_10KHZ(MPLL_FB_DIV) },
	{ PLL_INFO + 0x0a, 2, PLL_OUT_10KHZ(SPLL_FB_DIV) },
	{ PLL_INFO + 0x0e, 2, REF_CLOCK_10KHZ },
	{ PLL_INFO + 0x10, 2, REF_DIV },
	{ PLL_INFO + 0x12, 4, PIXEL_PLL_MIN_10KHZ },
	{ PLL_INFO + 0x16, 4, PIXEL_PLL_MAX_10KHZ },
	{ PLL_INFO + 0x1a, 2, REF_CLOCK_10KHZ },	/* engine */
	{ PLL_INFO + 0x1c, 2, REF_DIV },
	{ PLL_INFO + 0x1e, 4, SYSTEM_PLL_MIN_10KHZ },
	{ PLL_INFO + 0x22, 4, SYSTEM_PLL_MAX_10KHZ },
	{ PLL_INFO + 0x26, 2, REF_CLOCK_10KHZ },	/* memory */
	{ PLL_INFO + 0x28, 2, REF_DIV },
	{ PLL_INFO + 0x2a, 4, SYSTEM_PLL_MIN_10KHZ },
	{ PLL_INFO + 0x2e, 4, SYSTEM_PLL_MAX_10KHZ },

	/*
	 * Memory configuration, revision 1 (in the byte before): the size in
	 * units of 2 MiB, filled in per card, and an end mark. Without it a
	 * resume would write 0 to CONFIG_MEMSIZE. The RAM reset table follows
	 * the end mark and two bytes, and is empty.
	 */
	{ MEM_CONFIG - 1, 1, 1 },
	{ MEM_CONFIG + 0x01, 1, 0 },
	{ MEM_CONFIG + 0x04, 1, 0xff },
};

static void put(uint8_t *rom, struct field f)
{
	for (unsigned int i = 0; i < f.bytes; i++)
		rom[f.offset + i] = (uint8_t)(f.value >> (8 * i));
}

/**
 * combios_build() - make a card's option ROM
 * @info: kind of card
 * @size: set to the image's size in bytes, a power of two
 *
 * Return: the image, to be freed, or NULL if there is no memory.
 */
uint8_t *combios_build(const struct card_info *info, size_t *size)
{
	uint8_t *rom = calloc(1, ROM_SIZE);
	size_t name_len = strnlen(info->product, HEADER - NAME - 1);
	uint8_t sum = 0;

	if (!rom)
		return NULL;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		put(rom, fields[i]);
	memcpy(rom + PCIR, "PCIR", 4);
	memcpy(rom + NAME, info->product, name_len);
	put(rom, (struct field){ PCIR + 0x04, 2, info->pci_vendor });
	put(rom, (struct field){ PCIR + 0x06, 2, info->pci_device });
	put(rom, (struct field){ MEM_CONFIG, 1, info->vram_size >> 21 });
	for (uint16_t i = 0; i < CONNECTOR_COUNT; i++)
		put(rom, (struct field){ (uint16_t)(CONNECTOR_INFO + 2 + i * 2),
					 2, connectors[i].combios });

	for (size_t i = 0; i < ROM_SIZE; i++)
		sum += rom[i];
	rom[ROM_SIZE - 1] = (uint8_t)-sum;
	*size = ROM_SIZE;
	return rom;
}
