/* SPDX-License-Identifier: MIT */
#ifndef IGT_RADEON_BLIT_H
#define IGT_RADEON_BLIT_H

#include <stdbool.h>
#include <stdint.h>

#include "igt_radeon.h"

bool igt_radeon_has_blit(int fd);
void igt_require_radeon_blit(int fd);
int __igt_radeon_blit(int fd, const struct igt_radeon_bo *to, const struct igt_radeon_bo *from,
		      uint64_t first, uint64_t count);
void igt_radeon_blit(int fd, const struct igt_radeon_bo *to, const struct igt_radeon_bo *from);

#endif /* IGT_RADEON_BLIT_H */
