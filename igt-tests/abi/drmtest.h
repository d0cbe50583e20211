/* SPDX-License-Identifier: MIT */
/*
 * Functions of Debian's libigt.so.0 that open DRM devices; see igt_core.h.
 */
#ifndef ABI_DRMTEST_H
#define ABI_DRMTEST_H

#include "igt_core.h"

#define DRIVER_VGEM	(1 << 2)
#define DRIVER_VKMS	(1 << 9)
#define DRIVER_VIRTIO	(1 << 10)
#define DRIVER_ANY	(~(DRIVER_VGEM | DRIVER_VKMS | DRIVER_VIRTIO))

/*
 * Debian's library has no bit for radeon; patches/igt adds it. Here the tests open any driver:
 * IGT_FORCE_DRIVER=radeon selects the device, and igt_require_radeon() checks it.
 */
#define DRIVER_RADEON	DRIVER_ANY

int drm_open_driver(int chipset);
int drm_open_driver_another(int idx, int chipset);
int drm_open_driver_master(int chipset);
int drm_reopen_driver(int fd);
int drm_close_driver(int fd);
int __get_drm_device_name(int fd, char *name, int name_size);

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#endif
