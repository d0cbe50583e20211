// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Hostile lines at the pool device's control socket. The device must show every accepted
 * setting, and setting the bytes that it shows must give the same setting again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <drm/ttm_pool_device.h>

#include "pool/pool_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t before[TTM_POOL_CAP_SIZE];
	char line[2048] = "set ", out[4096];
	struct pool_device pool;
	uint8_t *cap;
	char *raw;

	pool_device_init(&pool);
	cap = pool.pci.config + pool.cap;
	if (size > sizeof(line) - 5)
		size = sizeof(line) - 5;
	memcpy(line + 4, data, size);
	/* As it is, and as a list. */
	pool_device_command(&pool, line + 4, out, sizeof(out));
	memcpy(line + 4, data, size);
	pool_device_command(&pool, line, out, sizeof(out));
	if (!strncmp(out, "ok", 2) && cap[TTM_POOL_CAP_NEXT])
		abort();
	memcpy(before, cap, sizeof(before));
	pool_device_command(&pool, (char[]){ "show" }, out, sizeof(out));
	raw = strstr(out, " raw=");
	if (!raw)
		abort();
	memcpy(raw - 3, "set", 3);
	pool_device_command(&pool, raw - 3, line, sizeof(line));
	if (strcmp(line, "ok") || memcmp(before, cap, sizeof(before)))
		abort();
	pool_device_fini(&pool);
	return 0;
}
