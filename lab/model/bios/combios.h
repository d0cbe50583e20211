/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Option ROM of the cards before AVIVO. See combios.c. */
#ifndef LAB_COMBIOS_H
#define LAB_COMBIOS_H

#include "core/card.h"

uint8_t *combios_build(const struct card_info *info, size_t *size);

#endif
