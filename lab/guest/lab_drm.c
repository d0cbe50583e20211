// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Cards and buffer objects of the radeon driver; see lab_drm.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "card_table.h"
#include "lab_console.h"
#include "lab_drm.h"

#define MAX_DEVICES	16

/* A type-2 packet: the CP skips it, and the command-stream checkers accept it. */
#define PACKET2		0x80000000u
#define IB_DWORDS	16

/* One wait ends after 30 s, even if the host did not run the machine for that time. */
#define BO_WAITS	3u

#define CARD(name, vendor, device, subsystem_vendor, subsystem_device, bus, irq, dma, vram,	\
	     family, product) { vendor, device, dma, name, product },
static const struct {
	uint16_t vendor, device;
	unsigned int dma_bits;
	const char *name, *product;
} known_cards[] = { CARD_TABLE(CARD) };

static int known_card(const drmDevice *dev)
{
	unsigned int i;

	if (dev->bustype != DRM_BUS_PCI)
		return -1;
	for (i = 0; i < sizeof(known_cards) / sizeof(known_cards[0]); i++)
		if (dev->deviceinfo.pci->vendor_id == known_cards[i].vendor &&
		    dev->deviceinfo.pci->device_id == known_cards[i].device)
			return i;
	return -1;
}

int lab_card_open(struct lab_card *card, const char *name, bool render)
{
	drmDevicePtr devices[MAX_DEVICES], found = NULL;
	int node = render ? DRM_NODE_RENDER : DRM_NODE_PRIMARY;
	int count, i, kind = -1, ret = -ENODEV;
	const drmPciBusInfo *bus;

	count = drmGetDevices2(0, devices, MAX_DEVICES);
	/* Without a driver there is no /dev/dri. */
	if (count < 0)
		return count == -ENOENT ? -ENODEV : count;
	for (i = 0; i < count; i++) {
		int k = known_card(devices[i]);

		if (k < 0 || (name && strcmp(name, known_cards[k].name) != 0) ||
		    !(devices[i]->available_nodes & (1 << node)))
			continue;
		if (found) {
			ret = -ENOTUNIQ;
			goto out;
		}
		found = devices[i];
		kind = k;
	}
	if (!found)
		goto out;
	card->fd = open(found->nodes[node], O_RDWR | O_CLOEXEC);
	if (card->fd < 0) {
		ret = -errno;
		goto out;
	}
	if (!(found->available_nodes & 1 << DRM_NODE_PRIMARY) ||
	    sscanf(found->nodes[DRM_NODE_PRIMARY], "/dev/dri/card%u", &card->minor) != 1) {
		close(card->fd);
		goto out;
	}
	bus = found->businfo.pci;
	card->dma_bits = known_cards[kind].dma_bits;
	snprintf(card->name, sizeof(card->name), "%s", known_cards[kind].name);
	snprintf(card->product, sizeof(card->product), "%s", known_cards[kind].product);
	snprintf(card->pci, sizeof(card->pci), "%04x:%02x:%02x.%x", bus->domain, bus->bus,
		 bus->dev, bus->func);
	ret = 0;
out:
	drmFreeDevices(devices, count);
	return ret;
}

void lab_card_open_or_die(struct lab_card *card, const char *name, bool render,
			  const char *test)
{
	int ret = lab_card_open(card, name, render);

	if (ret == -ENODEV)
		lab_die(test, "no %s card with a driver: load radeon with load-radeon",
			name ? name : "Radeon");
	if (ret == -ENOTUNIQ)
		lab_die(test, "more than one card: name one with --card");
	if (ret)
		lab_die(test, "cannot open the card: %s", strerror(-ret));
}

/* Streaming DMA mappings of a card by CONFIG_DMA_API_DEBUG; 0 on other kernels. */
static unsigned int mappings(const struct lab_card *card)
{
	FILE *file = fopen("/sys/kernel/debug/dma-api/dump", "re");
	unsigned int count = 0;
	char line[512];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		count += strstr(line, card->pci) && !strstr(line, " coherent ");
	fclose(file);
	return count;
}

