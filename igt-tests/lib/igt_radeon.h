/* SPDX-License-Identifier: MIT */
#ifndef IGT_RADEON_H
#define IGT_RADEON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xf86drmMode.h>

#include "radeon_drm.h"

#define IGT_RADEON_PAGE_SIZE	4096u

/**
 * struct igt_radeon_bo - a buffer object
 * @handle: GEM handle
 * @size: bytes, a multiple of the page size
 * @map: CPU mapping of the whole BO, NULL for an imported BO
 * @va: address in the GPU's virtual address space, 0 on GPUs without one
 */
struct igt_radeon_bo {
	uint32_t handle;
	uint64_t size;
	void *map;
	uint64_t va;
};

/**
 * struct igt_radeon_caching - a caching mode of BOs in GTT
 * @name: part of subtest names
 * @flags: RADEON_GEM_GTT_* flags for creating the BO
 */
struct igt_radeon_caching {
	const char *name;
	uint32_t flags;
};

#define IGT_RADEON_CACHINGS	3
extern const struct igt_radeon_caching igt_radeon_caching[IGT_RADEON_CACHINGS];

void igt_require_radeon(int fd);
void igt_require_radeon_accel(int fd);
void igt_radeon_ignore_complaints(void);
int igt_radeon_reopen(int fd);
int igt_radeon_open_other(int fd);
int igt_radeon_open_foreign(const char *name, unsigned int *number);
drmModeConnector *igt_radeon_find_monitor(int fd, const drmModeRes *resources,
					  unsigned int *crtc);
uint64_t igt_radeon_gart_size(int fd);
uint64_t igt_radeon_vram_visible(int fd);
int __igt_radeon_info(int fd, uint32_t request, uint32_t *value);

int __igt_radeon_gem_create(int fd, uint64_t size, uint64_t alignment, uint32_t domain,
			    uint32_t flags, uint32_t *handle);
int __igt_radeon_bo_create(int fd, uint64_t size, uint32_t domain, uint32_t flags,
			   struct igt_radeon_bo *bo);
void igt_radeon_bo_create(int fd, uint64_t size, uint32_t domain, uint32_t flags,
			  struct igt_radeon_bo *bo);
int __igt_radeon_bo_import(int fd, int dma_buf, uint64_t size, struct igt_radeon_bo *bo);
void igt_radeon_bo_import(int fd, int dma_buf, uint64_t size, struct igt_radeon_bo *bo);
void igt_require_radeon_user_memory(int fd, uint64_t size, bool bind, struct igt_radeon_bo *bo);
void igt_radeon_bo_close(int fd, struct igt_radeon_bo *bo);
int __igt_radeon_bo_wait(int fd, const struct igt_radeon_bo *bo);
void igt_radeon_bo_wait(int fd, const struct igt_radeon_bo *bo);
uint32_t igt_radeon_bo_domain(int fd, const struct igt_radeon_bo *bo);

bool igt_radeon_is_gcn2(int fd);
uint32_t igt_radeon_padding(int fd);
int __igt_radeon_submit_to(int fd, uint32_t ring, const uint32_t *ib, unsigned int dwords,
			   const struct drm_radeon_cs_reloc *relocs, unsigned int count, bool vm);
int __igt_radeon_submit(int fd, const uint32_t *ib, unsigned int dwords,
			const struct drm_radeon_cs_reloc *relocs, unsigned int count, bool vm);
int __igt_radeon_cs(int fd, struct igt_radeon_bo *const bos[], unsigned int count,
		    uint32_t domain);
void igt_radeon_bo_move_async(int fd, struct igt_radeon_bo *bo, uint32_t domain);
void igt_radeon_bo_move(int fd, struct igt_radeon_bo *bo, uint32_t domain);

void igt_radeon_fill(const struct igt_radeon_bo *bo, uint64_t seed);
uint64_t igt_radeon_mismatches(const struct igt_radeon_bo *bo, uint64_t seed);
uint64_t igt_radeon_wrong_pages(const struct igt_radeon_bo *bo, uint64_t seed);
void igt_radeon_check(const struct igt_radeon_bo *bo, uint64_t seed, const char *when);
void igt_radeon_check_zero(const struct igt_radeon_bo *bo, const char *when);

void igt_radeon_reset_gpu(int fd);
uint64_t igt_radeon_interrupts(int fd);
bool igt_radeon_xen_pv(void);
bool igt_radeon_cpu_encrypts(void);
unsigned int igt_radeon_dma_bits(int fd);
bool igt_radeon_reaches_all(int fd);
uint64_t igt_radeon_available_memory(void);

#endif /* IGT_RADEON_H */
