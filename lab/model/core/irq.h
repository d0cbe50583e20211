/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Interrupt status and enable: GEN_INT_STATUS, GEN_INT_CNTL. See irq.c. */
#ifndef LAB_IRQ_H
#define LAB_IRQ_H

#include "core/card.h"

extern const struct block irq_block;

/**
 * irq_raise() - set bits of GEN_INT_STATUS and tell the guest if enabled.
 * @card: card, &card.lock held
 * @bits: bits to set (e.g. CRTC vblank status)
 */
void irq_raise(struct card *card, uint32_t bits);

#endif
