/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The pool device: by its capability a hypervisor tells which memory has to be
 * coherent. See pool_device.c and drm/ttm_pool_device.h.
 */
#ifndef LAB_POOL_DEVICE_H
#define LAB_POOL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "bus/guest_ram.h"
#include "bus/pci.h"
#include "bus/vfio_user.h"

/* X(name): counters of the control socket's "stats". */
#define POOL_DEVICE_STATS(X) \
	X(config_reads) \
	X(capability_reads)	/* those of config_reads that see a byte of it */ \
	X(config_writes)	/* no bit is writable */ \
	X(resets)

struct pool_device_stats {
#define X(name) uint64_t name;
	POOL_DEVICE_STATS(X)
#undef X
};

/**
 * struct pool_device - the function, whose capability may have any contents.
 * @pci: its config space
 * @ram: guest memory, which is mapped and never accessed
 * @cap: offset of the capability in config space
 * @stats: counters
 *
 * One thread.
 */
struct pool_device {
	struct pci_function pci;
	struct guest_ram ram;
	unsigned int cap;
	struct pool_device_stats stats;
};

void pool_device_init(struct pool_device *pool);
void pool_device_fini(struct pool_device *pool);
int pool_device_set(struct pool_device *pool, const char *list, char *err, size_t err_size);
void pool_device_describe(struct pool_device *pool, struct vu_device *dev);
void pool_device_command(void *priv, char *line, char *out, size_t size);
size_t pool_device_keys(char *out, size_t size);

#endif
