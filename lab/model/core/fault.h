/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Faults that the model injects on request: a test that must notice one shows that
 * it can fail.
 *
 * A fault is a bit in &card.faults, set with --fault NAME or, when a driver is
 * running, with "fault" on the control socket (card_set_faults()).
 */
#ifndef LAB_FAULT_H
#define LAB_FAULT_H

#include <string.h>

#define FAULTS(X) \
	X(GART_OFF_BY_ONE, "gart-off-by-one", \
	  "translation uses the next page's table entry") \
	X(GART_STALE, "gart-stale", \
	  "a table entry once read stays in use, across unbind and flush") \
	X(GART_TRUNCATE, "gart-truncate", \
	  "bus addresses lose everything above 32 bits") \
	X(IRQ_LOST, "irq-lost", \
	  "every second fence interrupt is not delivered") \
	X(SCANOUT_PITCH, "scanout-pitch", \
	  "scan-out uses a pitch that is one unit (8 pixels) too large") \
	X(REGISTERS_ONES, "registers-ones", \
	  "the card is gone: registers read ones, and it does no DMA") \
	X(VRAM_FORGOTTEN, "vram-forgotten", \
	  "VRAM is filled with junk when the card enters D3, and at a reset")

enum fault {
#define X(id, name, what) FAULT_INDEX_##id,
	FAULTS(X)
#undef X
	FAULT_COUNT
};

/**
 * fault_by_name() - the bit of a fault
 * @name: as in FAULTS
 *
 * Return: the bit, 0 if there is no such fault.
 */
static inline unsigned int fault_by_name(const char *name)
{
	static const char *const names[] = {
#define X(id, name, what) name,
		FAULTS(X)
#undef X
	};

	for (unsigned int i = 0; i < FAULT_COUNT; i++)
		if (!strcmp(name, names[i]))
			return 1u << i;
	return 0;
}

#define has_fault(card, id) ((card)->faults & (1u << FAULT_INDEX_##id))

#endif
