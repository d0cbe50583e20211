/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Requests of the guest that QEMU's monitor carries out. See monitor.c. */
#ifndef LAB_BOOT_MONITOR_H
#define LAB_BOOT_MONITOR_H

#include <stddef.h>

void display_command(const char *run, const char *out, const char *device,
		     const char *command, char *reply, size_t size);
void machine_command(const char *run, const char *command, char *reply, size_t size);

#endif
