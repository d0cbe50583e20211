/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Guest memory as the vfio-user client offers it: the only way from a bus
 * address to bytes. See guest_ram.c.
 */
#ifndef LAB_GUEST_RAM_H
#define LAB_GUEST_RAM_H

#include <pthread.h>
#include <stdint.h>
#include <stddef.h>

/*
 * Most ranges that the client may map. QEMU needs tens; behind an emulated IOMMU it maps each page
 * of the GTT by itself, 16,384 for 64 MiB.
 */
#define GUEST_RAM_MAX_RANGES	32768u

struct guest_ram_range;

/**
 * struct guest_ram - table of mapped ranges, sorted by bus address.
 * @lock: readers access memory, the writer adds and removes ranges; so no
 *	access outlives guest_ram_unmap()
 * @ranges: sorted, never overlapping
 * @count: number of @ranges
 */
struct guest_ram {
	pthread_rwlock_t lock;
	struct guest_ram_range *ranges;
	size_t count;
};

void guest_ram_init(struct guest_ram *ram);
void guest_ram_fini(struct guest_ram *ram);
int guest_ram_map(struct guest_ram *ram, uint64_t addr, uint64_t size,
		  unsigned int prot, int fd, uint64_t fd_offset);
int guest_ram_unmap(struct guest_ram *ram, uint64_t addr, uint64_t size);
void guest_ram_unmap_all(struct guest_ram *ram);
int guest_ram_read(struct guest_ram *ram, uint64_t addr, void *buf, size_t len);
int guest_ram_write(struct guest_ram *ram, uint64_t addr, const void *buf,
		    size_t len);

#endif
