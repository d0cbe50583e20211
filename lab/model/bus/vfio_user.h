/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * A vfio-user server: lets stock QEMU use this process as a PCI device.
 * Protocol: docs/interop/vfio-user.rst in QEMU. Has no code for Radeons.
 * See vfio_user.c.
 */
#ifndef LAB_VFIO_USER_H
#define LAB_VFIO_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VU_NUM_REGIONS	9	/* BAR0-5, ROM, config, VGA: as in linux/vfio.h */
#define VU_NUM_IRQS	5	/* INTx, MSI, MSI-X, ERR, REQ */
/* Indices of those that models have, as in linux/vfio.h. */
#define VU_REGION_ROM		6
#define VU_REGION_CONFIG	7
#define VU_IRQ_INTX		0
#define VU_IRQ_MSI		1
#define VU_IRQ_ERR		3

#define VU_MAX_FDS	8
#define VU_MAX_DATA	(1u << 20)

/**
 * struct vu_region - a region as the client sees it.
 * @size: bytes, 0 where there is none
 * @readable: the client may read it
 * @writable: the client may write it
 * @mmap_fd: descriptor the client may map in full, or -1: messages only
 */
struct vu_region {
	uint64_t size;
	bool readable;
	bool writable;
	int mmap_fd;
};

/**
 * struct vu_device - a device behind the server.
 * @priv: handed to every operation
 * @region: its regions
 * @irq_count: vectors of each interrupt index, 0 or 1
 * @ram: guest memory; the server maps and unmaps it
 * @pci: the function whose interrupts the server connects
 * @region_read: 0, or a negative errno; offset and length are inside the region
 * @region_write: likewise
 * @reset: device reset
 *
 * All operations run on the thread that calls vu_serve().
 */
struct vu_device {
	void *priv;
	struct vu_region region[VU_NUM_REGIONS];
	unsigned int irq_count[VU_NUM_IRQS];
	struct guest_ram *ram;
	struct pci_function *pci;
	int (*region_read)(void *priv, unsigned int region, uint64_t off,
			   void *buf, uint32_t len);
	int (*region_write)(void *priv, unsigned int region, uint64_t off,
			    const void *buf, uint32_t len);
	void (*reset)(void *priv);
};

struct vu_server;

struct vu_server *vu_listen(const char *path, const struct vu_device *dev,
			    char *err, size_t err_size);
struct vu_server *vu_from_fd(int fd, const struct vu_device *dev);
int vu_poll_fd(struct vu_server *vu);
int vu_serve(struct vu_server *vu);
void vu_close(struct vu_server *vu);

#endif
