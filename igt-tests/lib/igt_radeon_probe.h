/* SPDX-License-Identifier: MIT */
#ifndef IGT_RADEON_PROBE_H
#define IGT_RADEON_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses in one answer of the probe. */
#define IGT_RADEON_MAX_FOUND	64

bool igt_radeon_has_probe(void);
void igt_require_radeon_probe(void);
void igt_radeon_probe(const char *command, char *answer, size_t size);
unsigned int igt_radeon_find_pages(uint64_t word, uint64_t addresses[IGT_RADEON_MAX_FOUND]);
void igt_radeon_translate(const uint64_t *addresses, unsigned int count, uint64_t *bus);

#endif /* IGT_RADEON_PROBE_H */
