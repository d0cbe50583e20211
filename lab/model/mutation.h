/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Faults that the model makes on request, so that a test can be seen to fail.
 *
 * A mutation is a bit in &card.mutations, set with --mutate NAME or, once a driver is there,
 * by the control socket's "mutate". Nothing but the place that has the fault looks at it.
 */
#ifndef LAB_MUTATION_H
#define LAB_MUTATION_H

#include <string.h>

#define MUTATIONS(X) \
	X(GART_OFF_BY_ONE, "gart-off-by-one", \
	  "translation uses the next page's table entry") \
	X(GART_STALE, "gart-stale", \
	  "a table entry once read is used for ever, across unbind and flush") \
	X(GART_TRUNCATE, "gart-truncate", \
	  "bus addresses lose everything above 32 bits") \
	X(IRQ_LOST, "irq-lost", \
	  "every second fence interrupt is not delivered") \
	X(SCANOUT_PITCH, "scanout-pitch", \
	  "scan-out takes the pitch for one unit (8 pixels) more than it is")

enum mutation {
#define X(id, name, what) MUTATION_INDEX_##id,
	MUTATIONS(X)
#undef X
	MUTATION_COUNT
};

/**
 * mutation_by_name() - the bit of a mutation
 * @name: as in MUTATIONS
 *
 * Return: the bit, 0 if there is no such mutation.
 */
static inline unsigned int mutation_by_name(const char *name)
{
	static const char *const names[] = {
#define X(id, name, what) name,
		MUTATIONS(X)
#undef X
	};

	for (unsigned int i = 0; i < MUTATION_COUNT; i++)
		if (!strcmp(name, names[i]))
			return 1u << i;
	return 0;
}

#define mutated(card, id) ((card)->mutations & (1u << MUTATION_INDEX_##id))

#endif