int lab_open_driver(const char *driver, const char *test)
{
	drmDevicePtr devices[MAX_DEVICES];
	int count = drmGetDevices2(0, devices, MAX_DEVICES), fd = -1;

	for (int i = 0; i < count && fd < 0; i++) {
		drmVersionPtr version;

		if (!(devices[i]->available_nodes & 1 << DRM_NODE_PRIMARY))
			continue;
		fd = open(devices[i]->nodes[DRM_NODE_PRIMARY], O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		if (!version || strncmp(version->name, driver, strlen(driver))) {
			close(fd);
			fd = -1;
		}
		drmFreeVersion(version);
	}
	if (count > 0)
		drmFreeDevices(devices, count);
	if (fd < 0)
		lab_die(test, "no device has the driver %s: modprobe %s", driver, driver);
	return fd;
}

void lab_card_unbind(const struct lab_card *card, const char *test, const char *command)
{
	char unbind[96], name[80];
	unsigned int left;

	snprintf(unbind, sizeof(unbind), "echo %s >/sys/bus/pci/drivers/radeon/unbind", card->pci);
	if (!command)
		command = unbind;
	if (system(command))
		lab_die(test, "the command '%s' has failed", command);
	left = mappings(card);
	snprintf(name, sizeof(name), "%s.mappings", test);
	if (left)
		lab_result(LAB_FAIL, name, "%u streaming DMA mappings are left after the unbind", left);
}

int lab_bo_create(const struct lab_card *card, uint64_t size, uint32_t domain,
		  struct lab_bo *bo)
{
	return lab_bo_create_flags(card, size, domain, 0, bo);
}

int lab_bo_create_flags(const struct lab_card *card, uint64_t size, uint32_t domain,
			uint32_t flags, struct lab_bo *bo)
{
	struct drm_radeon_gem_create create = {
		.size = size,
		.alignment = LAB_PAGE_SIZE,
		.initial_domain = domain,
		.flags = flags,
	};
	struct drm_radeon_gem_mmap map = { .size = size };
	int ret;

	ret = drmCommandWriteRead(card->fd, DRM_RADEON_GEM_CREATE, &create, sizeof(create));
	if (ret)
		return ret;
	bo->handle = create.handle;
	bo->size = create.size;
	bo->map = NULL;

	map.handle = create.handle;
	ret = drmCommandWriteRead(card->fd, DRM_RADEON_GEM_MMAP, &map, sizeof(map));
	if (ret)
		goto err_close;
	bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, card->fd, map.addr_ptr);
	if (bo->map == MAP_FAILED) {
		ret = -errno;
		bo->map = NULL;
		goto err_close;
	}
	return 0;

err_close:
	lab_bo_close(card, bo);
	return ret;
}

void lab_bo_close(const struct lab_card *card, struct lab_bo *bo)
{
	if (bo->map)
		munmap(bo->map, bo->size);
	drmCloseBufferHandle(card->fd, bo->handle);
	*bo = (struct lab_bo){ 0 };
}

int lab_bo_wait(const struct lab_card *card, const struct lab_bo *bo)
{
	struct drm_radeon_gem_wait_idle wait = { .handle = bo->handle };

	return drmCommandWrite(card->fd, DRM_RADEON_GEM_WAIT_IDLE, &wait, sizeof(wait));
}

void lab_bo_wait_or_die(const struct lab_card *card, const struct lab_bo *bo, const char *test)
{
	char ring[256] = "unknown";
	unsigned int i;
	int ret;

	for (i = 0; i < BO_WAITS; i++) {
		ret = lab_bo_wait(card, bo);
		if (ret != -EBUSY)
			break;
		lab_card_command(card->name, "ring", ring, sizeof(ring));
		lab_progress("%s: busy for wait %u of %u; ring: %s", test, i + 1, BO_WAITS, ring);
	}
	if (ret == -EBUSY)
		lab_die(test, "BO still busy after %u waits of 30 s; ring: %s", BO_WAITS, ring);
	if (ret)
		lab_die(test, "GEM_WAIT_IDLE: %s", strerror(-ret));
}

int lab_bo_busy(const struct lab_card *card, const struct lab_bo *bo, uint32_t *domain)
{
	struct drm_radeon_gem_busy busy = { .handle = bo->handle };
	int ret;

	/* EBUSY is a valid answer and sets the domain, too. */
	ret = drmCommandWriteRead(card->fd, DRM_RADEON_GEM_BUSY, &busy, sizeof(busy));
	if (domain)
		*domain = busy.domain;
	if (ret == -EBUSY)
		return 1;
	return ret;
}

int lab_move(const struct lab_card *card, struct lab_bo *const bos[], unsigned int count,
	     uint32_t domain)
{
	struct drm_radeon_cs_reloc relocs[LAB_MOVE_MAX] = { 0 };
	uint32_t ib[IB_DWORDS];
	struct drm_radeon_cs_chunk chunks[] = {
		{ .chunk_id = RADEON_CHUNK_ID_IB, .length_dw = IB_DWORDS,
		  .chunk_data = (uintptr_t)ib },
		{ .chunk_id = RADEON_CHUNK_ID_RELOCS,
		  .length_dw = count * sizeof(relocs[0]) / sizeof(uint32_t),
		  .chunk_data = (uintptr_t)relocs },
	};
	uint64_t chunk_addresses[] = { (uintptr_t)&chunks[0], (uintptr_t)&chunks[1] };
	struct drm_radeon_cs cs = {
		.num_chunks = 2,
		.chunks = (uintptr_t)chunk_addresses,
	};
	unsigned int i;

	if (count == 0 || count > LAB_MOVE_MAX)
		return -EINVAL;
	for (i = 0; i < IB_DWORDS; i++)
		ib[i] = PACKET2;
	for (i = 0; i < count; i++) {
		relocs[i].handle = bos[i]->handle;
		relocs[i].read_domains = domain;
		relocs[i].write_domain = domain;
	}
	return drmCommandWriteRead(card->fd, DRM_RADEON_CS, &cs, sizeof(cs));
}
