/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef _TTM_POOL_PCI_H_
#define _TTM_POOL_PCI_H_

#include <linux/types.h>

struct dentry;
struct device;
struct ttm_pool_cap;

#if IS_ENABLED(CONFIG_PCI)

int ttm_pool_device_add(struct device *dev, const struct ttm_pool_cap *cap);
void ttm_pool_device_del(void);
int ttm_pool_device_init(void);
void ttm_pool_device_exit(void);
unsigned int ttm_pool_device_generation(void);
unsigned int ttm_pool_device_get(struct ttm_pool_cap *cap, bool *present);
void ttm_pool_device_debugfs_init(struct dentry *parent);

#else

static inline int ttm_pool_device_init(void)
{
	return 0;
}

static inline void ttm_pool_device_exit(void)
{
}

static inline unsigned int ttm_pool_device_generation(void)
{
	return 0;
}

static inline unsigned int ttm_pool_device_get(struct ttm_pool_cap *cap, bool *present)
{
	*present = false;
	return 0;
}

static inline void ttm_pool_device_debugfs_init(struct dentry *parent)
{
}

#endif
#endif
