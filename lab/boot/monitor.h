/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* The screen of a display that QEMU emulates, by QEMU's monitor. See monitor.c. */
#ifndef LAB_BOOT_MONITOR_H
#define LAB_BOOT_MONITOR_H

#include <stddef.h>

void display_command(const char *run, const char *out, const char *device,
		     const char *command, char *reply, size_t size);

#endif
