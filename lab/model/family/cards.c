// SPDX-License-Identifier: GPL-2.0 OR MIT
/* The cards: the rows of lab/cards.list. */
#include <stdio.h>
#include <string.h>

#include "core/card.h"
#include "card_table.h"

/* For pasting: the table has words in capitals. */
#define FAMILY_R100	&family_r100
#define FAMILY_R300	&family_r300

#define CARD_INFO(_name, _vendor, _device, _subvendor, _subdevice, _bus, _irq, _dma_bits, \
		  _vram_mib, _family, _product)						\
	{ \
		.name = _name, \
		.product = _product, \
		.pci_vendor = _vendor, \
		.pci_device = _device, \
		.pci_subvendor = _subvendor, \
		.pci_subdevice = _subdevice, \
		.bus = CARD_BUS_##_bus, \
		.irq = CARD_IRQ_##_irq, \
		.dma_bits = _dma_bits, \
		.vram_size = _vram_mib##u << 20, \
		.family = FAMILY_##_family, \
	},

static const struct card_info cards[] = { CARD_TABLE(CARD_INFO) };

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
