/* SPDX-License-Identifier: MIT */
/*
 * The header that tests include; see igt_core.h.
 */
#ifndef ABI_IGT_H
#define ABI_IGT_H

#include "drmtest.h"
#include "igt_aux.h"
#include "igt_core.h"
#include "igt_debugfs.h"
#include "ioctl_wrappers.h"

#endif
