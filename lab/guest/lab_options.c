// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Arguments of the guest's programs; see lab_options.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "lab_options.h"

uint64_t lab_number(const char *text, uint64_t min, uint64_t max, void (*usage)(void))
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || value < min || value > max || text[0] == '-')
		usage();
	return value;
}
