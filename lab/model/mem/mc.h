/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Memory controller: the card's own address space, in which
 * framebuffer, GART and bus lie side by side. See mc.c.
 */
#ifndef LAB_MC_H
#define LAB_MC_H

#include "core/card.h"

/*
 * Both run without &card.lock, on any thread. They always finish: where there is
 * no memory, reads return ones and writes are dropped, as on the bus. They return 0, or
 * -EFAULT if a part of the range was refused (and counted).
 */
int mc_read(struct card *card, uint64_t addr, void *buf, size_t len);
int mc_write(struct card *card, uint64_t addr, const void *buf, size_t len);

extern const struct block mc_block;

bool mc_bus_address(struct card *card, uint64_t addr, uint64_t *bus);
unsigned int mc_gart_find(struct card *card, uint64_t word, uint64_t *addrs,
			  unsigned int max);

#endif
