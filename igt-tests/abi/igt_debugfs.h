/* SPDX-License-Identifier: MIT */
/*
 * Functions of Debian's libigt.so.0 for a device's debugfs directory; see igt_core.h.
 */
#ifndef ABI_IGT_DEBUGFS_H
#define ABI_IGT_DEBUGFS_H

const char *igt_debugfs_mount(void);
int igt_debugfs_open(int fd, const char *filename, int mode);

#endif
