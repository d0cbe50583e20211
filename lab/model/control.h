/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Control socket: counters, screenshots and faults of the card. See control.c. */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <stddef.h>

void control_command(void *priv, char *line, char *out, size_t size);

#endif
