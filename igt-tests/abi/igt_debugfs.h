/* SPDX-License-Identifier: MIT */
/*
 * A device's directory in debugfs, as Debian's libigt.so.0 exports it; see igt_core.h.
 */
#ifndef ABI_IGT_DEBUGFS_H
#define ABI_IGT_DEBUGFS_H

const char *igt_debugfs_mount(void);
int igt_debugfs_open(int fd, const char *filename, int mode);

#endif
