/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_BACKING_CAP_H_
#define _TTM_BACKING_CAP_H_

#include <drm/ttm/ttm_backing.h>

void ttm_backing_apply_cap(const struct ttm_backing_facts *facts,
			   enum ttm_backing_force force, struct ttm_backing *backing);

#endif
