/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_POOL_CAP_H_
#define _TTM_POOL_CAP_H_

#include <linux/types.h>

#include <uapi/drm/ttm_pool_device.h>

/**
 * struct ttm_pool_cap - the fields of a pool device's capability
 * @zones: TTM_POOL_ZONE_* whose memory has to be coherent
 * @flags: TTM_POOL_FLAG_*
 * @width: widest bus address of the machine, in bits
 * @hypervisor: the hypervisor's signature, with a "." for each unprintable character
 */
struct ttm_pool_cap {
	u32 zones;
	u32 flags;
	unsigned int width;
	char hypervisor[TTM_POOL_CAP_SIZE - TTM_POOL_CAP_HYPERVISOR + 1];
};

int ttm_pool_cap_parse(const u8 raw[TTM_POOL_CAP_SIZE], struct ttm_pool_cap *cap,
		       char *why, size_t size);

#endif
