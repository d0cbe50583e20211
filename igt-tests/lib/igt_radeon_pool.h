/* SPDX-License-Identifier: MIT */
#ifndef IGT_RADEON_POOL_H
#define IGT_RADEON_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool igt_radeon_has_backing(int fd);
void igt_radeon_backing_text(int fd, const char *key, char *text, size_t size);
uint64_t igt_radeon_backing(int fd, const char *key);
uint64_t igt_radeon_backing_mode(int fd, const char *key, unsigned int mode);
bool igt_radeon_has_shared_counts(int fd);
uint64_t igt_radeon_shared_count(int fd, const char *key);
bool igt_radeon_coherent_pool_used(int fd);
bool igt_radeon_coherent_needed(int fd, char *reason, size_t size);
bool igt_radeon_pool_device(char *name, size_t size);
const char *igt_radeon_ttm_module(void);
void igt_radeon_shrink_pool(void);
void igt_radeon_shrink_chunks(int fd);
uint64_t igt_radeon_shared_pool_pages(uint64_t *limit);

#endif /* IGT_RADEON_POOL_H */
