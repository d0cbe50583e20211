/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#ifndef __RADEON_DMA_BUF_H__
#define __RADEON_DMA_BUF_H__

#include <linux/atomic.h>

struct dentry;
struct dma_buf;
struct dma_buf_attachment;
struct drm_device;
struct drm_gem_object;
struct radeon_device;
struct sg_table;

/**
 * struct radeon_dma_buf_stats - counters of sharing with other devices
 * @copies: BOs whose contents were moved to pages that an importer reaches
 * @copied_bytes: bytes of these BOs
 * @copies_avoided: mappings for an importer without a move
 * @refused: refused mappings and imports
 */
struct radeon_dma_buf_stats {
	atomic_long_t copies;
	atomic_long_t copied_bytes;
	atomic_long_t copies_avoided;
	atomic_long_t refused;
};

struct dma_buf *radeon_dma_buf_export(struct drm_gem_object *gobj, int flags);
struct drm_gem_object *radeon_dma_buf_import(struct drm_device *dev,
					     struct dma_buf *dma_buf);
int radeon_dma_buf_check(struct radeon_device *rdev, struct dma_buf_attachment *attach,
			 struct sg_table *sgt);
void radeon_dma_buf_debugfs_init(struct radeon_device *rdev, struct dentry *root);

#endif
